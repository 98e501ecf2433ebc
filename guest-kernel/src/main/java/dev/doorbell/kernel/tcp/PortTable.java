package dev.doorbell.kernel.tcp;

import dev.doorbell.kernel.inet.Endpoints;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/** Who holds which local port, and the choice of ephemeral ports (RFC 6056 §3.3.3: hashed start, then on from there). */
final class PortTable {
    /** One holder of a port: a bound or connected socket, a child, or TIME-WAIT. Intrusive list per port. */
    static final class Holder {
        final int port;
        long addressHigh, addressLow;
        int outInterface;
        /** IPV6_V6ONLY. */
        boolean v6Only;

        boolean reuseAddress, reusePort, listening;
        /** Taken by connect: the port may be shared as long as the four values differ. */
        boolean byConnect;

        @Nullable
        Holder next;

        @Nullable
        Holder previous;

        Holder(int port, long addressHigh, long addressLow) {
            this.port = port;
            this.addressHigh = addressHigh;
            this.addressLow = addressLow;
        }

        boolean overlaps(Holder other) {
            return Endpoints.overlap(
                    addressHigh, addressLow, v6Only, other.addressHigh, other.addressLow, other.v6Only);
        }
    }

    private final @Nullable Holder[] ports = new Holder[65_536];
    private final TcpConfig config;
    private final SplittableRandom random;
    private final long key;

    PortTable(TcpConfig config, SplittableRandom random) {
        this.config = config;
        this.random = random;
        this.key = random.nextLong();
    }

    void add(Holder holder) {
        Holder first = ports[holder.port];
        holder.next = first;
        holder.previous = null;
        if (first != null) {
            first.previous = holder;
        }
        ports[holder.port] = holder;
    }

    void remove(Holder holder) {
        if (holder.previous == null) {
            ports[holder.port] = holder.next;
        } else {
            holder.previous.next = holder.next;
        }
        if (holder.next != null) {
            holder.next.previous = holder.previous;
        }
        holder.next = holder.previous = null;
    }

    /**
     * True when {@code wanted}, in the table already or not, may not have its port, or not listen there: the rules of
     * SO_REUSEADDR and SO_REUSEPORT as Linux has them.
     */
    boolean conflicts(Holder wanted) {
        for (Holder other = ports[wanted.port]; other != null; other = other.next) {
            if (other == wanted) {
                continue;
            }
            boolean overlap = wanted.overlaps(other);
            boolean sameInterface =
                    wanted.outInterface == 0 || other.outInterface == 0 || wanted.outInterface == other.outInterface;
            if (!overlap || !sameInterface) {
                continue;
            }
            boolean reuse = wanted.reuseAddress && other.reuseAddress && !other.listening;
            boolean share = wanted.reusePort && other.reusePort;
            if (!reuse && !share) {
                return true;
            }
        }
        return false;
    }

    /** A free port for bind(0). @return 0: none left */
    int ephemeral(Holder like) {
        int count = config.ephemeralHigh - config.ephemeralLow + 1;
        int start = random.nextInt(count);
        for (int i = 0; i < count; i++) {
            int port = config.ephemeralLow + (start + i) % count;
            if (ports[port] == null) {
                return port;
            }
        }
        for (int i = 0; i < count; i++) {
            int port = config.ephemeralLow + (start + i) % count;
            Holder wanted = new Holder(port, like.addressHigh, like.addressLow);
            wanted.v6Only = like.v6Only;
            wanted.reuseAddress = like.reuseAddress;
            wanted.reusePort = like.reusePort;
            if (!conflicts(wanted)) {
                return port;
            }
        }
        return 0;
    }

    /**
     * A port for connect, not used with this peer; written into {@code ends}.
     *
     * @return 0: none left
     */
    int ephemeral(Tcp tcp, Endpoints ends) {
        int count = config.ephemeralHigh - config.ephemeralLow + 1;
        ends.localPort = 0;
        long h = ends.hash(key) & 0xFFFF_FFFFL;
        int start = (int) (h % count) + random.nextInt(8) * 2;
        for (int i = 0; i < count; i++) {
            int port = config.ephemeralLow + (start + i) % count;
            Holder first = ports[port];
            boolean shareable = true;
            for (Holder other = first; other != null; other = other.next) {
                shareable &= other.byConnect;
            }
            ends.localPort = port;
            if (shareable && tcp.mayUse(ends)) {
                return port;
            }
        }
        ends.localPort = 0;
        return 0;
    }
}
