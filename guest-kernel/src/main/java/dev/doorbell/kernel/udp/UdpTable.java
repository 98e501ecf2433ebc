package dev.doorbell.kernel.udp;

import dev.doorbell.kernel.core.Errno;
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
    private final int hashSeed;

    UdpTable(SplittableRandom random) {
        this.random = random;
        this.hashSeed = random.nextInt();
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
        sock.localPort = port;
        int bucket = port & (BUCKETS - 1);
        sock.nextInBucket = buckets[bucket];
        buckets[bucket] = sock;
    }

    void remove(UdpSock sock) {
        int bucket = sock.localPort & (BUCKETS - 1);
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
            if (other.localPort == port) {
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
            boolean sameAddress =
                    sock.localAddress == 0 || other.localAddress == 0 || sock.localAddress == other.localAddress;
            boolean shared = sock.reuseAddress && other.reuseAddress || sock.reusePort && other.reusePort;
            if (other != sock && other.localPort == port && sameDevice && sameAddress && !shared) {
                return true;
            }
        }
        return false;
    }

    /** The socket that a unicast datagram belongs to, or null. Among equals with SO_REUSEPORT, by hash of the flow. */
    @Nullable
    UdpSock lookup(int destination, int destinationPort, int source, int sourcePort, int interfaceIndex) {
        UdpSock best = null;
        int bestScore = -1;
        int equals = 0;
        for (UdpSock sock = first(destinationPort); sock != null; sock = sock.nextInBucket) {
            int score = score(sock, destination, destinationPort, source, sourcePort, interfaceIndex);
            if (score > bestScore) {
                best = sock;
                bestScore = score;
                equals = 1;
            } else if (score >= 0 && score == bestScore && sock.reusePort) {
                equals++;
                long hash = flowHash(destination, destinationPort, source, sourcePort) * (0x9E37_79B9L + equals);
                if (((hash & 0xFFFF_FFFFL) * equals >>> 32) == 0) {
                    best = sock;
                }
            }
        }
        return best;
    }

    /** Below 0: not for this socket. */
    static int score(
            UdpSock sock, int destination, int destinationPort, int source, int sourcePort, int interfaceIndex) {
        if (sock.localPort != destinationPort) {
            return -1;
        }
        int score = 0;
        if (sock.localAddress != 0) {
            if (sock.localAddress != destination) {
                return -1;
            }
            score += EXACT;
        }
        if (sock.remoteAddress != 0) {
            if (sock.remoteAddress != source || sock.remotePort != sourcePort) {
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

    private long flowHash(int destination, int destinationPort, int source, int sourcePort) {
        int hash = (source ^ hashSeed) * 0x9E37_79B9 + destination * 0x85EB_CA6B;
        hash += (sourcePort << 16 | destinationPort) * 0xC2B2_AE35;
        return (hash ^ hash >>> 15) & 0xFFFF_FFFFL;
    }
}
