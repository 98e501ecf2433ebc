package dev.doorbell.device.offload;

import dev.doorbell.bus.mem.GuestMemory;
import dev.doorbell.bus.wire.EtherType;
import dev.doorbell.bus.wire.EthernetHeader;
import dev.doorbell.bus.wire.IpProtocol;
import dev.doorbell.bus.wire.Ipv4Header;
import dev.doorbell.bus.wire.Ipv6Header;
import dev.doorbell.bus.wire.TcpHeader;
import dev.doorbell.bus.wire.UdpHeader;

/**
 * What a card's offload engines know about a frame: where its network and transport headers are. Never fails: a frame
 * whose headers are cut off, inconsistent or nested too deep has no network layer, or no transport layer.
 *
 * <p>Offsets count from the destination address. Reused; valid until the next {@link #parse}.
 */
public final class PacketParser {
    private static final int AUTHENTICATION_HEADER = 51;
    /** More extension headers than any real packet has. */
    private static final int MAX_EXTENSIONS = 8;

    private static final int OPTION_PAD1 = 0;
    private static final int OPTION_HOME_ADDRESS = 201;
    private static final int IPV6_ADDRESS_BYTES = 16;

    private final EthernetHeader ethernet = new EthernetHeader();
    private final Ipv4Header ipv4 = new Ipv4Header();
    private final Ipv6Header ipv6 = new Ipv6Header();
    private final TcpHeader tcp = new TcpHeader();
    private final UdpHeader udp = new UdpHeader();

    private GuestMemory memory = GuestMemory.ofHost(0, 0, () -> {});
    private long at;
    private int end;
    private int ipVersion;
    private int networkOffset;
    private int transport;
    private int transportOffset;
    private int networkEnd;
    private int transportBytes;
    private boolean fragment;
    private boolean extensions;
    private int homeAddressOffset;
    private int routingAddressOffset;

    /**
     * @param length of the frame in bytes, without FCS
     * @param vlanEtherType one tag of this type is looked through
     */
    public void parse(GuestMemory memory, long at, int length, int vlanEtherType) {
        this.memory = memory;
        this.at = at;
        ipVersion = 0;
        transport = 0;
        transportOffset = 0;
        networkEnd = 0;
        transportBytes = 0;
        fragment = false;
        extensions = false;
        homeAddressOffset = 0;
        routingAddressOffset = 0;
        int offset = EthernetHeader.LENGTH;
        if (length < offset) {
            return;
        }
        int etherType = ethernet.wrap(memory, at, length).etherType();
        if (etherType == vlanEtherType && length >= offset + 4) {
            etherType = u16(offset + 2);
            offset += 4;
        }
        networkOffset = offset;
        if (etherType == EtherType.IPV4) {
            parseIpv4(length);
        } else if (etherType == EtherType.IPV6) {
            parseIpv6(length);
        }
    }

    /** 4, 6, or 0 when there is no sound IP header. */
    public int ipVersion() {
        return ipVersion;
    }

    public int networkOffset() {
        return networkOffset;
    }

    /** {@link IpProtocol#TCP} or {@link IpProtocol#UDP} when its header is whole and the packet no fragment, else 0. */
    public int transport() {
        return transport;
    }

    public int transportOffset() {
        return transportOffset;
    }

    /** First byte behind the IP header and its extensions, also of a fragment; 0 when there is none, or one is cut off. */
    public int networkEnd() {
        return networkEnd;
    }

    /** Transport header and data, as the IP (and UDP) lengths say. */
    public int transportBytes() {
        return transportBytes;
    }

    public boolean isFragment() {
        return fragment;
    }

    /** An IPv6 packet with extension headers. */
    public boolean hasExtensions() {
        return extensions;
    }

    /** Of the address in an IPv6 home-address option; 0 when there is none. */
    public int homeAddressOffset() {
        return homeAddressOffset;
    }

    /** Of the address in an IPv6 type-2 routing header; 0 when there is none. */
    public int routingAddressOffset() {
        return routingAddressOffset;
    }

    /** Valid when {@link #ipVersion()} is 4. */
    public Ipv4Header ipv4() {
        return ipv4;
    }

    /** Valid when {@link #ipVersion()} is 6. */
    public Ipv6Header ipv6() {
        return ipv6;
    }

    /** Valid when {@link #transport()} is TCP. */
    public TcpHeader tcp() {
        return tcp;
    }

    /** Valid when {@link #transport()} is UDP. */
    public UdpHeader udp() {
        return udp;
    }

    private void parseIpv4(int length) {
        if (!ipv4.wrap(memory, at + networkOffset, length - networkOffset).isValid()) {
            return;
        }
        ipVersion = 4;
        end = networkOffset + ipv4.totalLength();
        fragment = ipv4.isFragment();
        networkEnd = networkOffset + ipv4.headerLength();
        if (!fragment) {
            parseTransport(ipv4.protocol(), networkEnd);
        }
    }

    private void parseIpv6(int length) {
        if (!ipv6.wrap(memory, at + networkOffset, length - networkOffset).isValid()) {
            return;
        }
        ipVersion = 6;
        end = networkOffset + Ipv6Header.LENGTH + ipv6.payloadLength();
        int next = ipv6.nextHeader();
        int offset = networkOffset + Ipv6Header.LENGTH;
        for (int i = 0; i < MAX_EXTENSIONS && isExtension(next); i++) {
            extensions = true;
            if (offset + 8 > end) {
                return;
            }
            int bytes = next == AUTHENTICATION_HEADER
                    ? (u8(offset + 1) + 2) * 4
                    : next == IpProtocol.IPV6_FRAGMENT ? 8 : (u8(offset + 1) + 1) * 8;
            if (offset + bytes > end) {
                return;
            }
            switch (next) {
                case IpProtocol.IPV6_FRAGMENT -> {
                    fragment = true;
                    networkEnd = offset + bytes;
                    return;
                }
                case IpProtocol.IPV6_ROUTING -> noteRouting(offset, bytes);
                case IpProtocol.DESTINATION_OPTIONS -> noteHomeAddress(offset, bytes);
                default -> {}
            }
            next = u8(offset);
            offset += bytes;
        }
        networkEnd = offset;
        parseTransport(next, offset);
    }

    private static boolean isExtension(int next) {
        return next == IpProtocol.HOP_BY_HOP
                || next == IpProtocol.IPV6_ROUTING
                || next == IpProtocol.IPV6_FRAGMENT
                || next == AUTHENTICATION_HEADER
                || next == IpProtocol.DESTINATION_OPTIONS;
    }

    private void noteRouting(int offset, int bytes) {
        if (u8(offset + 2) == 2 && bytes >= 8 + IPV6_ADDRESS_BYTES) {
            routingAddressOffset = offset + 8;
        }
    }

    private void noteHomeAddress(int offset, int bytes) {
        int option = offset + 2;
        int last = offset + bytes;
        while (option + 2 <= last) {
            int type = u8(option);
            if (type == OPTION_PAD1) {
                option++;
                continue;
            }
            int optionBytes = u8(option + 1);
            if (type == OPTION_HOME_ADDRESS && optionBytes == IPV6_ADDRESS_BYTES && option + 2 + optionBytes <= last) {
                homeAddressOffset = option + 2;
                return;
            }
            option += 2 + optionBytes;
        }
    }

    private void parseTransport(int protocol, int offset) {
        int bytes = end - offset;
        if (protocol == IpProtocol.TCP) {
            if (tcp.wrap(memory, at + offset, bytes).isValid()) {
                transport(protocol, offset, bytes);
            }
        } else if (protocol == IpProtocol.UDP && bytes >= UdpHeader.LENGTH) {
            int udpBytes = udp.wrap(memory, at + offset, bytes).length();
            if (udpBytes >= UdpHeader.LENGTH && udpBytes <= bytes) {
                transport(protocol, offset, udpBytes);
            }
        }
    }

    private void transport(int protocol, int offset, int bytes) {
        transport = protocol;
        transportOffset = offset;
        transportBytes = bytes;
    }

    private int u8(int offset) {
        return memory.readByte(at + offset) & 0xFF;
    }

    private int u16(int offset) {
        return Short.reverseBytes(memory.readShort(at + offset)) & 0xFFFF;
    }
}
