package dev.doorbell.kernel.tcp;

import static dev.doorbell.kernel.socket.SocketConstants.*;

import dev.doorbell.bus.wire.Ipv6Address;
import dev.doorbell.kernel.core.Errno;
import dev.doorbell.kernel.inet.Endpoints;
import dev.doorbell.kernel.inet.InetSock;
import dev.doorbell.kernel.inet.InetStack;
import dev.doorbell.kernel.socket.Message;
import dev.doorbell.kernel.socket.Sock;
import dev.doorbell.kernel.socket.SockAddr;
import dev.doorbell.kernel.socket.SocketOptions;
import dev.doorbell.kernel.tcp.TcpMib.Counter;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A stream socket: the application's end of a connection or a listener. All calls return at once, with a count, 0 or a
 * negated errno; blocking is built on top.
 */
public final class TcpSock extends InetSock {
    final Tcp tcp;
    final TcpSettings settings;

    @Nullable
    TcpConnection connection;

    private @Nullable TcpListener listener;
    private PortTable.@Nullable Holder holder;
    /** A writer has run into a full send buffer. */
    boolean wantsSpace;

    private boolean connecting;
    /** The port was asked for by bind: it stays this socket's as long as that lives. */
    private boolean portBound;
    /** Shut down after an attempt to connect has failed: another one, or listen, is refused. */
    private boolean shutDownUnconnected;
    /** TCP_FASTOPEN_CONNECT: connected as far as the application knows, but no SYN is sent before it writes. */
    private boolean deferredConnect;
    /** What nobody has fetched with MSG_ERRQUEUE yet. */
    final SockErrors errors = new SockErrors(this);
    /** TCP_INQ: each receive call tells how much is left. */
    boolean receiveQueueHint;
    /** Of a listener: fast opens whose handshake may be open at a time. */
    private int fastOpenQueueLength;
    /** The fast open under way: between its beginning and the SYN. */
    @Nullable
    FastOpenRequest fastOpen;
    /** After release: what it was connected by, until its FIN is acknowledged. */
    private @Nullable TcpConnection closing;

    TcpSock(Tcp tcp, @Nullable InetStack stack, int domain) {
        this(tcp, stack, domain, new TcpSettings(tcp.config()));
    }

    private TcpSock(Tcp tcp, @Nullable InetStack stack, int domain, TcpSettings settings) {
        super(tcp.kernel, stack, domain, SOCK_STREAM, IPPROTO_TCP);
        this.tcp = tcp;
        this.settings = settings;
        receiveBufferBytes = settings.receiveBufferBytes;
        sendBufferBytes = settings.sendBufferBytes;
    }

    /** A child of a listening socket: inherits its options. */
    TcpSock(Tcp tcp, TcpSock parent, TcpConnection c) {
        this(tcp, parent.stackOrNull(), parent.domain(), c.settings);
        connection = c;
        ends.copyFrom(c);
        ipOptions = settings.ipOptions;
        inherit(parent);
    }

    // ---- addresses

    @Override
    public int bind(SockAddr address) {
        Endpoints wanted = new Endpoints();
        int error = readLocal(address, wanted, hasPort());
        if (error != 0) {
            return error;
        }
        ends.scope = wanted.scope;
        if (bindAddressNoPort && wanted.localPort == 0) {
            ends.local(wanted.localHigh, wanted.localLow, 0);
            addressBound = !ends.isLocalAny();
            return 0;
        }
        int result = bind(wanted.localHigh, wanted.localLow, wanted.localPort);
        portBound = result == 0 && wanted.localPort != 0;
        if (result == 0 && tcp.network.isMulticastOrBroadcast(wanted.localHigh, wanted.localLow)) {
            unbind(); // what is sent has a source by its route
            addressBound = false;
        }
        return result;
    }

    @Override
    protected boolean mayBindV4(int address) {
        long low = Ipv6Address.ofV4(address);
        return address == INADDR_ANY
                || freeBind
                || tcp.network.isLocal(0, low)
                || tcp.network.isMulticastOrBroadcast(0, low); // of no use, but Linux lets it pass
    }

    private int bind(long high, long low, int port) {
        PortTable.Holder wanted = claim(port, high, low);
        if (port == 0) {
            int free = tcp.ports.ephemeral(wanted);
            if (free == 0) {
                return Errno.EADDRINUSE.negated();
            }
            wanted = claim(free, high, low);
        } else if (tcp.ports.conflicts(wanted)) {
            return Errno.EADDRINUSE.negated();
        }
        tcp.ports.add(wanted);
        holder = wanted;
        ends.local(high, low, wanted.port);
        addressBound = !ends.isLocalAny();
        return 0;
    }

    /** An attempt to connect that failed has given its port back. */
    @Override
    protected boolean hasPort() {
        TcpConnection c = connection;
        boolean alive = c != null && c.state() != TcpState.CLOSE;
        return alive || portBound || listener != null || holder != null;
    }

    private PortTable.Holder claim(int port, long high, long low) {
        PortTable.Holder claim = new PortTable.Holder(port, high, low);
        claim.v6Only = v6Only;
        claim.outInterface = boundInterface;
        claim.reuseAddress = reuseAddress;
        claim.reusePort = reusePort;
        return claim;
    }

    private void releasePort() {
        PortTable.Holder held = holder;
        if (held != null) {
            tcp.ports.remove(held);
            holder = null;
        }
    }

    // ---- opening

    @Override
    public int connect(SockAddr address, int flags) {
        if (address.family() == AF_UNSPEC) {
            return disconnect();
        }
        if (shutDownUnconnected) {
            return Errno.EINVAL.negated();
        }
        if (listener != null) {
            return Errno.EISCONN.negated();
        }
        TcpConnection c = connection;
        if (c != null) {
            return connectAgain(c);
        }
        if (connecting) { // the attempt has failed since
            connecting = false;
            int error = takeError();
            return error != 0 ? error : Errno.ECONNABORTED.negated();
        }
        Endpoints wanted = new Endpoints(ends);
        int refusal = readRemote(address, wanted);
        if (refusal != 0) {
            return refusal;
        }
        if (wanted.isV4() && wanted.remoteV4() == INADDR_ANY) { // this host: where it is bound, or the loopback
            wanted.remoteV4(wanted.isLocalAny() ? INADDR_LOOPBACK : wanted.localV4(), wanted.remotePort);
        }
        if (tcp.network.isMulticastOrBroadcast(wanted.remoteHigh, wanted.remoteLow)) {
            return Errno.ENETUNREACH.negated();
        }
        Path path = tcp.network.path(wanted, boundInterface, ipOptions);
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

    private int connectAgain(TcpConnection c) {
        if (deferredConnect) {
            return Errno.EISCONN.negated();
        }
        if (c.state() == TcpState.SYN_SENT || c.state() == TcpState.SYN_RECV) {
            return Errno.EALREADY.negated();
        }
        if (c.state() == TcpState.CLOSE && connecting) {
            int error = takeError();
            disconnect();
            return error != 0 ? error : Errno.ECONNABORTED.negated();
        }
        if (connecting) {
            connecting = false;
            return 0; // the first call's result, asked for again
        }
        return Errno.EISCONN.negated();
    }

    /** @return -EINPROGRESS, or 0 when connect is put off to the first write */
    private int open(Path path, Endpoints chosen) {
        int iss = tcp.initialSequence(chosen);
        if (tcp.flows.find(chosen) instanceof TimeWait old) {
            iss = old.nextIss();
            tcp.timeWait.kill(old);
            tcp.mib.inc(Counter.TCPTimeWaitReused);
        }
        ends.copyFrom(chosen);
        syncSettings();
        TcpConnection c = new TcpConnection(tcp, chosen, path, settings);
        PortTable.Holder held = holder;
        if (held == null) {
            held = claim(chosen.localPort, chosen.localHigh, chosen.localLow);
            held.byConnect = true;
            tcp.ports.add(held);
        }
        c.holder = held;
        holder = null;
        c.sock = this;
        connection = c;
        connecting = true;
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
        if (settings.fastOpenConnect && fastOpen == null) {
            if (tcp.fastOpenClient.defersConnect(c)) {
                deferredConnect = true;
                return 0;
            }
        }
        tcp.output.sendSyn(c);
        fastOpen = null;
        return Errno.EINPROGRESS.negated();
    }

    boolean deferredConnect() {
        return deferredConnect;
    }

    /** The SYN goes out. */
    void connectNoLongerDeferred() {
        deferredConnect = false;
    }

    @Override
    public boolean isOpening() {
        TcpConnection c = connection;
        return c != null && c.state() == TcpState.SYN_SENT && !deferredConnect;
    }

    /** connect to AF_UNSPEC, and abortive close: RST when the peer still believes in the connection. */
    private int disconnect() {
        int port = portBound ? ends.localPort : 0;
        closeListener();
        TcpConnection c = connection;
        if (c != null) {
            switch (c.state()) {
                case ESTABLISHED, CLOSE_WAIT, FIN_WAIT1, FIN_WAIT2, SYN_RECV -> tcp.output.sendActiveReset(c);
                default -> {}
            }
            connection = null;
            c.sock = null;
            tcp.done(c);
            c.receiveQueue.clear();
        }
        connecting = false;
        shutDownUnconnected = false;
        deferredConnect = false;
        dissolve();
        ends.localPort = 0;
        shutdownMask = 0;
        if (!addressBound) {
            unbind();
        }
        if (port != 0 && holder == null) {
            bind(ends.localHigh, ends.localLow, port);
        } else if (holder != null) {
            ends.localPort = holder.port;
        }
        return 0;
    }

    @Override
    public int listen(int backlog) {
        if (connection != null) {
            return Errno.EINVAL.negated();
        }
        if (listener != null) {
            listener.backlog(backlog);
            return 0;
        }
        if (holder == null) {
            int error = bind(ends.localHigh, ends.localLow, 0);
            if (error < 0) {
                return error;
            }
        }
        PortTable.Holder held = holder;
        if (held == null || tcp.ports.listenConflicts(held)) {
            return Errno.EADDRINUSE.negated();
        }
        syncSettings();
        held.listening = true;
        TcpListener made = new TcpListener(tcp, this, held, backlog);
        made.fastOpenQueue.most(fastOpenBacklog(backlog));
        listener = made;
        acceptsConnections = true;
        tcp.listeners.add(made);
        return 0;
    }

    /** TCP_FASTOPEN's value, or the backlog where the system gives fast open to all listeners. */
    private int fastOpenBacklog(int backlog) {
        int both = FastOpenServer.ENABLED | FastOpenServer.ALL_LISTENERS;
        boolean all = (tcp.config().fastopen & both) == both;
        return fastOpenQueueLength != 0 || !all ? fastOpenQueueLength : Math.min(backlog, tcp.config().somaxconn);
    }

    /** TCP_FASTOPEN. */
    void fastOpenQueueLength(int connections) {
        fastOpenQueueLength = Math.min(connections, tcp.config().somaxconn);
        TcpListener l = listener;
        if (l != null) {
            l.fastOpenQueue.most(fastOpenQueueLength);
        }
    }

    int fastOpenQueueLength() {
        TcpListener l = listener;
        return l != null ? l.fastOpenQueue.most() : fastOpenQueueLength;
    }

    @Override
    public @Nullable Sock accept() {
        TcpListener l = listener;
        TcpSock child = l == null ? null : l.accept();
        if (child != null && child.connection != null) {
            child.connection.listener = null;
        }
        return child;
    }

    @Override
    public int acceptError() {
        return listener == null ? Errno.EINVAL.negated() : Errno.EAGAIN.negated();
    }

    @Override
    protected int takeSoftError() {
        TcpConnection c = connection;
        int error = c == null ? 0 : c.softError;
        if (c != null) {
            c.softError = 0;
        }
        return error;
    }

    // ---- data

    @Override
    public long sendmsg(Message message, int flags) {
        if ((flags & MSG_FASTOPEN) != 0 || deferredConnect) {
            long opened = tcp.fastOpenClient.send(this, message, flags);
            if (opened != 0) {
                return opened;
            }
            // The handshake that an earlier call has begun is over: an ordinary send.
        }
        TcpConnection c = connection;
        if (c == null) {
            int error = takeError();
            return error != 0 ? error : Errno.EPIPE.negated();
        }
        if (c.isConnecting()) {
            return pendingError() != 0 ? takeError() : Errno.EAGAIN.negated();
        }
        return TcpSend.send(tcp, this, c, message.data, message.pieces, flags);
    }

    @Override
    public long recvmsg(Message message, int flags) {
        if ((flags & MSG_ERRQUEUE) != 0) {
            return errors.receive(message);
        }
        TcpConnection c = connection;
        if (c == null) {
            int error = takeError();
            if (error != 0) {
                return error;
            }
            if (listener != null) {
                return Errno.ENOTCONN.negated();
            }
            if ((flags & MSG_OOB) != 0) {
                return Errno.EINVAL.negated();
            }
            return (shutdownMask & RCV_SHUTDOWN) != 0 ? 0 : Errno.ENOTCONN.negated();
        }
        message.flags = 0;
        return TcpReceive.receive(tcp, this, c, message, flags);
    }

    boolean hasErrors() {
        return pendingError() != 0 || !errors.isEmpty();
    }

    @Override
    public int poll() {
        return TcpPoll.mask(this, connection, listener, connecting);
    }

    @Override
    public int ioctl(int request) {
        TcpConnection c = connection;
        if (c == null) {
            boolean known = request == FIONREAD || request == SIOCOUTQ || request == SIOCATMARK;
            boolean counts = request != SIOCATMARK && listener != null;
            return !known ? Errno.ENOTTY.negated() : counts ? Errno.EINVAL.negated() : 0;
        }
        return switch (request) {
            case FIONREAD -> TcpReceive.availableToMark(this, c);
            case SIOCOUTQ -> c.state() == TcpState.SYN_SENT ? 0 : c.writeSeq - c.sndUna;
            case SIOCATMARK -> c.urgentData != 0 && c.urgentSeq == c.copiedSeq ? 1 : 0;
            default -> Errno.ENOTTY.negated();
        };
    }

    @Override
    public int receivable() {
        TcpConnection c = connection;
        return c == null ? 0 : TcpReceive.available(c);
    }

    @Override
    public int receiveMemoryBytes() {
        TcpConnection c = connection;
        return c == null ? 0 : c.receiveMemory;
    }

    @Override
    public int sendMemoryBytes() {
        TcpConnection c = connection;
        return c == null ? 0 : c.sendQueue.truesize;
    }

    // ---- closing

    @Override
    public int shutdown(int how) {
        if (how < SHUT_RD || how > SHUT_RDWR) {
            return Errno.EINVAL.negated();
        }
        int bits = how + 1;
        TcpConnection c = connection;
        if (listener != null) {
            if ((bits & RCV_SHUTDOWN) != 0) {
                closeListener();
                stateChanged(EPOLLIN | EPOLLHUP);
            }
            return 0;
        }
        if (c == null || c.state() == TcpState.CLOSE) {
            shutDownUnconnected = connecting; // an attempt that failed: only the protocol's own states go on from here
            shutdownMask |= bits;
            if (c != null) {
                c.shutdown |= bits;
            }
            stateChanged(EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLHUP);
            return Errno.ENOTCONN.negated();
        }
        if (c.state() == TcpState.SYN_SENT) {
            disconnect();
            stateChanged(EPOLLIN | EPOLLOUT | EPOLLHUP);
            return 0;
        }
        c.shutdown |= bits;
        shutdownMask |= bits;
        if ((bits & SEND_SHUTDOWN) != 0 && TcpClose.finIsDue(tcp, c)) {
            tcp.output.sendFin(c);
        }
        stateChanged(EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLHUP);
        return 0;
    }

    private void closeListener() {
        TcpListener l = listener;
        if (l != null) {
            listener = null;
            acceptsConnections = false;
            l.close();
            releasePort();
            ends.localPort = 0;
        }
    }

    @Override
    public void release() {
        closeListener();
        TcpConnection c = connection;
        releasePort();
        if (c == null) {
            return;
        }
        connection = null;
        closing = c;
        syncSettings();
        TcpClose.close(tcp, this, c);
    }

    @Override
    public boolean isLingering() {
        TcpConnection c = closing;
        return c != null
                && (c.state() == TcpState.FIN_WAIT1 || c.state() == TcpState.CLOSING || c.state() == TcpState.LAST_ACK);
    }

    // ---- options

    @Override
    public int setsockopt(int level, int name, ByteBuffer value) {
        if (level == SOL_TCP) {
            return TcpOptions.set(tcp, this, name, value);
        }
        if (SendNotices.isOption(level, name)) {
            boolean whole = value.remaining() >= Integer.BYTES;
            return whole ? SendNotices.set(this, name, value.getInt(value.position())) : Errno.EINVAL.negated();
        }
        int result = super.setsockopt(level, name, value);
        if (result == 0) {
            boolean keptAlive = settings.keepAlive;
            syncSettings();
            TcpConnection c = connection;
            if (c != null && level == SOL_SOCKET && name == SO_KEEPALIVE && keepAlive != keptAlive) {
                if (keepAlive) {
                    tcp.timers.armKeepalive(c);
                } else if (c.state() != TcpState.FIN_WAIT2 || !c.isOrphan()) {
                    c.keepaliveTimer.stop();
                }
            }
        }
        return result;
    }

    @Override
    public int getsockopt(int level, int name, ByteBuffer into) {
        if (SendNotices.isOption(level, name)) {
            return SocketOptions.putInt(into, SendNotices.get(this, name));
        }
        return level == SOL_TCP ? TcpOptions.get(tcp, this, name, into) : super.getsockopt(level, name, into);
    }

    /** Hands the options that a connection needs without its socket down to it. */
    private void syncSettings() {
        settings.keepAlive = keepAlive;
        settings.outOfBandInline = outOfBandInline;
        boolean v4 = ends.isV4();
        settings.tos = v4 ? tos : v6.trafficClass();
        settings.minHops = v4 ? minTtl : v6.minHopCount;
        settings.ttl = v4 ? ttl : Math.max(0, v6.unicastHops);
        if (settings.ipOptions != ipOptions && ends.isV4()) {
            settings.ipOptions = ipOptions;
            TcpConnection established = connection;
            if (established != null && !ends.isRemoteAny()) {
                tcp.optionsChanged(established);
            }
        }
        settings.mark = mark;
        settings.priority = priority;
        settings.outInterface = boundInterface;
        settings.receiveLowWater = receiveLowWater;
        if (maxPacingRate != settings.maxPacingRate) {
            settings.maxPacingRate = maxPacingRate;
            settings.paced = true;
            TcpConnection c = connection;
            if (c != null) {
                c.pacing.maximumChanged();
            }
        }
        if (receiveBufferLocked) {
            settings.receiveBufferLocked = true;
            settings.receiveBufferBytes = receiveBufferBytes;
        }
        if (sendBufferLocked) {
            settings.sendBufferLocked = true;
            settings.sendBufferBytes = sendBufferBytes;
        }
    }

    /** The state, as TCP_INFO shows it. */
    public TcpState state() {
        if (listener != null) {
            return TcpState.LISTEN;
        }
        TcpConnection c = connection;
        return c == null ? TcpState.CLOSE : c.state();
    }

    @Nullable
    TcpListener listenerOrNull() {
        return listener;
    }
}
