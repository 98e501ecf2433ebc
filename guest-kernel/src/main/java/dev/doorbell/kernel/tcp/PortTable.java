package dev.doorbell.kernel.tcp;

import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/** Who holds which local port, and the choice of ephemeral ports (RFC 6056 §3.3.3: hashed start, then on from there). */
final class PortTable {
    /** One holder of a port: a bound or connected socket, a child, or TIME-WAIT. Intrusive list per port. */
    static final class Holder {
        final int port;
        int address, outInterface;
        boolean reuseAddress, reusePort, listening;
        /** Taken by connect: the port may be shared as long as the four values differ. */
        boolean byConnect;

        @Nullable
        Holder next;

        @Nullable
        Holder previous;

        Holder(int port) {
            this.port = port;
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

    /** True when {@code wanted} may not have its port: O1 of SO_REUSEADDR and SO_REUSEPORT as Linux has them. */
    boolean conflicts(Holder wanted) {
        for (Holder other = ports[wanted.port]; other != null; other = other.next) {
            if (other == wanted) {
                continue;
            }
            boolean overlap = wanted.address == 0 || other.address == 0 || wanted.address == other.address;
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

    /** True when listening on a port that others with SO_REUSEADDR are bound to already. */
    boolean listenConflicts(Holder wanted) {
        for (Holder other = ports[wanted.port]; other != null; other = other.next) {
            if (other != wanted
                    && other.listening
                    && !(wanted.reusePort && other.reusePort)
                    && (wanted.address == 0 || other.address == 0 || wanted.address == other.address)) {
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
            Holder wanted = new Holder(port);
            wanted.address = like.address;
            wanted.reuseAddress = like.reuseAddress;
            wanted.reusePort = like.reusePort;
            if (!conflicts(wanted)) {
                return port;
            }
        }
        return 0;
    }

    /** A port for connect, not used with this peer. @return 0: none left */
    int ephemeral(Tcp tcp, int localAddress, int remoteAddress, int remotePort) {
        int count = config.ephemeralHigh - config.ephemeralLow + 1;
        long h = (key ^ ((long) remoteAddress << 32 | localAddress & 0xFFFF_FFFFL)) * 0x9E37_79B9_7F4A_7C15L;
        h = (h ^ remotePort) * 0xC2B2_AE3D_27D4_EB4FL;
        int start = (int) ((h >>> 33) % count) + random.nextInt(8) * 2;
        for (int i = 0; i < count; i++) {
            int port = config.ephemeralLow + (start + i) % count;
            Holder first = ports[port];
            boolean shareable = true;
            for (Holder other = first; other != null; other = other.next) {
                shareable &= other.byConnect;
            }
            if (shareable && tcp.mayUse(localAddress, port, remoteAddress, remotePort)) {
                return port;
            }
        }
        return 0;
    }
}
