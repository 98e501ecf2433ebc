package dev.doorbell.kernel.netdev;

import static dev.doorbell.bus.wire.TcpHeader.ACK;
import static dev.doorbell.bus.wire.TcpHeader.CWR;
import static dev.doorbell.bus.wire.TcpHeader.FIN;
import static dev.doorbell.bus.wire.TcpHeader.PSH;
import static org.assertj.core.api.Assertions.assertThat;

import dev.doorbell.bus.wire.EtherType;
import dev.doorbell.bus.wire.InternetChecksum;
import dev.doorbell.bus.wire.Ipv4Header;
import dev.doorbell.bus.wire.TcpHeader;
import dev.doorbell.kernel.TestKernel;
import dev.doorbell.kernel.core.ErrnoException;
import dev.doorbell.kernel.skb.DropReason;
import dev.doorbell.kernel.skb.SkBuff;
import dev.doorbell.kernel.skb.SkbHead;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class XmitValidatorTest {
    private final TestKernel kernel = new TestKernel();
    private final Frames frames = new Frames(kernel);
    private FakeDriver driver;

    @AfterEach
    void close() {
        driver.ring.forEach(SkBuff::free);
        driver.dev.unregisterNetdev();
        kernel.close();
    }

    private void device(int features) throws ErrnoException {
        driver = new FakeDriver(kernel, features);
    }

    /** A packet as TCP sends it: headers linear, payload in a fragment, checksum left to the device. */
    private SkBuff outgoing(int payload, int gsoSize, int flags) {
        SkBuff flat = frames.frame(1000, payload, flags);
        SkBuff skb = kernel.alloc(128, Frames.HEADERS);
        kernel.ram.copyTo(flat.data(), kernel.ram, skb.put(Frames.HEADERS), Frames.HEADERS);
        SkbHead block = kernel.skbs.allocHead(payload);
        assertThat(block).isNotNull();
        kernel.ram.copyTo(flat.data() + Frames.HEADERS, kernel.ram, block.gpa(), payload);
        skb.addFrag(block, block.gpa(), payload);
        flat.free();
        skb.protocol = EtherType.IPV4;
        skb.macHeader = skb.data();
        skb.networkHeader = skb.data() + 14;
        skb.transportHeader = skb.data() + 34;
        skb.ipSummed = SkBuff.CHECKSUM_PARTIAL;
        skb.checksumStart = skb.transportHeader;
        skb.checksumOffset = TcpHeader.CHECKSUM_OFFSET;
        long pseudo = InternetChecksum.pseudoHeader(0x0A00_0002, 0x0A00_0001, 6, Frames.TCP_BYTES + payload);
        new TcpHeader().wrap(kernel.ram, skb.transportHeader, 32).checksum(InternetChecksum.fold16(pseudo));
        if (gsoSize > 0) {
            skb.gsoSize = gsoSize;
            skb.gsoType = SkBuff.GSO_TCPV4;
            skb.gsoSegments = (payload + gsoSize - 1) / gsoSize;
        }
        return skb;
    }

    private boolean checksumsAreRight(byte[] frame) {
        SkBuff skb = kernel.packet(0, frame);
        Ipv4Header ip = new Ipv4Header().wrap(kernel.ram, skb.data() + 14, frame.length - 14);
        long pseudo = InternetChecksum.pseudoHeader(ip.source(), ip.destination(), 6, ip.payloadLength());
        boolean right = ip.isValid()
                && ip.isChecksumValid()
                && InternetChecksum.fold(InternetChecksum.sum(kernel.ram, skb.data() + 34, ip.payloadLength(), pseudo))
                        == 0;
        skb.free();
        return right;
    }

    @Test
    void aCapableDeviceGetsThePacketUntouched() throws ErrnoException {
        device(Features.SG | Features.HW_CSUM | Features.TSO);
        SkBuff skb = outgoing(5000, 1000, ACK);
        driver.dev.devQueueXmit(skb);
        assertThat(driver.ring).containsExactly(skb);
        assertThat(skb.fragCount()).isEqualTo(1);
        assertThat(skb.ipSummed).isEqualTo(SkBuff.CHECKSUM_PARTIAL);
    }

    @Test
    void aDeviceWithoutAnythingGetsALinearPacketWithItsChecksum() throws ErrnoException {
        device(0);
        driver.dev.devQueueXmit(outgoing(1000, 0, ACK));
        SkBuff sent = driver.ring.get(0);
        assertThat(sent.isNonlinear()).isFalse();
        assertThat(sent.ipSummed).isEqualTo(SkBuff.CHECKSUM_NONE);
        assertThat(checksumsAreRight(TestKernel.bytes(sent))).isTrue();
    }

    @Test
    void softwareSegmentationRepeatsHeadersAsTcpWould() throws ErrnoException {
        device(0);
        driver.dev.devQueueXmit(outgoing(2500, 1000, ACK | PSH | FIN | CWR));
        assertThat(driver.ring).hasSize(3);
        int[] payloads = {1000, 1000, 500};
        int[] flags = {ACK | CWR, ACK, ACK | PSH | FIN};
        int firstId = -1;
        for (int i = 0; i < 3; i++) {
            SkBuff segment = driver.ring.get(i);
            byte[] frame = TestKernel.bytes(segment);
            assertThat(checksumsAreRight(frame)).isTrue();
            Ipv4Header ip = new Ipv4Header().wrap(kernel.ram, segment.networkHeader, segment.length() - 14);
            TcpHeader tcp = new TcpHeader().wrap(kernel.ram, segment.transportHeader, 32);
            assertThat(ip.totalLength()).isEqualTo(52 + payloads[i]);
            firstId = i == 0 ? ip.identification() : firstId;
            assertThat(ip.identification()).isEqualTo(firstId + i);
            assertThat(tcp.sequence()).isEqualTo(1000 + i * 1000);
            assertThat(tcp.flags()).isEqualTo(flags[i]);
            assertThat(frame[Frames.HEADERS]).isEqualTo((byte) (1000 + i * 1000));
        }
        assertThat(driver.xmitMore).containsExactly(true, true, false);
    }

    @Test
    void segmentsForADeviceWithChecksumsLeaveThemToIt() throws ErrnoException {
        device(Features.IP_CSUM);
        driver.dev.devQueueXmit(outgoing(2500, 1000, ACK));
        assertThat(driver.ring)
                .hasSize(3)
                .allSatisfy(skb -> assertThat(skb.ipSummed).isEqualTo(SkBuff.CHECKSUM_PARTIAL));
    }

    @Test
    void ipv6ChecksumsAreNotLeftToAnIpv4OnlyDevice() throws ErrnoException {
        device(Features.IP_CSUM);
        SkBuff skb = outgoing(100, 0, ACK);
        skb.protocol = EtherType.IPV6;
        driver.dev.devQueueXmit(skb);
        assertThat(driver.ring.get(0).ipSummed).isEqualTo(SkBuff.CHECKSUM_NONE);
    }

    @Test
    void vlanTagIsInsertedInSoftware() throws ErrnoException {
        device(0);
        SkBuff skb = outgoing(100, 0, ACK);
        byte[] before = TestKernel.bytes(skb);
        skb.vlanPresent = true;
        skb.vlanTci = 0x6005;
        driver.dev.devQueueXmit(skb);
        byte[] frame = TestKernel.bytes(driver.ring.get(0));
        assertThat(frame).hasSize(before.length + 4);
        assertThat(frame).startsWith(java.util.Arrays.copyOf(before, 12));
        assertThat(frame).containsSequence(0x81, 0x00, 0x60, 0x05, 0x08, 0x00, 0x45);
    }

    @Test
    void taggedPacketsAreSegmentedToo() throws ErrnoException {
        device(0);
        SkBuff skb = outgoing(2500, 1000, ACK);
        skb.vlanPresent = true;
        skb.vlanTci = 5;
        driver.dev.devQueueXmit(skb);
        assertThat(driver.ring).hasSize(3);
        byte[] last = TestKernel.bytes(driver.ring.get(2));
        assertThat(last).hasSize(Frames.HEADERS + 4 + 500);
        assertThat(last[12]).isEqualTo((byte) 0x81);
    }

    @Test
    void aGsoPacketWithoutTransportHeaderIsDroppedAndCounted() throws ErrnoException {
        device(0);
        SkBuff skb = outgoing(2500, 1000, ACK);
        skb.transportHeader = -1;
        assertThat(driver.dev.devQueueXmit(skb)).isEqualTo(TxQueue.NET_XMIT_DROP);
        assertThat(kernel.skbs.drops().get(DropReason.SKB_GSO_SEG)).isEqualTo(1);
    }
}
