package dev.doorbell.kernel.netfilter.target;

import dev.doorbell.bus.mem.GuestMemory;
import dev.doorbell.bus.wire.EthernetHeader;
import dev.doorbell.bus.wire.ExtensionHeaders;
import dev.doorbell.bus.wire.IcmpTypes;
import dev.doorbell.bus.wire.IpProtocol;
import dev.doorbell.bus.wire.Ipv4Header;
import dev.doorbell.bus.wire.Ipv6Header;
import dev.doorbell.bus.wire.MacAddress;
import dev.doorbell.bus.wire.TcpHeader;
import dev.doorbell.kernel.netdev.NetDevice;
import dev.doorbell.kernel.netfilter.Packet;
import dev.doorbell.kernel.skb.SkBuff;
import org.jspecify.annotations.Nullable;

/** A packet in words, as Linux's nf_log_syslog has them: {@code IN=eth0 OUT= MAC=... SRC=... PROTO=TCP SPT=...}. */
final class PacketText {
    private static final int ESP = 50, AH = 51, UDPLITE = 136;
    private static final int TOS_MASK = 0x1E, PRECEDENCE_MASK = 0xE0;
    /** Enough for the packet itself and one that it quotes. */
    private static final int MAX_BYTES = 512;

    private static final String[] TCP_FLAGS = {"FIN ", "SYN ", "RST ", "PSH ", "ACK ", "URG ", "ECE ", "CWR "};

    private final StringBuilder out = new StringBuilder(MAX_BYTES);
    private final Ipv4Header ip = new Ipv4Header();
    private final Ipv6Header ip6 = new Ipv6Header();
    private final ExtensionHeaders chain = new ExtensionHeaders();
    private final EthernetHeader ethernet = new EthernetHeader();
    private GuestMemory memory = GuestMemory.ofHost(0, 0, () -> {});
    private int flags;

    /** The line is overwritten by the next call. */
    CharSequence describe(Packet packet, String prefix, int logFlags) {
        SkBuff skb = packet.skb();
        memory = skb.memory();
        flags = logFlags;
        out.setLength(0);
        out.append(prefix).append("IN=").append(nameOf(packet.in()));
        out.append(" OUT=").append(nameOf(packet.out())).append(' ');
        if (packet.in() != null) {
            linkHeader(skb);
        }
        packet.pull(Math.min(packet.transportLength(), MAX_BYTES / 2));
        if (packet.isV6()) {
            network6(skb.data(), skb.headLength(), true);
        } else {
            network(skb.data(), skb.headLength(), true);
        }
        if ((flags & LogTarget.UID) != 0 && skb.owner != null) {
            out.append("UID=0 GID=0 ");
        }
        if (skb.mark != 0) {
            out.append("MARK=0x").append(Integer.toHexString(skb.mark)).append(' ');
        }
        return out;
    }

    private static String nameOf(@Nullable NetDevice dev) {
        return dev == null ? "" : dev.name();
    }

    private void linkHeader(SkBuff skb) {
        boolean known = skb.macHeader >= skb.headGpa() && skb.macHeader + EthernetHeader.LENGTH <= skb.tail();
        if (known && (flags & LogTarget.MAC_DECODE) != 0) {
            ethernet.wrap(memory, skb.macHeader, EthernetHeader.LENGTH);
            out.append("MACSRC=").append(MacAddress.format(ethernet.source()));
            out.append(" MACDST=").append(MacAddress.format(ethernet.destination()));
            out.append(" MACPROTO=");
            hex(ethernet.etherType() >>> 8);
            hex(ethernet.etherType() & 0xFF);
            out.append(' ');
            return;
        }
        out.append("MAC=");
        for (int i = 0; known && i < EthernetHeader.LENGTH; i++) {
            if (i > 0) {
                out.append(':');
            }
            hex(u8(skb.macHeader + i));
        }
        out.append(' ');
    }

    /** @param outer false: a packet that an ICMP error quotes */
    private void network(long at, int available, boolean outer) {
        if (available < Ipv4Header.MIN_LENGTH) {
            out.append("TRUNCATED");
            return;
        }
        ip.wrap(memory, at, available);
        out.append("SRC=");
        address(ip.source());
        out.append(" DST=");
        address(ip.destination());
        out.append(" LEN=").append(ip.totalLength()).append(" TOS=0x");
        hexUpper(ip.tos() & TOS_MASK);
        out.append(" PREC=0x");
        hexUpper(ip.tos() & PRECEDENCE_MASK);
        out.append(" TTL=").append(ip.ttl());
        out.append(" ID=").append(ip.identification()).append(' ');
        int fragment = u16(at + 6);
        out.append((fragment & 0x8000) != 0 ? "CE " : "");
        out.append((fragment & 0x4000) != 0 ? "DF " : "");
        out.append((fragment & 0x2000) != 0 ? "MF " : "");
        if ((fragment & 0x1FFF) != 0) {
            out.append("FRAG:").append(fragment & 0x1FFF).append(' ');
        }
        int header = ip.headerLength();
        if ((flags & LogTarget.IP_OPTIONS) != 0 && header > Ipv4Header.MIN_LENGTH && header <= available) {
            options(at + Ipv4Header.MIN_LENGTH, header - Ipv4Header.MIN_LENGTH);
        }
        transport(ip.protocol(), at + header, available - header, (fragment & 0x1FFF) != 0, outer);
    }

    private void network6(long at, int available, boolean outer) {
        if (available < Ipv6Header.LENGTH) {
            out.append("TRUNCATED");
            return;
        }
        ip6.wrap(memory, at, available);
        out.append("SRC=");
        address6(ip6.sourceHigh(), ip6.sourceLow());
        out.append(" DST=");
        address6(ip6.destinationHigh(), ip6.destinationLow());
        out.append(" LEN=").append(ip6.payloadLength() + Ipv6Header.LENGTH);
        out.append(" TC=").append(ip6.trafficClass());
        out.append(" HOPLIMIT=").append(ip6.hopLimit());
        out.append(" FLOWLBL=").append(ip6.flowLabel()).append(' ');
        int transport = chain.skip(memory, at, available);
        if (transport == ExtensionHeaders.INCOMPLETE) {
            out.append("INCOMPLETE [").append(available - Ipv6Header.LENGTH).append(" bytes] ");
            return;
        }
        if (chain.isFragment()) {
            out.append("FRAG:").append(chain.fragmentOffset()).append(' ');
        }
        transport(chain.protocol(), at + transport, available - transport, chain.isLaterFragment(), outer);
    }

    private void transport(int protocol, long at, int available, boolean laterFragment, boolean outer) {
        switch (protocol) {
            case IpProtocol.TCP -> {
                out.append("PROTO=TCP ");
                if (!laterFragment && isThere(TcpHeader.MIN_LENGTH, available)) {
                    tcp(at, available);
                }
            }
            case IpProtocol.UDP, UDPLITE -> {
                out.append(protocol == UDPLITE ? "PROTO=UDPLITE " : "PROTO=UDP ");
                if (!laterFragment && isThere(8, available)) {
                    out.append("SPT=").append(u16(at)).append(" DPT=").append(u16(at + 2));
                    out.append(" LEN=").append(u16(at + 4)).append(' ');
                }
            }
            case IpProtocol.ICMP -> {
                out.append("PROTO=ICMP ");
                if (!laterFragment && isThere(8, available)) {
                    icmp(at, available, outer);
                }
            }
            case IpProtocol.ICMPV6 -> {
                out.append("PROTO=ICMPv6 ");
                if (!laterFragment && isThere(8, available)) {
                    icmp6(at, available, outer);
                }
            }
            case ESP, AH -> {
                out.append(protocol == ESP ? "PROTO=ESP " : "PROTO=AH ");
                int spiAt = protocol == ESP ? 0 : 4;
                if (!laterFragment && isThere(spiAt + 4, available)) {
                    out.append("SPI=0x")
                            .append(Integer.toHexString(i32(at + spiAt)))
                            .append(' ');
                }
            }
            default -> out.append("PROTO=").append(protocol).append(' ');
        }
    }

    private boolean isThere(int bytes, int available) {
        if (available >= bytes) {
            return true;
        }
        out.append("INCOMPLETE [").append(Math.max(0, available)).append(" bytes] ");
        return false;
    }

    private void tcp(long at, int available) {
        out.append("SPT=").append(u16(at)).append(" DPT=").append(u16(at + 2)).append(' ');
        if ((flags & LogTarget.TCP_SEQUENCE) != 0) {
            out.append("SEQ=").append(i32(at + 4) & 0xFFFF_FFFFL);
            out.append(" ACK=").append(i32(at + 8) & 0xFFFF_FFFFL).append(' ');
        }
        out.append("WINDOW=").append(u16(at + 14)).append(" RES=0x");
        hex((u8(at + 12) & 0xF) << 2);
        out.append(' ');
        for (int bit = TCP_FLAGS.length - 1; bit >= 0; bit--) {
            // Linux's order: CWR ECE URG ACK PSH RST SYN FIN
            out.append((u8(at + 13) & 1 << bit) != 0 ? TCP_FLAGS[bit] : "");
        }
        out.append("URGP=").append(u16(at + 18)).append(' ');
        int header = u8(at + 12) >>> 4 << 2;
        if ((flags & LogTarget.TCP_OPTIONS) != 0 && header > TcpHeader.MIN_LENGTH && header <= available) {
            options(at + TcpHeader.MIN_LENGTH, header - TcpHeader.MIN_LENGTH);
        }
    }

    private void icmp(long at, int available, boolean outer) {
        int type = u8(at);
        int code = u8(at + 1);
        out.append("TYPE=").append(type).append(" CODE=").append(code).append(' ');
        switch (type) {
            case IcmpTypes.ECHO, IcmpTypes.ECHO_REPLY ->
                out.append("ID=")
                        .append(u16(at + 4))
                        .append(" SEQ=")
                        .append(u16(at + 6))
                        .append(' ');
            case IcmpTypes.PARAMETER_PROBLEM -> {
                out.append("PARAMETER=").append(u8(at + 4)).append(' ');
                quoted(at, available, outer);
            }
            case IcmpTypes.REDIRECT -> {
                out.append("GATEWAY=");
                address(i32(at + 4));
                out.append(' ');
                quoted(at, available, outer);
            }
            case IcmpTypes.DEST_UNREACH, IcmpTypes.SOURCE_QUENCH, IcmpTypes.TIME_EXCEEDED -> {
                quoted(at, available, outer);
                if (outer && type == IcmpTypes.DEST_UNREACH && code == IcmpTypes.FRAGMENTATION_NEEDED) {
                    out.append("MTU=").append(u16(at + 6)).append(' ');
                }
            }
            default -> {}
        }
    }

    private void icmp6(long at, int available, boolean outer) {
        int type = u8(at);
        out.append("TYPE=").append(type).append(" CODE=").append(u8(at + 1)).append(' ');
        switch (type) {
            case 128, 129 ->
                out.append("ID=")
                        .append(u16(at + 4))
                        .append(" SEQ=")
                        .append(u16(at + 6))
                        .append(' ');
            case 1, 2, 3, 4 -> {
                if (type == 4) {
                    out.append("POINTER=")
                            .append(Integer.toHexString(i32(at + 4)))
                            .append(' ');
                }
                if (outer) {
                    out.append('[');
                    network6(at + 8, available - 8, false);
                    out.append("] ");
                }
                if (outer && type == 2) {
                    out.append("MTU=").append(i32(at + 4) & 0xFFFF_FFFFL).append(' ');
                }
            }
            default -> {}
        }
    }

    private void quoted(long at, int available, boolean outer) {
        if (outer) {
            out.append('[');
            network(at + 8, available - 8, false);
            out.append("] ");
        }
    }

    private void options(long at, int bytes) {
        out.append("OPT (");
        for (int i = 0; i < bytes; i++) {
            hexUpper(u8(at + i));
        }
        out.append(") ");
    }

    private void address(int value) {
        out.append(value >>> 24).append('.').append(value >>> 16 & 0xFF).append('.');
        out.append(value >>> 8 & 0xFF).append('.').append(value & 0xFF);
    }

    /** Written in full, as the kernel's log has it. */
    private void address6(long high, long low) {
        for (int i = 0; i < Long.BYTES * 2; i++) {
            out.append(i > 0 && (i & 1) == 0 ? ":" : "");
            hex((int) ((i < Long.BYTES ? high : low) >>> 56 - (i & 7) * 8) & 0xFF);
        }
    }

    private void hex(int octet) {
        out.append(Character.forDigit(octet >>> 4, 16)).append(Character.forDigit(octet & 0xF, 16));
    }

    private void hexUpper(int octet) {
        out.append(Character.toUpperCase(Character.forDigit(octet >>> 4, 16)));
        out.append(Character.toUpperCase(Character.forDigit(octet & 0xF, 16)));
    }

    private int u8(long at) {
        return memory.readByte(at) & 0xFF;
    }

    private int u16(long at) {
        return Short.reverseBytes(memory.readShort(at)) & 0xFFFF;
    }

    private int i32(long at) {
        return Integer.reverseBytes(memory.readInt(at));
    }
}
