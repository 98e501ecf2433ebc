package dev.doorbell.kernel.tcp;

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
    TcpListener find(int address, int port, int remoteAddress, int remotePort, int inInterface) {
        TcpListener best = null;
        int bestScore = -1;
        int equals = 0;
        for (TcpListener l = ports[port]; l != null; l = l.next) {
            int score = score(l, address, inInterface);
            if (score > bestScore) {
                best = l;
                bestScore = score;
                equals = 1;
            } else if (score == bestScore && score >= 0) {
                equals++;
            }
        }
        return equals > 1 ? pick(address, port, remoteAddress, remotePort, inInterface, bestScore, equals) : best;
    }

    private @Nullable TcpListener pick(
            int address, int port, int remoteAddress, int remotePort, int inInterface, int score, int count) {
        long hash =
                KeyedHash.of(key, (long) address << 32 | remoteAddress & 0xFFFF_FFFFL, (long) port << 16 | remotePort);
        int skip = (int) ((hash >>> 33) % count);
        TcpListener l = ports[port];
        while (l != null && (score(l, address, inInterface) != score || skip-- > 0)) {
            l = l.next;
        }
        return l;
    }

    /** How closely a listener is bound to what a segment came for; below 0: it is not for it. */
    private static int score(TcpListener l, int address, int inInterface) {
        if ((l.address != 0 && l.address != address) || (l.outInterface != 0 && l.outInterface != inInterface)) {
            return -1;
        }
        return (l.address != 0 ? 2 : 0) + (l.outInterface != 0 ? 1 : 0);
    }
}
