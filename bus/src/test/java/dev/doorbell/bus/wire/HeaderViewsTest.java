package dev.doorbell.bus.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import dev.doorbell.bus.mem.GuestMemory;
import java.util.HexFormat;
import java.util.function.IntFunction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Each view against the literal bytes of a captured packet, reading and writing. */
class HeaderViewsTest {
    private static final int AT = 37; // unaligned on purpose
    private final GuestMemory memory = GuestMemory.allocate(256);

    @BeforeEach
    void dirty() {
        memory.fill(0, 256, 0xA5);
    }

    @AfterEach
    void release() {
        memory.close();
    }

    @Test
    void ethernet() {
        String hex = "525400123456 080027aabbcc 0800";
        EthernetHeader ethernet = new EthernetHeader().wrap(put(hex), AT, 14);
        assertThat(ethernet.isValid()).isTrue();
        assertThat(ethernet.destination()).isEqualTo(0x525400123456L);
        assertThat(ethernet.source()).isEqualTo(0x080027AABBCCL);
        assertThat(ethernet.etherType()).isEqualTo(EtherType.IPV4);
        assertThat(ethernet.isMulticast()).isFalse();

        dirty();
        ethernet.destination(0x525400123456L).source(0x080027AABBCCL).etherType(EtherType.IPV4);
        assertWritten(hex);
        assertThat(ethernet.destination(MacAddress.BROADCAST).isMulticast()).isTrue();
    }

    @Test
    void vlan() {
        VlanTag tag = new VlanTag().wrap(put("b064 0806"), AT, 4);
        assertThat(tag.priority()).isEqualTo(5);
        assertThat(tag.isDropEligible()).isTrue();
        assertThat(tag.identifier()).isEqualTo(100);
        assertThat(tag.etherType()).isEqualTo(EtherType.ARP);

        dirty();
        tag.tci(0x1000).priority(5).identifier(100).etherType(EtherType.ARP);
        assertWritten("b064 0806");
    }

    @Test
    void arp() {
        String hex = "0001 0800 06 04 0001 525400123456 c0a80701 000000000000 c0a80702";
        ArpHeader arp = new ArpHeader().wrap(put(hex), AT, 28);
        assertThat(arp.isValid()).isTrue();
        assertThat(arp.operation()).isEqualTo(ArpHeader.REQUEST);
        assertThat(arp.senderMac()).isEqualTo(0x525400123456L);
        assertThat(Ipv4Address.format(arp.senderIp())).isEqualTo("192.168.7.1");
        assertThat(arp.targetMac()).isZero();
        assertThat(Ipv4Address.format(arp.targetIp())).isEqualTo("192.168.7.2");

        dirty();
        assertThat(arp.isValid()).isFalse();
        arp.ethernetIpv4()
                .operation(1)
                .senderMac(0x525400123456L)
                .senderIp(0xC0A80701)
                .targetMac(0)
                .targetIp(0xC0A80702);
        assertWritten(hex);
    }

    @Test
    void ipv4() {
        // Wikipedia's worked example of the header checksum
        String hex = "45 00 0073 0000 4000 40 11 b861 c0a80001 c0a800c7";
        Ipv4Header ip = new Ipv4Header().wrap(put(hex), AT, 0x73);
        assertThat(ip.isValid()).isTrue();
        assertThat(ip.isChecksumValid()).isTrue();
        assertThat(ip.headerLength()).isEqualTo(20);
        assertThat(ip.totalLength()).isEqualTo(0x73);
        assertThat(ip.payloadLength()).isEqualTo(0x73 - 20);
        assertThat(ip.isDontFragment()).isTrue();
        assertThat(ip.isFragment()).isFalse();
        assertThat(ip.ttl()).isEqualTo(64);
        assertThat(ip.protocol()).isEqualTo(IpProtocol.UDP);
        assertThat(ip.checksum()).isEqualTo(0xB861);
        assertThat(ip.source()).isEqualTo(Ipv4Address.of(192, 168, 0, 1));
        assertThat(ip.destination()).isEqualTo(Ipv4Address.of(192, 168, 0, 199));

        dirty();
        ip.headerLength(20)
                .tos(0)
                .totalLength(0x73)
                .identification(0)
                .flagsAndFragmentOffset(Ipv4Header.DONT_FRAGMENT)
                .ttl(64)
                .protocol(17)
                .source(0xC0A80001)
                .destination(0xC0A800C7)
                .updateChecksum();
        assertWritten(hex);
    }

    @Test
    void ipv4Fragments() {
        Ipv4Header ip =
                new Ipv4Header().wrap(put("46 02 0040 1234 20b9 01 06 0000 01020304 05060708 01010101"), AT, 64);
        assertThat(ip.isMoreFragments()).isTrue();
        assertThat(ip.isFragment()).isTrue();
        assertThat(ip.fragmentOffset()).isEqualTo(0xB9 * 8);
        assertThat(ip.identification()).isEqualTo(0x1234);
        assertThat(ip.tos()).isEqualTo(2);
        assertThat(ip.headerLength()).isEqualTo(24);
    }

    @Test
    void ipv6() {
        String hex = "62a12345 0008 3a ff fe800000000000000123456789abcdef ff020000000000000000000000000002";
        Ipv6Header ip = new Ipv6Header().wrap(put(hex), AT, 48);
        assertThat(ip.isValid()).isTrue();
        assertThat(ip.trafficClass()).isEqualTo(0x2A);
        assertThat(ip.flowLabel()).isEqualTo(0x12345);
        assertThat(ip.payloadLength()).isEqualTo(8);
        assertThat(ip.nextHeader()).isEqualTo(IpProtocol.ICMPV6);
        assertThat(ip.hopLimit()).isEqualTo(255);
        assertThat(ip.sourceHigh()).isEqualTo(0xFE80000000000000L);
        assertThat(ip.sourceLow()).isEqualTo(0x0123456789ABCDEFL);
        assertThat(ip.destinationHigh()).isEqualTo(0xFF02000000000000L);
        assertThat(ip.destinationLow()).isEqualTo(2);

        dirty();
        ip.versionClassLabel(0x2A, 0x12345)
                .payloadLength(8)
                .nextHeader(58)
                .hopLimit(255)
                .source(0xFE80000000000000L, 0x0123456789ABCDEFL)
                .destination(0xFF02000000000000L, 2);
        assertWritten(hex);
    }

    @Test
    void icmp() {
        IcmpHeader icmp = new IcmpHeader().wrap(put("08 00 f7ff 1234 0007"), AT, 8);
        assertThat(icmp.type()).isEqualTo(IcmpHeader.ECHO_REQUEST);
        assertThat(icmp.code()).isZero();
        assertThat(icmp.checksum()).isEqualTo(0xF7FF);
        assertThat(icmp.identifier()).isEqualTo(0x1234);
        assertThat(icmp.sequence()).isEqualTo(7);

        dirty();
        icmp.type(8).code(0).checksum(0xF7FF).identifier(0x1234).sequence(7);
        assertWritten("08 00 f7ff 1234 0007");
        assertThat(icmp.nextHopMtu(1400).rest()).isEqualTo(1400);
        assertThat(icmp.nextHopMtu()).isEqualTo(1400);
    }

    @Test
    void udp() {
        UdpHeader udp = new UdpHeader().wrap(put("14e9 0035 000d beef"), AT, 13);
        assertThat(udp.isValid()).isTrue();
        assertThat(udp.sourcePort()).isEqualTo(5353);
        assertThat(udp.destinationPort()).isEqualTo(53);
        assertThat(udp.length()).isEqualTo(13);
        assertThat(udp.checksum()).isEqualTo(0xBEEF);

        dirty();
        udp.sourcePort(5353).destinationPort(53).length(13).checksum(0xBEEF);
        assertWritten("14e9 0035 000d beef");
    }

    @Test
    void tcpSyn() {
        String hex = "c3500050 11223344 00000000 a0c2 faf0 fe30 0000" + "020405b4 0402080a 00d1d2d3 00000000 01030307";
        TcpHeader tcp = new TcpHeader().wrap(put(hex), AT, 40);
        assertThat(tcp.isValid()).isTrue();
        assertThat(tcp.sourcePort()).isEqualTo(50000);
        assertThat(tcp.destinationPort()).isEqualTo(80);
        assertThat(tcp.ports()).isEqualTo(0xC3500050);
        assertThat(tcp.sequence()).isEqualTo(0x11223344);
        assertThat(tcp.acknowledgment()).isZero();
        assertThat(tcp.headerLength()).isEqualTo(40);
        assertThat(tcp.flags()).isEqualTo(TcpHeader.SYN | TcpHeader.ECE | TcpHeader.CWR);
        assertThat(tcp.isSyn()).isTrue();
        assertThat(tcp.isAck() || tcp.isFin() || tcp.isRst() || tcp.isPsh() || tcp.isUrg())
                .isFalse();
        assertThat(tcp.window()).isEqualTo(0xFAF0);
        assertThat(tcp.checksum()).isEqualTo(0xFE30);

        StringBuilder kinds = new StringBuilder();
        for (int o = tcp.firstOption(); o >= 0; o = tcp.nextOption(o)) {
            kinds.append(tcp.optionKind(o))
                    .append('/')
                    .append(tcp.optionLength(o))
                    .append(' ');
        }
        assertThat(kinds.toString()).isEqualTo("2/4 4/2 8/10 3/3 ");
        assertThat(tcp.optionU16(20, 2)).isEqualTo(1460);
        assertThat(tcp.optionU32(26, 2)).isEqualTo(0x00D1D2D3);
        assertThat(tcp.optionU8(37, 2)).isEqualTo(7);
        assertThat(tcp.hasMalformedOptions()).isFalse();
    }

    @Test
    void tcpOptionsAreWrittenAsLinuxWritesThem() {
        TcpHeader tcp = new TcpHeader().wrap(memory, AT, 60);
        tcp.sourcePort(50000)
                .destinationPort(80)
                .sequence(0x11223344)
                .acknowledgment(0x55667788)
                .headerLengthAndFlags(60, TcpHeader.ACK | TcpHeader.PSH)
                .window(512)
                .checksum(0)
                .urgentPointer(0);
        int end = tcp.putTimestamps(20, 0x01020304, 0x05060708);
        end = tcp.putMss(end, 1460);
        end = tcp.putWindowScale(end, 7);
        end = tcp.putSackPermitted(end);
        end = tcp.putSackHead(end, 1);
        end = tcp.putSackBlock(end, 10, 20);
        assertThat(end).isEqualTo(56);
        for (int i = 0; i < 4; i++) {
            end = tcp.putU8(end, TcpHeader.OPTION_END);
        }
        assertWritten("c3500050 11223344 55667788 f018 0200 0000 0000 0101080a 01020304 05060708 020405b4 01030307"
                + "01010402 0101050a 0000000a 00000014 00000000");
        assertThat(tcp.flags(TcpHeader.AE | TcpHeader.RST).headerLength()).isEqualTo(60);
        assertThat(tcp.flags()).isEqualTo(TcpHeader.AE | TcpHeader.RST);
    }

    @Test
    void malformedTcpOptionsEndTheWalk() {
        for (String options : new String[] {"02000000", "02010000", "01010105", "0109 0000", "080a0000"}) {
            TcpHeader tcp =
                    new TcpHeader().wrap(put("00000000 00000000 00000000 6000 0000 0000 0000" + options), AT, 24);
            assertThat(tcp.isValid()).isTrue();
            assertThat(tcp.firstOption()).as(options).isEqualTo(-1);
            assertThat(tcp.hasMalformedOptions()).as(options).isTrue();
        }
        TcpHeader ended =
                new TcpHeader().wrap(put("00000000 00000000 00000000 6000 0000 0000 0000 01 00 05 ff"), AT, 24);
        assertThat(ended.firstOption()).isEqualTo(-1);
        assertThat(ended.hasMalformedOptions()).isFalse();
    }

    @Test
    void truncatedHeadersAreInvalidAtEveryLengthAndNeverReadBeyond() {
        String ipv4 = "46 00 0018 0000 4000 40 11 0000 c0a80001 c0a800c7 01010101";
        String tcp = "c3500050 11223344 00000000 6002 faf0 fe30 0000 020405b4";
        truncated(ipv4, 24, at -> new Ipv4Header().wrap(memory, at, 256 - at).isValid());
        truncated(tcp, 24, at -> new TcpHeader().wrap(memory, at, 256 - at).isValid());
        truncated(
                "62a12345 0000 3a ff fe800000000000000123456789abcdef ff020000000000000000000000000002",
                40,
                at -> new Ipv6Header().wrap(memory, at, 256 - at).isValid());
        truncated(
                "14e9 0035 0008 beef",
                8,
                at -> new UdpHeader().wrap(memory, at, 256 - at).isValid());
        truncated(
                "08 00 f7ff 1234 0007",
                8,
                at -> new IcmpHeader().wrap(memory, at, 256 - at).isValid());
        truncated(
                "0001 0800 06 04 0001 525400123456 c0a80701 000000000000 c0a80702",
                28,
                at -> new ArpHeader().wrap(memory, at, 256 - at).isValid());
        truncated(
                "525400123456 080027aabbcc 0800",
                14,
                at -> new EthernetHeader().wrap(memory, at, 256 - at).isValid());
        truncated("b064 0806", 4, at -> new VlanTag().wrap(memory, at, 256 - at).isValid());
    }

    /** Puts the header against the end of memory, so that reading behind the truncated end would throw. */
    private void truncated(String hex, int length, IntFunction<Boolean> isValidAt) {
        byte[] bytes = HexFormat.of().parseHex(hex.replace(" ", ""));
        assertThat(bytes).hasSize(length);
        for (int available = 0; available <= length; available++) {
            int at = 256 - available;
            memory.write(at, bytes, 0, available);
            boolean expected = available == length;
            assertThatCode(() -> assertThat(isValidAt.apply(at)).isEqualTo(expected))
                    .as("%s cut to %d", hex, available)
                    .doesNotThrowAnyException();
        }
    }

    private GuestMemory put(String hex) {
        byte[] bytes = HexFormat.of().parseHex(hex.replace(" ", ""));
        memory.write(AT, bytes, 0, bytes.length);
        return memory;
    }

    private void assertWritten(String hex) {
        String expected = hex.replace(" ", "");
        int length = expected.length() / 2;
        assertThat(HexFormat.of().formatHex(memory.bytes(AT, length))).isEqualTo(expected);
        assertThat(memory.readByte(AT - 1)).isEqualTo((byte) 0xA5);
        assertThat(memory.readByte(AT + length)).isEqualTo((byte) 0xA5);
    }
}
