package dev.doorbell.kernel.netfilter.match;

import dev.doorbell.bus.wire.IpProtocol;
import dev.doorbell.kernel.core.KernelContext;
import dev.doorbell.kernel.netfilter.Packet;
import dev.doorbell.kernel.netfilter.conntrack.Connection;
import dev.doorbell.kernel.netfilter.conntrack.Conntrack;
import dev.doorbell.kernel.netfilter.conntrack.ConntrackInfo;
import dev.doorbell.kernel.netfilter.conntrack.Tuple;

/** {@code -m conntrack}: state, tuples, status and age of the connection that a packet belongs to. */
final class ConntrackMatch implements Match {
    private static final long SECOND_NS = 1_000_000_000L;

    private final ConntrackOptions wanted;
    private final KernelContext kernel;

    ConntrackMatch(ConntrackOptions wanted, KernelContext kernel) {
        this.wanted = wanted;
        this.kernel = kernel;
    }

    @Override
    public boolean matches(Packet packet) {
        if (wanted.states != 0 && (StateMatch.stateOf(packet.skb()) & wanted.states) != 0 == wanted.statesInverted) {
            return false;
        }
        Connection connection = Conntrack.of(packet.skb());
        if (connection == null) {
            return wanted.states != 0; // as in Linux, whatever else is asked
        }
        if (wanted.direction >= 0 && ConntrackInfo.direction(packet.skb().conntrackInfo) != wanted.direction) {
            return false;
        }
        return tuplesMatch(connection) && statusMatches(connection) && ageMatches(connection);
    }

    private boolean tuplesMatch(Connection connection) {
        Tuple original = connection.original();
        Tuple reply = connection.reply();
        if (wanted.protocol >= 0 && original.protocol == wanted.protocol == wanted.protocolInverted) {
            return false;
        }
        boolean ports = original.protocol == IpProtocol.TCP || original.protocol == IpProtocol.UDP;
        return wanted.hosts[0].matches(original.sourceHigh, original.sourceLow)
                && wanted.hosts[1].matches(original.destinationHigh, original.destinationLow)
                && wanted.hosts[2].matches(reply.sourceHigh, reply.sourceLow)
                && wanted.hosts[3].matches(reply.destinationHigh, reply.destinationLow)
                && (!wanted.hasPorts()
                        || ports
                                && wanted.ports[0].matches(original.sourcePort)
                                && wanted.ports[1].matches(original.destinationPort)
                                && wanted.ports[2].matches(reply.sourcePort)
                                && wanted.ports[3].matches(reply.destinationPort));
    }

    private boolean statusMatches(Connection connection) {
        // NONE is never found, as in Linux: it names no bit.
        return !wanted.hasStatus || (connection.status & wanted.status) != 0 != wanted.statusInverted;
    }

    private boolean ageMatches(Connection connection) {
        if (wanted.expires.length == 0) {
            return true;
        }
        long seconds = connection.is(Connection.CONFIRMED) ? connection.remainingNs(kernel.nowNs()) / SECOND_NS : 0;
        return (seconds >= wanted.expires[0] && seconds <= wanted.expires[1]) != wanted.expiresInverted;
    }

    @Override
    public void save(StringBuilder out) {
        wanted.save(out);
    }

    @Override
    public boolean needsConntrack() {
        return true;
    }
}
