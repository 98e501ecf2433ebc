package dev.doorbell.kernel.inet;

import static dev.doorbell.kernel.socket.SocketConstants.*;

import dev.doorbell.bus.wire.IpProtocol;
import dev.doorbell.kernel.core.Errno;
import dev.doorbell.kernel.skb.SkBuff;
import java.nio.ByteBuffer;

/**
 * The extension headers that a datagram socket puts on what it sends, RFC 3542 §6, §8, §9: IPV6_HOPOPTS and
 * IPV6_DSTOPTS, each given as the whole header. Destination options in front of a routing header (IPV6_RTHDRDSTOPTS)
 * are kept and never sent, as there is no routing header to stand before: Linux takes those of mobile IPv6 and of
 * segment routing only, and neither is here.
 */
final class ExtensionOptions {
    private static final byte[] NONE = {};
    private static final int UNIT_BYTES = 8, MAX_BYTES = 255 * UNIT_BYTES;
    private byte[] hopByHop = NONE, beforeRouting = NONE, destination = NONE;

    /** Whether an option is one of these. */
    static boolean handles(int name) {
        return name == IPV6_HOPOPTS || name == IPV6_DSTOPTS || name == IPV6_RTHDRDSTOPTS || name == IPV6_RTHDR;
    }

    /** Takes a header; one of no length ends it. */
    int set(int name, ByteBuffer value) {
        int given = value.remaining();
        int at = value.position();
        if (given != 0) {
            boolean whole = given >= UNIT_BYTES && given % UNIT_BYTES == 0 && given <= MAX_BYTES;
            if (!whole || headerBytes(value.get(at + 1)) > given || name == IPV6_RTHDR) {
                return Errno.EINVAL.negated();
            }
        }
        byte[] header = given == 0 ? NONE : new byte[headerBytes(value.get(at + 1))];
        value.get(at, header);
        switch (name) {
            case IPV6_HOPOPTS -> hopByHop = header;
            case IPV6_DSTOPTS -> destination = header;
            case IPV6_RTHDRDSTOPTS -> beforeRouting = header;
            default -> {}
        }
        return 0;
    }

    /** A header's length field counts units of eight octets behind the first. */
    private static int headerBytes(byte lengthField) {
        return ((lengthField & 0xFF) + 1) * UNIT_BYTES;
    }

    /** Writes a header as it was given, cut to what has room. */
    int get(int name, ByteBuffer into) {
        byte[] header =
                switch (name) {
                    case IPV6_HOPOPTS -> hopByHop;
                    case IPV6_DSTOPTS -> destination;
                    case IPV6_RTHDRDSTOPTS -> beforeRouting;
                    default -> NONE;
                };
        int bytes = Math.min(header.length, into.remaining());
        into.put(header, 0, bytes);
        return bytes;
    }

    /** Bytes in front of every transport header. */
    int bytes() {
        return hopByHop.length + destination.length;
    }

    /**
     * Puts the headers in front of a transport header at data(), in the order of RFC 8200 §4.1. There is headroom for {@link
     * #bytes}.
     *
     * @param protocol what is there now
     * @return the next header of the IP header
     */
    int push(SkBuff skb, int protocol) {
        int next = push(skb, destination, IpProtocol.DESTINATION_OPTIONS, protocol);
        return push(skb, hopByHop, IpProtocol.HOP_BY_HOP, next);
    }

    private static int push(SkBuff skb, byte[] header, int type, int next) {
        if (header.length == 0) {
            return next;
        }
        long at = skb.push(header.length);
        skb.memory().write(at, header, 0, header.length);
        skb.memory().writeByte(at, next);
        return type;
    }
}
