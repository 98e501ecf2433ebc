package dev.doorbell.kernel.netfilter.conntrack;

import dev.doorbell.bus.wire.IpProtocol;
import dev.doorbell.kernel.netdev.NetDevice;
import org.jspecify.annotations.Nullable;

/** A conversation between two hosts: struct nf_conn. In the table once its first packet got through. */
public final class Connection {
    public static final int ORIGINAL = 0, REPLY = 1;

    /** Bits of {@link #status}, linux/netfilter/nf_conntrack_common.h. */
    public static final int EXPECTED = 0x001,
            SEEN_REPLY = 0x002,
            ASSURED = 0x004,
            CONFIRMED = 0x008,
            SRC_NAT = 0x010,
            DST_NAT = 0x020,
            SRC_NAT_DONE = 0x080,
            DST_NAT_DONE = 0x100,
            DYING = 0x200;

    private static final long SECOND_NS = 1_000_000_000L;

    private final Tuple original = new Tuple(this, ORIGINAL);
    private final Tuple reply = new Tuple(this, REPLY);

    public int status;
    /** CONNMARK's. */
    public int mark;
    /** ifindex of the interface whose address MASQUERADE chose; 0: not masqueraded. */
    public int masqueradeInterface;
    /** When it is forgotten unless another packet comes. */
    long expiresNs;
    /** UDP: a reply later than this makes it a stream. */
    long streamFromNs;
    /** TCP's part; null for other protocols. */
    final @Nullable TcpTrack tcp;
    /** Wheel slot, -1 when not in the wheel, and its links there. */
    int wheelSlot = -1;

    @Nullable
    Connection wheelNext, wheelPrevious;
    /** Links of the source table of NAT. */
    public @Nullable Connection nextBySource, previousBySource;

    /** In the source table of NAT. */
    public boolean isBySource;

    Connection(Tuple first) {
        original.copyFrom(first);
        reply.invert(first);
        tcp = first.protocol == IpProtocol.TCP ? new TcpTrack() : null;
    }

    /** Packets from who began it, as they arrive here. */
    public Tuple original() {
        return original;
    }

    /** Packets that answer, as they arrive here: NAT changes this one. */
    public Tuple reply() {
        return reply;
    }

    public Tuple tuple(int direction) {
        return direction == ORIGINAL ? original : reply;
    }

    public int protocol() {
        return original.protocol;
    }

    public boolean is(int bits) {
        return (status & bits) == bits;
    }

    /** State of a TCP connection; null for other protocols. */
    public @Nullable TcpState tcpState() {
        return tcp == null ? null : tcp.state;
    }

    /** Time until it is forgotten, ns; not negative. */
    public long remainingNs(long nowNs) {
        return Math.max(0, expiresNs - nowNs);
    }

    /** Whether it was masqueraded for another interface than it leaves through now. */
    public boolean isMasqueradedElsewhere(@Nullable NetDevice out) {
        return masqueradeInterface != 0 && out != null && out.ifindex() != masqueradeInterface;
    }

    /** One line of conntrack -L. */
    public String describe(long nowNs) {
        StringBuilder out = new StringBuilder();
        String name =
                switch (protocol()) {
                    case IpProtocol.TCP -> "tcp";
                    case IpProtocol.UDP -> "udp";
                    case IpProtocol.ICMP -> "icmp";
                    case IpProtocol.ICMPV6 -> "icmpv6";
                    default -> "unknown";
                };
        out.append(String.format("%-8s %d %d ", name, protocol(), remainingNs(nowNs) / SECOND_NS));
        if (tcp != null) {
            out.append(tcp.state).append(' ');
        }
        original.describe(out);
        if (!is(SEEN_REPLY)) {
            out.append(" [UNREPLIED]");
        }
        out.append(' ');
        reply.describe(out);
        if (is(ASSURED)) {
            out.append(" [ASSURED]");
        }
        return out.append(" mark=").append(mark).append(" use=1").toString();
    }

    @Override
    public String toString() {
        return describe(0);
    }
}
