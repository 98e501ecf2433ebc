package dev.doorbell.device.offload;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class OffloadContextTest {
    /** What Linux writes for TCP over IPv4 with an MSS of 1448: bytes 0e 18 21 00 22 32 00 00, 88 13 00 27 00 42 a8 05. */
    @Test
    void linuxSegmentationContextReadsAsWritten() {
        OffloadContext c = new OffloadContext().load(0x0000_3222_0021_180EL, 0x05A8_4200_2700_1388L);
        assertThat(c.ipStart()).isEqualTo(14);
        assertThat(c.ipChecksumAt()).isEqualTo(24);
        assertThat(c.ipEnd()).isEqualTo(33);
        assertThat(c.l4Start()).isEqualTo(34);
        assertThat(c.l4ChecksumAt()).isEqualTo(50);
        assertThat(c.l4End()).isZero();
        assertThat(c.payloadBytes()).isEqualTo(5000);
        assertThat(c.isTcp()).isTrue();
        assertThat(c.isIpv4()).isTrue();
        assertThat(c.isSegmentation()).isTrue();
        assertThat(c.headerBytes()).isEqualTo(66);
        assertThat(c.mss()).isEqualTo(1448);
    }

    @Test
    void allOnesStayInTheirFields() {
        OffloadContext c = new OffloadContext().load(-1, -1);
        assertThat(c.ipStart()).isEqualTo(0xFF);
        assertThat(c.ipEnd()).isEqualTo(0xFFFF);
        assertThat(c.l4End()).isEqualTo(0xFFFF);
        assertThat(c.payloadBytes()).isEqualTo(0xF_FFFF);
        assertThat(c.headerBytes()).isEqualTo(0xFF);
        assertThat(c.mss()).isEqualTo(0xFFFF);
    }
}
