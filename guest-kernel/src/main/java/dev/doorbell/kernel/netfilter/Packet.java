package dev.doorbell.kernel.netfilter;

import dev.doorbell.bus.wire.Ipv4Header;
import dev.doorbell.kernel.netdev.NetDevice;
import dev.doorbell.kernel.skb.SkBuff;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One packet at one hook, read once for all rules that look at it: the fields of its IP header, and access to the
 * transport header. Reused: {@link #load} begins with another packet.
 *
 * <p>Whoever rewrites the header calls {@link #reload} afterwards.
 */
public final class Packet {
    private final Ipv4Header ip = new Ipv4Header();
    private @Nullable SkBuff skb;
    private @Nullable NetDevice in;
    private @Nullable NetDevice out;
    private int hook;
    private int source;
    private int destination;
    private int protocol;
    private int headerLength;
    private int fragmentOffset;
    private boolean hotDrop;

    /**
     * Reads the IP header.
     *
     * @param skb data() at the IP header
     * @return false when that is no whole IPv4 header; then nothing else may be asked
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
        headerLength = ip.headerLength();
        if (ip.version() != 4 || headerLength < Ipv4Header.MIN_LENGTH || headerLength > packet.headLength()) {
            return false;
        }
        source = ip.source();
        destination = ip.destination();
        protocol = ip.protocol();
        fragmentOffset = ip.fragmentOffset();
        return true;
    }

    /** The packet itself. */
    public SkBuff skb() {
        return Objects.requireNonNull(skb);
    }

    /** Its header, for the fields that have no method here. Valid until it moves: see {@link #reload}. */
    public Ipv4Header ip() {
        return ip;
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

    public int source() {
        return source;
    }

    public int destination() {
        return destination;
    }

    public int protocol() {
        return protocol;
    }

    /** Bytes of the IP header. */
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

    /** Bytes behind the IP header. */
    public int transportLength() {
        return skb().length() - headerLength;
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
        ip.wrap(packet.memory(), packet.data(), packet.headLength());
        return true;
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
