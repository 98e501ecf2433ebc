package dev.doorbell.bus.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.doorbell.bus.mem.GuestMemory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AddressesTest {
    @Test
    void macAddressesParseAndFormat() {
        assertThat(MacAddress.parse("52:54:00:12:34:Ff")).isEqualTo(0x5254001234FFL);
        assertThat(MacAddress.parse("52-54-00-12-34-56")).isEqualTo(0x525400123456L);
        assertThat(MacAddress.format(0x025400120456L)).isEqualTo("02:54:00:12:04:56");
        assertThat(MacAddress.isMulticast(0x01005E000001L)).isTrue();
        assertThat(MacAddress.isValidStation(0)).isFalse();
        assertThat(MacAddress.ofIpv4Multicast(Ipv4Address.parse("239.129.2.3"))).isEqualTo(0x01005E010203L);
    }

    @Test
    void macAddressesAreInNetworkOrderInMemory() {
        try (GuestMemory memory = GuestMemory.allocate(64)) {
            MacAddress.write(memory, 3, 0x525400123456L);
            assertThat(memory.bytes(3, 6)).containsExactly(0x52, 0x54, 0x00, 0x12, 0x34, 0x56);
            assertThat(MacAddress.read(memory, 3)).isEqualTo(0x525400123456L);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "52:54:00:12:34", "52:54:00:12:34:5g", "52.54.00.12.34.56", "525400123456"})
    void badMacAddressIsNamed(String text) {
        assertThatThrownBy(() -> MacAddress.parse(text)).hasMessageContaining('"' + text + '"');
    }

    @Test
    void ipv4AddressesParseAndFormat() {
        assertThat(Ipv4Address.parse("192.168.7.2")).isEqualTo(0xC0A80702);
        assertThat(Ipv4Address.format(0xC0A80702)).isEqualTo("192.168.7.2");
        assertThat(Ipv4Address.mask(24)).isEqualTo(0xFFFFFF00);
        assertThat(Ipv4Address.mask(0)).isZero();
        assertThat(Ipv4Address.mask(32)).isEqualTo(-1);
        assertThat(Ipv4Address.isMulticast(Ipv4Address.parse("224.0.0.1"))).isTrue();
        assertThat(Ipv4Address.isLoopback(Ipv4Address.LOOPBACK)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "1.2.3", "1.2.3.4.5", "1.2.3.256", "1..2.3", "1.2.3.a", "0001.2.3.4", "-1.2.3.4"})
    void badIpv4AddressIsNamed(String text) {
        assertThatThrownBy(() -> Ipv4Address.parse(text)).hasMessageContaining('"' + text + '"');
    }

    @Test
    void sequenceNumbersWrap() {
        int high = 0xFFFF_FFF0, low = 0x10;
        assertThat(Seq.lt(high, low)).isTrue();
        assertThat(Seq.gt(low, high)).isTrue();
        assertThat(Seq.leq(low, low) && Seq.geq(low, low)).isTrue();
        assertThat(Seq.diff(low, high)).isEqualTo(0x20);
        assertThat(Seq.max(high, low)).isEqualTo(low);
        assertThat(Seq.min(high, low)).isEqualTo(high);
        assertThat(Seq.between(0, high, low)).isTrue();
        assertThat(Seq.between(low, high, low)).isFalse();
    }
}
