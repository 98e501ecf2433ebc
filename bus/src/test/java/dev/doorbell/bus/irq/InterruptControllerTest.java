package dev.doorbell.bus.irq;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.doorbell.bus.time.VirtualTime;
import dev.doorbell.bus.trace.Tracer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class InterruptControllerTest {
    private final VirtualTime time = new VirtualTime(1);
    private final InterruptController controller = new InterruptController(time, Tracer.OFF);
    private final List<Integer> vectors = new ArrayList<>();

    @BeforeEach
    void connect() {
        controller.connect(vectors::add);
    }

    @Test
    void messageIsDeliveredLaterThanItsSenderReturns() {
        assertThat(controller.message(0, 0xFEE0_0000L, 0x41)).isTrue();
        assertThat(vectors).isEmpty();
        time.runFor(0);
        assertThat(vectors).containsExactly(0x41);
    }

    @Test
    void highestVectorFirstAndEqualOnesMerge() {
        controller.message(0, 0xFEE0_0000L, 0x41);
        controller.message(0, 0xFEE0_1000L, 0xE0);
        controller.message(0, 0xFEE0_0000L, 0x41);
        time.runFor(0);
        assertThat(vectors).containsExactly(0xE0, 0x41);
        assertThat(controller.messages()).isEqualTo(3);
        assertThat(controller.merged()).isEqualTo(1);
    }

    @Test
    void vectorThatArrivesDuringItsHandlerIsDeliveredAgain() {
        controller.connect(vector -> {
            vectors.add(vector);
            if (vectors.size() == 1) {
                controller.message(0, 0xFEE0_0000L, vector);
                assertThat(vectors).hasSize(1);
            }
        });
        controller.message(0, 0xFEE0_0000L, 0x41);
        time.runFor(0);
        assertThat(vectors).containsExactly(0x41, 0x41);
    }

    @Test
    void foreignAddressesAndExceptionVectorsAreRefused() {
        assertThat(controller.message(0, 0xFEDF_FFFCL, 0x41)).isFalse();
        assertThat(controller.message(0, 0xFEF0_0000L, 0x41)).isFalse();
        assertThat(controller.message(0, 0x1_FEE0_0000L, 0x41)).isFalse();
        assertThat(controller.message(0, Long.MIN_VALUE, 0x41)).isFalse();
        assertThat(controller.message(0, 0xFEE0_0000L, 0x1F)).isFalse();
        time.runFor(0);
        assertThat(vectors).isEmpty();
        assertThat(controller.refused()).isEqualTo(5);
    }

    @Test
    void sharedLineStaysAssertedUntilItsLastSourceLetsGo() {
        controller.intx(1, true);
        controller.intx(1, true);
        controller.intx(1, false);
        assertThat(controller.isLineAsserted(1)).isTrue();
        time.runFor(0);
        assertThat(vectors).containsExactly(InterruptController.INTX_VECTOR + 1);
        controller.intx(1, false);
        time.runFor(1_000_000);
        assertThat(vectors).hasSize(1);
    }

    @Test
    void assertedLineInterruptsAgainAfterEachEndOfInterrupt() {
        controller.intx(0, true);
        time.runFor(10_500);
        assertThat(vectors).hasSize(11);
    }

    @Test
    void lineReleasedBeforeDeliveryDoesNotInterrupt() {
        controller.intx(2, true);
        controller.intx(2, false);
        time.runFor(10_000);
        assertThat(vectors).isEmpty();
    }

    @Test
    void maskedLineWaitsForItsUnmask() {
        controller.maskLine(3, true);
        controller.intx(3, true);
        time.runFor(10_000);
        assertThat(vectors).isEmpty();
        controller.maskLine(3, false);
        time.runFor(0);
        assertThat(vectors).containsExactly(InterruptController.INTX_VECTOR + 3);
    }

    @Test
    void releasingWhatWasNeverAssertedIsOurBug() {
        assertThatThrownBy(() -> controller.intx(0, false)).isInstanceOf(IllegalStateException.class);
    }
}
