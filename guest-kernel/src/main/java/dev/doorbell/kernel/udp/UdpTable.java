package dev.doorbell.kernel.udp;

import dev.doorbell.kernel.core.Errno;
import dev.doorbell.kernel.inet.Endpoints;
import dev.doorbell.kernel.socket.SocketConstants;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/** UDP sockets by local port: struct udp_table. Best match wins: connected before bound before wildcard. */
final class UdpTable {
    /** net.ipv4.ip_local_port_range. */
    private static final int FIRST_EPHEMERAL = 32_768, LAST_EPHEMERAL = 60_999;

    private static final int BUCKETS = 1024;
    private static final int EXACT = 4;

    private final @Nullable UdpSock[] buckets = new @Nullable UdpSock[BUCKETS];
    private final SplittableRandom random;
    private final long hashSeed;

    UdpTable(SplittableRandom random) {
        this.random = random;
        this.hashSeed = random.nextLong();
    }

    @Nullable
    UdpSock first(int port) {
        return buckets[port & (BUCKETS - 1)];
    }

    /**
     * Gives {@code sock} a port.
     *
     * @param wanted 0: a free one at random, RFC 6056
     * @return 0, or -EADDRINUSE (-EAGAIN when no port is free)
     */
    int bind(UdpSock sock, int wanted) {
        if (wanted != 0) {
            if (conflicts(sock, wanted)) {
                return Errno.EADDRINUSE.negated();
            }
            insert(sock, wanted);
            return 0;
        }
        int count = LAST_EPHEMERAL - FIRST_EPHEMERAL + 1;
        int start = random.nextInt(count);
        for (int i = 0; i < count; i++) {
            int port = FIRST_EPHEMERAL + (start + i) % count;
            // An ephemeral port is never shared, whatever the options say.
            if (!isUsed(port)) {
                insert(sock, port);
                return 0;
            }
        }
        return Errno.EADDRINUSE.negated();
    }

    private void insert(UdpSock sock, int port) {
        sock.ends.localPort = port;
        int bucket = port & (BUCKETS - 1);
        sock.nextInBucket = buckets[bucket];
        buckets[bucket] = sock;
    }

    void remove(UdpSock sock) {
        int bucket = sock.ends.localPort & (BUCKETS - 1);
        UdpSock previous = null;
        for (UdpSock entry = buckets[bucket]; entry != null; entry = entry.nextInBucket) {
            if (entry == sock) {
                if (previous == null) {
                    buckets[bucket] = sock.nextInBucket;
                } else {
                    previous.nextInBucket = sock.nextInBucket;
                }
                sock.nextInBucket = null;
                return;
            }
            previous = entry;
        }
    }

    private boolean isUsed(int port) {
        for (UdpSock other = first(port); other != null; other = other.nextInBucket) {
            if (other.ends.localPort == port) {
                return true;
            }
        }
        return false;
    }

    private boolean conflicts(UdpSock sock, int port) {
        for (UdpSock other = first(port); other != null; other = other.nextInBucket) {
            boolean sameDevice = sock.boundInterface == 0
                    || other.boundInterface == 0
                    || sock.boundInterface == other.boundInterface;
            boolean sameAddress = Endpoints.overlap(
                    sock.ends.localHigh,
                    sock.ends.localLow,
                    sock.v6Only,
                    other.ends.localHigh,
                    other.ends.localLow,
                    other.v6Only);
            boolean shared = sock.reuseAddress && other.reuseAddress || sock.reusePort && other.reusePort;
            if (other != sock && other.ends.localPort == port && sameDevice && sameAddress && !shared) {
                return true;
            }
        }
        return false;
    }

    /** The socket that a unicast datagram belongs to, or null. Among equals with SO_REUSEPORT, by hash of the flow. */
    @Nullable
    UdpSock lookup(Endpoints ends, int interfaceIndex) {
        UdpSock best = null;
        int bestScore = -1;
        int equals = 0;
        for (UdpSock sock = first(ends.localPort); sock != null; sock = sock.nextInBucket) {
            int score = score(sock, ends, interfaceIndex);
            if (score > bestScore) {
                best = sock;
                bestScore = score;
                equals = 1;
            } else if (score >= 0 && score == bestScore && sock.reusePort) {
                equals++;
                long hash = (ends.hash(hashSeed) & 0xFFFF_FFFFL) * (0x9E37_79B9L + equals);
                if (((hash & 0xFFFF_FFFFL) * equals >>> 32) == 0) {
                    best = sock;
                }
            }
        }
        return best;
    }

    /**
     * How closely a socket fits a packet; below 0: it is not for it.
     *
     * @param ends as the socket has them: local is the packet's destination
     */
    static int score(UdpSock sock, Endpoints ends, int interfaceIndex) {
        Endpoints own = sock.ends;
        if (own.localPort != ends.localPort) {
            return -1;
        }
        int address = Endpoints.matchLocal(own.localHigh, own.localLow, sock.v6Only, ends.localHigh, ends.localLow);
        if (address < 0 || own.scope != 0 && own.scope != interfaceIndex) {
            return -1;
        }
        // A socket of IPv4 alone is closer to an IPv4 packet than a dual-stack one.
        int score = address * EXACT + (ends.isV4() == (sock.domain() == SocketConstants.AF_INET) ? 1 : 0);
        if (!own.isRemoteAny()) {
            if (own.remoteLow != ends.remoteLow
                    || own.remoteHigh != ends.remoteHigh
                    || own.remotePort != ends.remotePort) {
                return -1;
            }
            score += 2 * EXACT;
        }
        if (sock.boundInterface != 0) {
            if (sock.boundInterface != interfaceIndex) {
                return -1;
            }
            score += EXACT;
        }
        return score;
    }
}
