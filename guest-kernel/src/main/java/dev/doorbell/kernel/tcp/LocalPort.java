package dev.doorbell.kernel.tcp;

import dev.doorbell.kernel.core.Errno;
import dev.doorbell.kernel.inet.Endpoints;
import org.jspecify.annotations.Nullable;

/**
 * The local port of one stream socket: how it was come by, and the socket's place in the {@link PortTable} until a
 * connection takes that over.
 */
final class LocalPort {
    private final TcpSock sock;
    private PortTable.@Nullable Holder holder;
    /** The port was asked for by bind: it stays this socket's as long as that lives. */
    private boolean asked;

    LocalPort(TcpSock sock) {
        this.sock = sock;
    }

    /** The place in the table, while it is the socket's own and not its connection's. */
    PortTable.@Nullable Holder holder() {
        return holder;
    }

    /** bind, or a choice of its own, has given the socket a port that it keeps or has not used yet. */
    boolean isTaken() {
        return asked || holder != null;
    }

    /** bind has given the socket a port that it keeps. */
    boolean isAsked() {
        return asked;
    }

    /**
     * bind with an address that was found good.
     *
     * @param port 0: any free one
     * @return 0 or -EADDRINUSE
     */
    int bind(long high, long low, int port) {
        int result = take(high, low, port);
        asked = result == 0 && port != 0;
        return result;
    }

    /** As {@link #bind}, but without the promise to keep the port: for listen on a socket that was never bound. */
    int take(long high, long low, int port) {
        PortTable ports = sock.tcp.ports;
        PortTable.Holder wanted = claim(port, high, low);
        if (port == 0) {
            int free = ports.ephemeral(wanted);
            if (free == 0) {
                return Errno.EADDRINUSE.negated();
            }
            wanted = claim(free, high, low);
        } else if (ports.conflicts(wanted)) {
            return Errno.EADDRINUSE.negated();
        }
        ports.add(wanted);
        holder = wanted;
        sock.ends.local(high, low, wanted.port);
        sock.addressBound = !sock.ends.isLocalAny();
        return 0;
    }

    private PortTable.Holder claim(int port, long high, long low) {
        PortTable.Holder claim = new PortTable.Holder(port, high, low);
        claim.v6Only = sock.v6Only;
        claim.outInterface = sock.boundInterface;
        claim.reuseAddress = sock.reuseAddress;
        claim.reusePort = sock.reusePort;
        return claim;
    }

    /** The place in the table goes over to a connection; one is made where bind has made none. */
    PortTable.Holder handOver(Endpoints chosen) {
        PortTable.Holder held = holder;
        if (held == null) {
            held = claim(chosen.localPort, chosen.localHigh, chosen.localLow);
            held.byConnect = true;
            sock.tcp.ports.add(held);
        }
        holder = null;
        return held;
    }

    /** The connection is over: a port that bind has asked for stays this socket's. */
    void reclaim(TcpConnection c) {
        if (asked && c.holder != null) {
            holder = c.holder;
            c.holder = null;
        }
    }

    /** The socket is without a connection again: a port that bind has asked for, and a TIME-WAIT has got, is taken again. */
    void takeBack(int port) {
        PortTable.Holder held = holder;
        if (held != null) {
            sock.ends.localPort = held.port;
        } else if (asked && port != 0) {
            take(sock.ends.localHigh, sock.ends.localLow, port);
        }
    }

    void release() {
        PortTable.Holder held = holder;
        if (held != null) {
            sock.tcp.ports.remove(held);
            holder = null;
        }
    }
}
