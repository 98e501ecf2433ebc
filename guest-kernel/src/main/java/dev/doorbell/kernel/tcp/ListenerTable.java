package dev.doorbell.kernel.tcp;

import dev.doorbell.bus.wire.Ipv6Address;
import dev.doorbell.kernel.inet.Endpoints;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The listening sockets, by port. Of several that fit, the one bound most closely gets a connection; sockets that share
 * a port by SO_REUSEPORT get one each by a keyed hash of the four values, so that all segments of one handshake meet
 * the same listener.
 */
final class ListenerTable {
    private final @Nullable TcpListener[] ports = new TcpListener[65_536];
    private final long key;

    ListenerTable(long key) {
        this.key = key;
    }

    void add(TcpListener listener) {
        listener.next = ports[listener.port];
        ports[listener.port] = listener;
    }

    void forEach(Consumer<TcpListener> visitor) {
        for (TcpListener first : ports) {
            for (TcpListener l = first; l != null; l = l.next) {
                visitor.accept(l);
            }
        }
    }

    void remove(TcpListener listener) {
        TcpListener at = ports[listener.port];
        if (at == listener) {
            ports[listener.port] = listener.next;
            return;
        }
        while (at != null) {
            if (at.next == listener) {
                at.next = listener.next;
                return;
            }
            at = at.next;
        }
    }

    /** @param inInterface where the segment came in */
    @Nullable
    TcpListener find(Endpoints ends, int inInterface) {
        int port = ends.localPort;
        TcpListener best = null;
        int bestScore = -1;
        int equals = 0;
        for (TcpListener l = ports[port]; l != null; l = l.next) {
            int score = score(l, ends, inInterface);
            if (score > bestScore) {
                best = l;
                bestScore = score;
                equals = 1;
            } else if (score == bestScore && score >= 0) {
                equals++;
            }
        }
        return equals > 1 ? pick(ends, inInterface, bestScore, equals) : best;
    }

    private @Nullable TcpListener pick(Endpoints ends, int inInterface, int score, int count) {
        long hash = KeyedHash.of(key, ends, 0);
        int skip = (int) ((hash >>> 33) % count);
        TcpListener l = ports[ends.localPort];
        while (l != null && (score(l, ends, inInterface) != score || skip-- > 0)) {
            l = l.next;
        }
        return l;
    }

    /** How closely a listener is bound to what a segment came for; below 0: it is not for it. */
    private static int score(TcpListener l, Endpoints ends, int inInterface) {
        int address = Endpoints.matchLocal(l.addressHigh, l.addressLow, l.v6Only, ends.localHigh, ends.localLow);
        if (address < 0 || l.outInterface != 0 && l.outInterface != inInterface) {
            return -1;
        }
        // A socket of IPv4 alone is closer to an IPv4 segment than a dual-stack one.
        boolean ownFamily = ends.isV4() == Ipv6Address.isV4(l.addressHigh, l.addressLow);
        return 4 * address + (l.outInterface != 0 ? 2 : 0) + (ownFamily ? 1 : 0);
    }
}
