package dev.doorbell.kernel.tcp;

import static dev.doorbell.kernel.socket.SocketConstants.INADDR_ANY;
import static dev.doorbell.kernel.socket.SocketConstants.INADDR_LOOPBACK;

import dev.doorbell.kernel.core.Errno;
import dev.doorbell.kernel.inet.Endpoints;
import dev.doorbell.kernel.ipv4.SendOptions;
import dev.doorbell.kernel.tcp.TcpMib.Counter;
import org.jspecify.annotations.Nullable;

/**
 * OPEN to a peer, RFC 9293 §3.10.1, and what a stream socket remembers of it: the first connect makes the SYN, later
 * ones ask how it went.
 */
final class ActiveOpen {
    private final TcpSock sock;
    private final Tcp tcp;
    /** An attempt was made, and no call has told its result yet. */
    private boolean pending;
    /** Shut down after an attempt has failed: another one, or listen, is refused. */
    private boolean refused;
    /** TCP_FASTOPEN_CONNECT: connected as far as the application knows, but no SYN is sent before it writes. */
    private boolean deferred;

    ActiveOpen(TcpSock sock) {
        this.sock = sock;
        this.tcp = sock.tcp;
    }

    boolean isPending() {
        return pending;
    }

    boolean isRefused() {
        return refused;
    }

    boolean isDeferred() {
        return deferred;
    }

    /** The SYN goes out. */
    void noLongerDeferred() {
        deferred = false;
    }

    /** shutdown of a connection that has come about: no later connect asks how it went. */
    void told() {
        pending = false;
    }

    /** shutdown without a connection: after an attempt that failed only the protocol's own states go on from here. */
    void shutDown() {
        refused = pending;
    }

    /** Back to a socket that was never connected. */
    void forget() {
        pending = false;
        refused = false;
        deferred = false;
    }

    /** The result of an attempt that has failed since. @return negated errno */
    int failure() {
        pending = false;
        int error = sock.takeError();
        return error != 0 ? error : Errno.ECONNABORTED.negated();
    }

    /**
     * The first call.
     *
     * @param wanted the remote end and, where bind has given one, the local end; completed here
     * @return -EINPROGRESS, 0 when connect is put off to the first write, or why not
     */
    int connect(Endpoints wanted, @Nullable SendOptions ipOptions) {
        if (wanted.isV4() && wanted.remoteV4() == INADDR_ANY) { // this host: where it is bound, or the loopback
            wanted.remoteV4(wanted.isLocalAny() ? INADDR_LOOPBACK : wanted.localV4(), wanted.remotePort);
        }
        if (tcp.network.isMulticastOrBroadcast(wanted.remoteHigh, wanted.remoteLow)) {
            return Errno.ENETUNREACH.negated();
        }
        Path path = tcp.network.path(wanted, sock.boundInterface, ipOptions);
        if (path == null) {
            return Errno.ENETUNREACH.negated();
        }
        if (wanted.isLocalAny()) {
            wanted.local(path.sourceHigh(), path.sourceLow(), wanted.localPort);
        }
        if (wanted.localPort == 0) {
            if (tcp.ports.ephemeral(tcp, wanted) == 0) {
                return Errno.EADDRNOTAVAIL.negated();
            }
        } else if (!tcp.mayUse(wanted)) {
            return Errno.EADDRNOTAVAIL.negated();
        }
        return open(path, wanted);
    }

    /** A later call. */
    int again(TcpConnection c) {
        if (deferred) {
            return Errno.EISCONN.negated();
        }
        if (c.state() == TcpState.SYN_SENT || c.state() == TcpState.SYN_RECV) {
            return Errno.EALREADY.negated();
        }
        if (!pending) {
            return Errno.EISCONN.negated();
        }
        if (c.state() == TcpState.CLOSE) {
            int error = failure();
            sock.disconnect();
            return error;
        }
        pending = false;
        return 0; // the first call's result, asked for again
    }

    private int open(Path path, Endpoints chosen) {
        int iss = tcp.initialSequence(chosen);
        if (tcp.flows.find(chosen) instanceof TimeWait old) {
            iss = old.nextIss();
            tcp.timeWait.kill(old);
            tcp.mib.inc(Counter.TCPTimeWaitReused);
        }
        TcpSettings settings = sock.settings;
        sock.ends.copyFrom(chosen);
        sock.syncSettings();
        sock.pendingError(0); // of a connection that was dissolved
        TcpConnection c = new TcpConnection(tcp, chosen, path, settings);
        c.holder = sock.port.handOver(chosen);
        c.sock = sock;
        sock.connection = c;
        pending = true;
        c.iss = iss;
        c.tsOffset = tcp.timestampOffset(c);
        c.sndUna = c.sndNxt = c.writeSeq = c.sndSml = c.sndUrgent = c.iss;
        c.advertisedMss = tcp.advertisedMss(path, settings);
        c.peerMss = settings.userMss != 0 ? Math.min(settings.userMss, c.advertisedMss) : c.advertisedMss;
        c.rcvWscale = ReceiveWindow.scaleFor(settings, tcp.config());
        c.rcvWnd = ReceiveWindow.initial(settings, c.advertisedMss);
        c.rcvSsthresh = c.rcvWnd;
        tcp.output.syncMss(c, c.pathMtuNow());
        tcp.setState(c, TcpState.SYN_SENT);
        tcp.flows.put(c);
        tcp.mib.inc(Counter.ActiveOpens);
        if (settings.fastOpenConnect && sock.fastOpen == null && tcp.fastOpenClient.defersConnect(c)) {
            deferred = true;
            return 0;
        }
        tcp.output.sendSyn(c);
        sock.fastOpen = null;
        return Errno.EINPROGRESS.negated();
    }
}
