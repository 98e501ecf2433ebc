package dev.doorbell.kernel.netfilter.conntrack;

import dev.doorbell.bus.wire.IcmpTypes;
import dev.doorbell.bus.wire.IpProtocol;
import dev.doorbell.bus.wire.Ipv6Address;
import org.jspecify.annotations.Nullable;

/**
 * What identifies the packets of one direction of a connection. For ICMP the source port is the identifier, and the
 * destination port type and code; protocols without ports have zeros.
 */
public final class Tuple {
    /** ICMPv6, RFC 4443 §4.1 and RFC 4620 §4: the questions, whose answers have the next number. */
    static final int ECHO6 = 128, NODE_INFORMATION6 = 139;

    public long sourceHigh, sourceLow, destinationHigh, destinationLow;
    public int sourcePort, destinationPort;
    public int protocol;

    /** The connection, in the table's entries. */
    final @Nullable Connection connection;
    /** {@link Connection#ORIGINAL} or {@link Connection#REPLY}. */
    final int direction;
    /** Link in the table's bucket. */
    @Nullable
    Tuple nextInBucket;

    /** A key for looking up, reused. */
    public Tuple() {
        this(null, Connection.ORIGINAL);
    }

    Tuple(@Nullable Connection connection, int direction) {
        this.connection = connection;
        this.direction = direction;
    }

    public void copyFrom(Tuple other) {
        sourceHigh = other.sourceHigh;
        sourceLow = other.sourceLow;
        destinationHigh = other.destinationHigh;
        destinationLow = other.destinationLow;
        sourcePort = other.sourcePort;
        destinationPort = other.destinationPort;
        protocol = other.protocol;
    }

    /** Becomes what answers to {@code other} look like. */
    public void invert(Tuple other) {
        long newSourceHigh = other.destinationHigh;
        long newSourceLow = other.destinationLow;
        long newDestinationHigh = other.sourceHigh;
        long newDestinationLow = other.sourceLow;
        int fromPort = other.sourcePort;
        int toPort = other.destinationPort;
        protocol = other.protocol;
        sourceHigh = newSourceHigh;
        sourceLow = newSourceLow;
        destinationHigh = newDestinationHigh;
        destinationLow = newDestinationLow;
        if (isIcmp(protocol)) {
            sourcePort = fromPort;
            int type = toPort >>> 8;
            int answer = protocol == IpProtocol.ICMP ? answerType(type) : answerType6(type);
            destinationPort = answer << 8 | toPort & 0xFF;
        } else {
            sourcePort = toPort;
            destinationPort = fromPort;
        }
    }

    private static int answerType(int type) {
        return switch (type) {
            case IcmpTypes.ECHO -> IcmpTypes.ECHO_REPLY;
            case IcmpTypes.ECHO_REPLY -> IcmpTypes.ECHO;
            case IcmpTypes.TIMESTAMP -> IcmpTypes.TIMESTAMP_REPLY;
            case IcmpTypes.TIMESTAMP_REPLY -> IcmpTypes.TIMESTAMP;
            case IcmpTypes.INFO_REQUEST -> IcmpTypes.INFO_REPLY;
            case IcmpTypes.INFO_REPLY -> IcmpTypes.INFO_REQUEST;
            case IcmpTypes.ADDRESS_MASK -> IcmpTypes.ADDRESS_MASK_REPLY;
            case IcmpTypes.ADDRESS_MASK_REPLY -> IcmpTypes.ADDRESS_MASK;
            default -> type;
        };
    }

    private static int answerType6(int type) {
        return switch (type) {
            case ECHO6, NODE_INFORMATION6 -> type + 1;
            case ECHO6 + 1, NODE_INFORMATION6 + 1 -> type - 1;
            default -> type;
        };
    }

    /** ICMP of either version: its tuples have an identifier, a type and a code instead of ports. */
    static boolean isIcmp(int protocol) {
        return protocol == IpProtocol.ICMP || protocol == IpProtocol.ICMPV6;
    }

    /** Whether it goes to where {@code other} comes from. */
    public boolean isToSourceOf(Tuple other) {
        return destinationLow == other.sourceLow && destinationHigh == other.sourceHigh;
    }

    public boolean hasSameSource(Tuple other) {
        return sourceLow == other.sourceLow && sourceHigh == other.sourceHigh;
    }

    public boolean isSame(Tuple other) {
        return sourceLow == other.sourceLow
                && destinationLow == other.destinationLow
                && sourceHigh == other.sourceHigh
                && destinationHigh == other.destinationHigh
                && sourcePort == other.sourcePort
                && destinationPort == other.destinationPort
                && protocol == other.protocol;
    }

    /** @param key secret, so that nobody can choose addresses that share a bucket */
    int hash(int key) {
        int h = mix(mix(key, (int) sourceLow), (int) destinationLow);
        if ((sourceHigh | destinationHigh) != 0) {
            h = mix(mix(h, (int) (sourceLow >>> 32)), (int) (destinationLow >>> 32));
            h = mix(mix(h, (int) sourceHigh), (int) destinationHigh);
            h = mix(mix(h, (int) (sourceHigh >>> 32)), (int) (destinationHigh >>> 32));
        }
        h = mix(h, sourcePort << 16 | destinationPort);
        h = mix(h, protocol);
        h ^= h >>> 16;
        h *= 0x7FEB_352D;
        return h ^ h >>> 15;
    }

    private static int mix(int hash, int value) {
        int h = (hash ^ value * 0xCC9E_2D51) * 0x1B87_3593;
        return Integer.rotateLeft(h, 13) * 5 + 0xE654_6B64;
    }

    /** As conntrack -L prints it. */
    void describe(StringBuilder out) {
        out.append("src=").append(Ipv6Address.formatEither(sourceHigh, sourceLow));
        out.append(" dst=").append(Ipv6Address.formatEither(destinationHigh, destinationLow));
        if (isIcmp(protocol)) {
            out.append(" type=").append(destinationPort >>> 8);
            out.append(" code=").append(destinationPort & 0xFF);
            out.append(" id=").append(sourcePort);
        } else if (protocol == IpProtocol.TCP || protocol == IpProtocol.UDP) {
            out.append(" sport=").append(sourcePort);
            out.append(" dport=").append(destinationPort);
        }
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        describe(text);
        return text.toString();
    }
}
