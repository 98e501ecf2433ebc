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
    final LocalPort port = new LocalPort(this);
    /** The port that the socket has given back; until it has another one, getsockname goes on telling it. */
    private int formerPort;

    private final ActiveOpen opening;
    /** A writer has run into a full send buffer. */
    boolean wantsSpace;

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
        opening = new ActiveOpen(this);
        receiveBufferBytes = settings.receiveBufferBytes;
        sendBufferBytes = settings.sendBufferBytes;
    }

    /** A child of a listening socket: inherits its options. */
    TcpSock(Tcp tcp, TcpSock parent, TcpConnection c) {
        this(tcp, parent.stackOrNull(), parent.domain(), c.settings);
        connection = c;
        ends.copyFrom(c);
        addressBound = parent.addressBound;
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
            boundToFamily(wanted);
            ends.local(wanted.localHigh, wanted.localLow, 0);
            addressBound = !ends.isLocalAny();
            return 0;
        }
        int result = port.bind(wanted.localHigh, wanted.localLow, wanted.localPort);
        if (result != 0) {
            unbind();
            return result;
        }
        boundToFamily(wanted);
        if (tcp.network.isMulticastOrBroadcast(wanted.localHigh, wanted.localLow)) {
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

    /** An attempt to connect that failed has given its port back. */
    @Override
    protected boolean hasPort() {
        TcpConnection c = connection;
        boolean alive = c != null && c.state() != TcpState.CLOSE;
        return alive || port.isTaken() || listener != null;
    }

    // ---- opening

    @Override
    public int connect(SockAddr address, int flags) {
        if (address.family() == AF_UNSPEC) {
            return disconnect();
        }
        if (opening.isRefused()) {
            return Errno.EINVAL.negated();
        }
        if (listener != null) {
            return Errno.EISCONN.negated();
        }
        TcpConnection c = connection;
        if (c != null) {
            return opening.again(c);
        }
        if (opening.isPending()) {
            return opening.failure();
        }
        Endpoints wanted = new Endpoints(ends);
        int refusal = readRemote(address, wanted);
        return refusal != 0 ? refusal : opening.connect(wanted, ipOptions);
    }

    boolean deferredConnect() {
        return opening.isDeferred();
    }

    /** The SYN goes out. */
    void connectNoLongerDeferred() {
        opening.noLongerDeferred();
    }

    @Override
    protected int portToTell() {
        return ends.localPort != 0 ? ends.localPort : formerPort;
    }

    /** Not once the connection is gone, though {@link #peerAddress} still tells who it was. */
    @Override
    public boolean hasPeer() {
        TcpConnection c = connection;
        return c != null && c.state() != TcpState.CLOSE && c.state() != TcpState.SYN_SENT && super.hasPeer();
    }

    @Override
    public boolean isOpening() {
        TcpConnection c = connection;
        return c != null && c.state() == TcpState.SYN_SENT && !opening.isDeferred();
    }

    /** connect to AF_UNSPEC, and abortive close: RST when the peer still believes in the connection. */
    int disconnect() {
        closeListener();
        int number = ends.localPort;
        if (number != 0) {
            formerPort = number;
        }
        TcpConnection c = connection;
        if (c != null) {
            boolean unfinished = TcpClose.abortNeedsReset(c);
            if (unfinished) {
                tcp.output.sendActiveReset(c);
            }
            if (unfinished || c.state() == TcpState.SYN_SENT) {
                pendingError(Errno.ECONNRESET.number()); // as Linux: SO_ERROR tells who was abandoned
            }
            port.reclaim(c);
            connection = null;
            c.sock = null;
            tcp.done(c);
            c.receiveQueue.clear();
        }
        opening.forget();
        dissolve();
        ends.localPort = 0;
        shutdownMask = 0;
        if (!addressBound) {
            unbind();
        }
        port.takeBack(number);
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
        if (port.holder() == null) {
            int error = port.take(ends.localHigh, ends.localLow, 0);
            if (error < 0) {
                return error;
            }
        }
        PortTable.Holder held = port.holder();
        // Others may have come to the port since bind, or be children of a listener that was shut down.
        if (held == null || tcp.ports.conflicts(held)) {
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
        if ((flags & MSG_FASTOPEN) != 0 || opening.isDeferred()) {
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
            if (listener != null) {
                return Errno.ENOTCONN.negated();
            }
            if ((flags & MSG_OOB) != 0) {
                return Errno.EINVAL.negated();
            }
            int error = takeError();
            if (error != 0) {
                return error;
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
        return TcpPoll.mask(this, connection, listener, opening.isPending());
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
            opening.shutDown();
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
        if (c.state() != TcpState.SYN_RECV) {
            opening.told();
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
            if (!port.isAsked()) {
                port.release();
                formerPort = ends.localPort;
                ends.localPort = 0;
            }
        }
    }

    @Override
    public void release() {
        closeListener();
        TcpConnection c = connection;
        port.release();
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
    void syncSettings() {
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
