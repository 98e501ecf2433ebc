package dev.doorbell.kernel.tcp;

import dev.doorbell.kernel.inet.Endpoints;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What finished connections taught about the way to a peer, for the next one: how far packets overtake each other there, in
 * packets. Without it every connection would take its first late packets for lost ones. Linux's tcp_metrics.
 */
final class PeerMetrics {
    private static final int MAX_PEERS = 1024;

    private record Peer(long localHigh, long localLow, long remoteHigh, long remoteLow) {
        static Peer of(Endpoints ends) {
            return new Peer(ends.localHigh, ends.localLow, ends.remoteHigh, ends.remoteLow);
        }
    }

    /** The longest unused goes first. */
    private final Map<Peer, Integer> reordering = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Peer, Integer> eldest) {
            return size() > MAX_PEERS;
        }
    };

    /**
     * A connection ended as connections do; one that stopped getting answers knows nothing of the way. As Linux has it, only
     * one that was thrown back into slow start, or is not through with a loss, says how far packets are overtaken: one that
     * ends undisturbed got along with what it knew.
     */
    void learn(TcpConnection c) {
        if (c.backoff != 0 || !c.rtt.hasSample() || c.reordering == c.config.reordering || c.path.isLoopback()) {
            return;
        }
        boolean neverLost = c.window.ssthresh >= CongestionWindow.INFINITE_SSTHRESH;
        boolean settled = c.window.cwnd >= c.window.ssthresh && c.caState == TcpConnection.CA_OPEN;
        if (neverLost || settled) {
            return;
        }
        reordering.merge(Peer.of(c), c.reordering, Math::max);
    }

    /** The handshake is over. */
    void apply(TcpConnection c) {
        if (reordering.isEmpty()) {
            return;
        }
        Integer known = reordering.get(Peer.of(c));
        if (known != null) {
            c.reordering = known;
        }
    }

    /** ip tcp_metrics flush. */
    void clear() {
        reordering.clear();
    }

    int size() {
        return reordering.size();
    }
}
