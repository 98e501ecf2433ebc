package dev.doorbell.kernel.netfilter.conntrack;

import dev.doorbell.bus.wire.IcmpTypes;
import dev.doorbell.bus.wire.IpProtocol;
import dev.doorbell.bus.wire.Ipv4Address;
import org.jspecify.annotations.Nullable;

/**
 * What identifies the packets of one direction of a connection. For ICMP the source port is the identifier, and the
 * destination port type and code; protocols without ports have zeros.
 */
public final class Tuple {
    public int source, destination;
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
        source = other.source;
        destination = other.destination;
        sourcePort = other.sourcePort;
        destinationPort = other.destinationPort;
        protocol = other.protocol;
    }

    /** Becomes what answers to {@code other} look like. */
    public void invert(Tuple other) {
        int newSource = other.destination;
        int newDestination = other.source;
        int fromPort = other.sourcePort;
        int toPort = other.destinationPort;
        protocol = other.protocol;
        source = newSource;
        destination = newDestination;
        if (protocol == IpProtocol.ICMP) {
            sourcePort = fromPort;
            destinationPort = answerType(toPort >>> 8) << 8 | toPort & 0xFF;
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

    /** Whether an ICMP type is a question or an answer, which alone are tracked by themselves. */
    static boolean isIcmpQuery(int type) {
        return answerType(type) != type;
    }

    public boolean isSame(Tuple other) {
        return source == other.source
                && destination == other.destination
                && sourcePort == other.sourcePort
                && destinationPort == other.destinationPort
                && protocol == other.protocol;
    }

    /** @param key secret, so that nobody can choose addresses that share a bucket */
    int hash(int key) {
        int h = mix(key, source);
        h = mix(h, destination);
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
        out.append("src=").append(Ipv4Address.format(source));
        out.append(" dst=").append(Ipv4Address.format(destination));
        if (protocol == IpProtocol.ICMP) {
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
