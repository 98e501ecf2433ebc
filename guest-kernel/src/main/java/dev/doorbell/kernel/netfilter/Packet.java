package dev.doorbell.kernel.netfilter;

import dev.doorbell.bus.wire.ExtensionHeaders;
import dev.doorbell.bus.wire.InternetChecksum;
import dev.doorbell.bus.wire.Ipv4Header;
import dev.doorbell.bus.wire.Ipv6Address;
import dev.doorbell.bus.wire.Ipv6Header;
import dev.doorbell.kernel.netdev.NetDevice;
import dev.doorbell.kernel.skb.SkBuff;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One packet of either version of IP at one hook, read once for all rules that look at it: the fields of its IP header, and
 * access to the transport header, which in IPv6 stands behind all extension headers. Addresses as in {@link IpFamily}.
 * Reused: {@link #load} begins with another packet.
 *
 * <p>Whoever rewrites the header calls {@link #reload} afterwards.
 */
public final class Packet {
    /** How many bytes of extension headers are looked at. */
    private static final int MAX_CHAIN = 1024;

    private final Ipv4Header ip = new Ipv4Header();
    private final Ipv6Header ip6 = new Ipv6Header();
    private final ExtensionHeaders chain = new ExtensionHeaders();
    private @Nullable SkBuff skb;
    private @Nullable NetDevice in;
    private @Nullable NetDevice out;
    private int hook;
    private IpFamily family = IpFamily.V4;
    private long sourceHigh, sourceLow, destinationHigh, destinationLow;
    private int protocol;
    private int headerLength;
    private int fragmentOffset;
    private boolean fragment, broken;
    private boolean hotDrop;

    /**
     * Reads the IP header.
     *
     * @param skb data() at the IP header
     * @return false when that is no whole IP header; then nothing else may be asked
     */
    public boolean load(int hook, SkBuff skb, @Nullable NetDevice in, @Nullable NetDevice out) {
        this.skb = skb;
        this.hook = hook;
        this.in = in;
        this.out = out;
        this.hotDrop = false;
        return reload();
    }

    /** Reads the header again, after it was changed or has moved. */
    public boolean reload() {
        SkBuff packet = skb();
        if (packet.headLength() < Ipv4Header.MIN_LENGTH) {
            return false;
        }
        ip.wrap(packet.memory(), packet.data(), packet.headLength());
        return ip.version() == 4 ? reload4(packet) : ip.version() == 6 && reload6(packet);
    }

    private boolean reload4(SkBuff packet) {
        headerLength = ip.headerLength();
        if (headerLength < Ipv4Header.MIN_LENGTH || headerLength > packet.headLength()) {
            return false;
        }
        family = IpFamily.V4;
        sourceHigh = 0;
        sourceLow = Ipv6Address.ofV4(ip.source());
        destinationHigh = 0;
        destinationLow = Ipv6Address.ofV4(ip.destination());
        protocol = ip.protocol();
        fragmentOffset = ip.fragmentOffset();
        fragment = ip.isFragment();
        broken = false;
        return true;
    }

    private boolean reload6(SkBuff packet) {
        if (!packet.pskbMayPull(Ipv6Header.LENGTH)) {
            return false;
        }
        family = IpFamily.V6;
        int transport = chain.skip(packet.memory(), packet.data(), packet.headLength());
        if (transport == ExtensionHeaders.INCOMPLETE && packet.headLength() < Math.min(MAX_CHAIN, packet.length())) {
            if (!packet.pskbMayPull(Math.min(MAX_CHAIN, packet.length()))) {
                return false;
            }
            transport = chain.skip(packet.memory(), packet.data(), packet.headLength());
        }
        ip6.wrap(packet.memory(), packet.data(), packet.headLength());
        sourceHigh = ip6.sourceHigh();
        sourceLow = ip6.sourceLow();
        destinationHigh = ip6.destinationHigh();
        destinationLow = ip6.destinationLow();
        broken = transport == ExtensionHeaders.INCOMPLETE;
        headerLength = broken ? packet.headLength() : transport;
        protocol = broken ? 0 : chain.protocol();
        fragmentOffset = broken ? 0 : chain.fragmentOffset();
        fragment = !broken && chain.isFragment();
        return true;
    }

    /** The packet itself. */
    public SkBuff skb() {
        return Objects.requireNonNull(skb);
    }

    public IpFamily family() {
        return family;
    }

    public boolean isV6() {
        return family == IpFamily.V6;
    }

    /** Type of service octet, or traffic class. */
    public int tos() {
        return isV6() ? ip6.trafficClass() : ip.tos();
    }

    /** Writes the octet; the packet must not be shared. */
    public void tos(int value) {
        if (isV6()) {
            ip6.trafficClass(value);
            return;
        }
        int old = ip.tos();
        ip.tos(value);
        ip.checksum(InternetChecksum.update16(ip.checksum(), old, value));
    }

    /** Hops that it has left: TTL or hop limit. */
    public int hops() {
        return isV6() ? ip6.hopLimit() : ip.ttl();
    }

    /** Writes the hops; the packet must not be shared. */
    public void hops(int value) {
        if (isV6()) {
            ip6.hopLimit(value);
            return;
        }
        int old = ip.ttl() << 8 | protocol;
        ip.ttl(value);
        ip.checksum(InternetChecksum.update16(ip.checksum(), old, value << 8 | protocol));
    }

    /** {@link NetfilterHooks#PRE_ROUTING} ... */
    public int hook() {
        return hook;
    }

    /** Where it came from; null for packets of our own, and behind routing at POST_ROUTING. */
    public @Nullable NetDevice in() {
        return in;
    }

    /** Where it goes; null before routing and on local delivery. */
    public @Nullable NetDevice out() {
        return out;
    }

    public long sourceHigh() {
        return sourceHigh;
    }

    public long sourceLow() {
        return sourceLow;
    }

    public long destinationHigh() {
        return destinationHigh;
    }

    public long destinationLow() {
        return destinationLow;
    }

    /** The transport protocol; 0 when the chain of extension headers is {@link #isBroken broken}. */
    public int protocol() {
        return protocol;
    }

    /** IPv6: the extension headers do not end within the packet. */
    public boolean isBroken() {
        return broken;
    }

    /** It is one of several fragments. */
    public boolean isFragment() {
        return fragment;
    }

    /** Bytes in front of the transport header. */
    public int headerLength() {
        return headerLength;
    }

    /** Of the payload in the datagram, bytes; not 0: there is no transport header here. */
    public int fragmentOffset() {
        return fragmentOffset;
    }

    /** All of it from the IP header on, bytes. */
    public int length() {
        return skb().length();
    }

    /** Bytes from the transport header on. */
    public int transportLength() {
        return skb().length() - headerLength;
    }

    /**
     * For matches that look at the transport header: whether there is one to look at. A later fragment has none; a packet that
     * should have one and is too short is dropped, whatever the rules say.
     */
    public boolean hasTransport(int bytes) {
        if (fragmentOffset() != 0) {
            return false;
        }
        if (!pull(bytes)) {
            hotDrop();
            return false;
        }
        return true;
    }

    /**
     * Makes sure that the first {@code bytes} of the transport header can be read.
     *
     * @return false when the packet is shorter
     */
    public boolean pull(int bytes) {
        SkBuff packet = skb();
        if (headerLength + bytes <= packet.headLength()) {
            return true;
        }
        if (!packet.pskbMayPull(headerLength + bytes)) {
            return false;
        }
        if (isV6()) {
            ip6.wrap(packet.memory(), packet.data(), packet.headLength());
        } else {
            ip.wrap(packet.memory(), packet.data(), packet.headLength());
        }
        return true;
    }

    /**
     * The sum of the pseudo header.
     *
     * @param bytes length of the transport header and what follows
     */
    public long pseudoHeader(int bytes) {
        return isV6()
                ? InternetChecksum.pseudoHeaderV6(
                        sourceHigh, sourceLow, destinationHigh, destinationLow, protocol, bytes)
                : InternetChecksum.pseudoHeader((int) sourceLow, (int) destinationLow, protocol, bytes);
    }

    /** GPA of the transport header; of its bytes those may be read that were pulled. */
    public long transport() {
        return skb().data() + headerLength;
    }

    /** A byte of the transport header that was pulled. */
    public int u8(int offset) {
        return skb().memory().readByte(transport() + offset) & 0xFF;
    }

    /** Two bytes of the transport header that were pulled, in network order. */
    public int u16(int offset) {
        return Short.reverseBytes(skb().memory().readShort(transport() + offset)) & 0xFFFF;
    }

    /** Four bytes of the transport header that were pulled, in network order. */
    public int i32(int offset) {
        return Integer.reverseBytes(skb().memory().readInt(transport() + offset));
    }

    /** A match found the packet so broken that no rule may decide about it: it is dropped. */
    public void hotDrop() {
        hotDrop = true;
    }

    public boolean isHotDrop() {
        return hotDrop;
    }
}
