package dev.doorbell.kernel.driver.e1000e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class E1000eOptionsTest {
    @ParameterizedTest
    @ValueSource(ints = {0, 8, 63, 65, 4104})
    void ringSizesOutsideTheRangeAreNamed(int size) {
        assertThatThrownBy(() -> E1000eOptions.DEFAULT.withRings(size, 256))
                .hasMessageContaining("rx ring of " + size)
                .hasMessageContaining("64 to 4096");
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 2, 5, 99, 100_001})
    void throttleRatesOutsideTheRangeAreNamed(int rate) {
        assertThatThrownBy(() -> E1000eOptions.DEFAULT.withThrottle(rate)).hasMessageContaining("rate " + rate);
    }

    @Test
    void withersChangeOneThing() {
        E1000eOptions options = E1000eOptions.DEFAULT
                .withIntMode(E1000eOptions.IntMode.MSI)
                .withNapi(false)
                .withThrottle(8_000)
                .withCopybreak(0)
                .withRings(64, 128);
        assertThat(options)
                .isEqualTo(new E1000eOptions(E1000eOptions.IntMode.MSI, false, 0, 8_000, 8, 32, 32, 32, 64, 128));
    }
}
