package dev.doorbell.kernel.tcp;

import static dev.doorbell.kernel.socket.SocketConstants.*;

import dev.doorbell.bus.wire.IpProtocol;
import dev.doorbell.bus.wire.TcpHeader;
import dev.doorbell.kernel.core.KernelContext;
import dev.doorbell.kernel.inet.Endpoints;
import dev.doorbell.kernel.inet.InetStack;
import dev.doorbell.kernel.skb.SkbAllocator;
import dev.doorbell.kernel.socket.Sock;
import dev.doorbell.kernel.socket.SocketFamily;
import dev.doorbell.kernel.tcp.TcpMib.Counter;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * TCP of one kernel, RFC 9293: owns the tables and everything the connections share, and takes a connection from one
 * state to the next. Registers IP protocol 6 and the stream sockets.
 */
public final class Tcp {
    final KernelContext kernel;
    final SkbAllocator allocator;
    final NetworkLayer network;
    final TcpMib mib = new TcpMib();
    final FlowTable flows;
    final PortTable ports;
    final ListenerTable listeners;
    final TxSegmentPool segments;
    final SegmentWriter writer;
    final TcpOutput output;
    final Retransmitter retransmitter;
    final LossRecovery recovery;
    final TcpTimers timers;
    final TcpInput input;
    final DataQueue data;
    final AckPolicy acks;
    final Responder responder;
    final SendBuffers buffers = new SendBuffers();
    final FastOpenClient fastOpenClient;
    final FastOpenServer fastOpenServer;
    final SynCookies cookies;
    final TimeWaitTable timeWait;
    final PeerMetrics peers = new PeerMetrics();
    final TcpDemux demux;

    private final TcpConfig config;
    private final long isnKey, tsKey;
    private final @Nullable InetStack stack;

    /** TCP on top of a kernel's IPv4 and IPv6; registers itself there and makes stream sockets of both families. */
    public Tcp(
            KernelContext kernel,
            InetStack stack,
            SkbAllocator allocator,
            SocketFamily inet,
            SocketFamily inet6,
            TcpConfig config) {
        this(kernel, new InetNetwork(stack), stack, allocator, config);
        stack.ipv4().addProtocol(IpProtocol.TCP, demux);
        stack.ipv6().addProtocol(IpProtocol.TCP, demux);
        inet.register(SOCK_STREAM, IPPROTO_TCP, this::newSocket);
        inet6.register(SOCK_STREAM, IPPROTO_TCP, () -> new TcpSock(this, stack, AF_INET6));
    }

    Tcp(
            KernelContext kernel,
            NetworkLayer network,
            @Nullable InetStack stack,
            SkbAllocator allocator,
            TcpConfig config) {
        this.kernel = kernel;
        this.network = network;
        this.stack = stack;
        this.allocator = allocator;
        this.config = config;
        SplittableRandom random = kernel.random("tcp");
        isnKey = random.nextLong();
        tsKey = random.nextLong();
        flows = new FlowTable(random.nextLong());
        ports = new PortTable(config, random.split());
        cookies = new SynCookies(random.split());
        listeners = new ListenerTable(random.nextLong());
        segments = new TxSegmentPool(allocator);
        Rack rack = new Rack();
        Scoreboard scoreboard = new Scoreboard(mib, rack);
        writer = new SegmentWriter(allocator, network, mib);
        output = new TcpOutput(this, writer);
        retransmitter = new Retransmitter(this, writer);
        recovery = new LossRecovery(this, scoreboard, rack);
        timers = new TcpTimers(this);
        data = new DataQueue(this);
        acks = new AckPolicy(this);
        responder = new Responder(this, writer);
        input = new TcpInput(this, new AckProcessor(this, scoreboard, rack), data);
        timeWait = new TimeWaitTable(this);
        fastOpenClient = new FastOpenClient(this);
        fastOpenServer = new FastOpenServer(this, random.split());
        demux = new TcpDemux(this);
    }

    /** The sysctls; change them before the first socket. */
    public TcpConfig config() {
        return config;
    }

    /** SNMP counters. */
    public TcpMib mib() {
        return mib;
    }

    /** A new stream socket. */
    public Sock newSocket() {
        return new TcpSock(this, stack, AF_INET);
    }

    /** Flows in any state but LISTEN. */
    public int flowCount() {
        return flows.size();
    }

    /** Of them, those in TIME-WAIT. */
    public int timeWaitCount() {
        return timeWait.count();
    }

    /** Send queue entries in use: 0 when nothing is unacknowledged. */
    public int queuedSegments() {
        return segments.outstanding();
    }

    /** The end of the kernel: all flows are forgotten without a word to the peer, all buffers and timers given back. */
    public void close() {
        for (Flow flow : flows.snapshot()) {
            if (flow instanceof TcpConnection c) {
                done(c);
                c.receiveQueue.clear();
            } else if (flow instanceof TcpRequest request) {
                request.listener.drop(request);
            } else if (flow instanceof TimeWait tw) {
                timeWait.kill(tw);
            }
        }
        segments.close();
    }

    // ---- connections

    /** MSS to offer: what the outgoing interface takes, whatever path MTU was learned. RFC 6691. */
    int advertisedMss(Path path, TcpSettings settings) {
        int mss = path.metrics().advmss();
        if (mss == 0) {
            mss = Math.min(path.linkMtu(), TcpConnection.MAX_PACKET) - path.headerBytes() - TcpHeader.MIN_LENGTH;
        }
        if (settings.userMss != 0) {
            mss = Math.min(mss, settings.userMss);
        }
        return Math.max(mss, config.minSndMss);
    }

    /** RFC 6528: a clock of 64 ns per step plus a keyed hash of the four values. */
    int initialSequence(Endpoints ends) {
        return (int) KeyedHash.of(isnKey, ends, 0) + (int) (kernel.nowNs() >> 6);
    }

    int timestampOffset(Endpoints ends) {
        return (int) KeyedHash.addresses(tsKey, ends);
    }

    /** True when a connection with these ends may be opened: none is there, or one in TIME-WAIT that may go. */
    boolean mayUse(Endpoints ends) {
        Flow flow = flows.find(ends);
        if (flow == null) {
            return true;
        }
        return flow instanceof TimeWait tw
                && tw.timestampsOk
                && (config.twReuse == 1 || (config.twReuse == 2 && tw.path.isLoopback()))
                && kernel.nowNs() - tw.tsRecentNs > TcpConfig.SECOND;
    }

    /** A connection for a request whose third segment has come. */
    TcpConnection childOf(TcpListener listener, TcpRequest r) {
        TcpSettings settings = new TcpSettings(listener.settings);
        settings.ipOptions = r.ipOptions;
        TcpConnection c = new TcpConnection(this, r, r.path, settings);
        c.listener = listener;
        c.savedSyn = r.savedSyn;
        c.iss = r.iss;
        c.sndUna = r.iss;
        c.sndNxt = c.writeSeq = c.sndSml = c.pushedSeq = c.sndUrgent = r.iss + 1;
        c.highSeq = r.iss + 1;
        c.irs = r.irs;
        c.rcvNxt = c.rcvWup = c.copiedSeq = r.irs + 1;
        c.rcvWnd = r.receiveWindow;
        c.sackOk = r.sackOk;
        c.timestampsOk = r.timestampsOk;
        c.tsOffset = r.tsOffset;
        c.tsRecent = r.tsRecent;
        c.tsRecentNs = kernel.nowNs();
        c.windowScaleOk = r.windowScaleOk;
        c.sndWscale = r.windowScaleOk ? r.sndWscale : 0;
        c.rcvWscale = r.rcvWscale;
        c.peerMss = r.peerMss;
        c.advertisedMss = r.advertisedMss;
        c.sndWnd = r.window;
        c.maxWindow = r.window;
        c.sndWl1 = r.irs;
        c.ecn = r.ecnOk ? TcpConnection.ECN_OK : 0;
        PortTable.Holder holder = new PortTable.Holder(r.localPort, r.localHigh, r.localLow);
        holder.reuseAddress = listener.sock.reuseAddress;
        holder.reusePort = listener.sock.reusePort;
        c.holder = holder;
        ports.add(holder);
        output.syncMss(c, r.path.mtu());
        c.stateField(TcpState.SYN_RECV);
        flows.put(c);
        return c;
    }

    /** The handshake is over: ESTABLISHED, windows and buffers set up. */
    void finishConnect(TcpConnection c) {
        if (c.timestampsOk) {
            c.advertisedMss -= ReceivedOptions.TIMESTAMPS_ALIGNED;
        }
        if (c.fastOpenRequest != null) {
            setState(c, TcpState.ESTABLISHED); // windows and buffers were set up with the SYN's data
            initialPeerMss(c);
            fastOpenServer.established(c);
            c.lastDataSentNs = kernel.nowNs();
            c.lastReceivedNs = kernel.nowNs();
            timers.armKeepalive(c);
            return;
        }
        boolean active = c.state() == TcpState.SYN_SENT;
        setState(c, TcpState.ESTABLISHED);
        if (active) {
            c.mtuProber.start();
        }
        initialPeerMss(c);
        output.syncMss(c, c.pathMtuNow());
        if (!active) {
            c.mtuProber.start(); // the first packets are those the route's MTU allows
        }
        c.pacing.update();
        ReceiveWindow.established(c);
        // RFC 5681 §3.1, RFC 6298 §5.7: a SYN lost twice says that little may be sent.
        c.window.set(c.totalRetransmissions > 1 && !c.handshakeSound ? 1 : c.initialCwnd());
        peers.apply(c);
        c.caState = TcpConnection.CA_OPEN;
        c.lostOut = c.retransOut = 0;
        c.retransmits = 0;
        c.backoff = 0;
        c.cwndStampNs = kernel.nowNs();
        c.lastDataSentNs = kernel.nowNs();
        c.lastReceivedNs = kernel.nowNs();
        c.lastDataInNs = kernel.nowNs();
        buffers.expand(c);
        timers.armKeepalive(c);
    }

    private static void initialPeerMss(TcpConnection c) {
        int most = Math.min(Math.min(c.advertisedMss, c.mss), Math.min(536, c.rcvWnd >> 1));
        c.peerMssEstimate = Math.max(most, 88);
    }

    void setState(TcpConnection c, TcpState next) {
        TcpState before = c.state();
        if (next == TcpState.ESTABLISHED && before != TcpState.ESTABLISHED) {
            mib.inc(Counter.CurrEstab);
        } else if (before == TcpState.ESTABLISHED && next != TcpState.ESTABLISHED && next != TcpState.CLOSE_WAIT) {
            mib.add(Counter.CurrEstab, -1);
        } else if (before == TcpState.CLOSE_WAIT && next != TcpState.CLOSE_WAIT) {
            mib.add(Counter.CurrEstab, -1);
        }
        if (next == TcpState.CLOSE && (before == TcpState.ESTABLISHED || before == TcpState.CLOSE_WAIT)) {
            mib.inc(Counter.EstabResets);
        }
        if (next == TcpState.CLOSE && (before == TcpState.SYN_SENT || before == TcpState.SYN_RECV)) {
            mib.inc(Counter.AttemptFails);
        }
        c.stateField(next);
    }

    /** Ends with an error that the application shall see. */
    void abort(TcpConnection c, int error) {
        TcpSock sock = c.sock;
        if (sock != null) {
            sock.pendingError(error);
        }
        done(c);
    }

    /** The connection is over: CLOSED, out of all tables, unsent data forgotten. What was received can still be read. */
    void done(TcpConnection c) {
        if (c.state() == TcpState.CLOSE) {
            return;
        }
        setState(c, TcpState.CLOSE);
        c.shutdown = Sock.RCV_SHUTDOWN | Sock.SEND_SHUTDOWN;
        leaveTables(c, true);
        TcpSock sock = c.sock;
        if (sock == null) {
            c.receiveQueue.clear();
        } else {
            sock.shutdownMask = c.shutdown;
            sock.stateChanged(EPOLLIN | EPOLLOUT | EPOLLERR | EPOLLHUP | EPOLLRDHUP);
        }
    }

    private void leaveTables(TcpConnection c, boolean releasePort) {
        flows.remove(c);
        fastOpenServer.release(c);
        fastOpenClient.ended(c);
        c.transmitTimer.destroy();
        c.ackTimer.destroy();
        c.smallQueue.destroy();
        c.pacing.destroy();
        c.keepaliveTimer.destroy();
        SendNotices notices = c.notices;
        if (notices != null) {
            notices.ended();
        }
        c.sendQueue.clear();
        c.packetsOut = c.sackedOut = c.lostOut = c.retransOut = 0;
        c.outOfOrder.clear();
        TcpSock sock = c.sock;
        if (releasePort && sock != null && sock.connection == c) {
            sock.port.reclaim(c);
        }
        PortTable.Holder holder = c.holder;
        if (releasePort && holder != null) {
            ports.remove(holder);
            c.holder = null;
        }
    }

    /** Goes to TIME-WAIT (or the orphan's FIN-WAIT-2): a light entry takes the connection's place. */
    void enterTimeWait(TcpConnection c, TcpState substate, long durationNs) {
        if (timeWait.count() >= config.maxTwBuckets) {
            mib.inc(Counter.TCPTimeWaitOverflow);
            done(c);
            return;
        }
        peers.learn(c);
        TimeWait tw = new TimeWait(c, substate);
        tw.holder = c.holder;
        c.holder = null;
        setState(c, TcpState.CLOSE);
        c.shutdown = Sock.RCV_SHUTDOWN | Sock.SEND_SHUTDOWN;
        leaveTables(c, false);
        timeWait.add(tw, durationNs);
        TcpSock sock = c.sock;
        if (sock == null) {
            c.receiveQueue.clear();
        } else {
            sock.shutdownMask = c.shutdown;
            sock.stateChanged(EPOLLIN | EPOLLOUT | EPOLLHUP | EPOLLRDHUP);
        }
    }

    long finTimeoutNs(TcpConnection c) {
        long wait = c.settings.linger2Ns > 0 ? c.settings.linger2Ns : config.finTimeoutNs;
        return Math.max(wait, (c.rtoNs << 2) - (c.rtoNs >> 1));
    }

    /** All TCP sockets as they are now, listeners first: a copy, for ss and its like. */
    public List<SocketEntry> sockets() {
        List<SocketEntry> all = new ArrayList<>();
        listeners.forEach(l -> {
            Endpoints own = new Endpoints().local(l.addressHigh, l.addressLow, l.port);
            boolean six = l.sock.domain() == AF_INET6;
            all.add(new SocketEntry(TcpState.LISTEN, own, six, l.acceptable(), l.backlog()));
        });
        for (Flow flow : flows.snapshot()) {
            Endpoints both = new Endpoints(flow);
            if (flow instanceof TcpConnection c) {
                TcpSock sock = c.sock;
                boolean six = sock == null ? !c.isV4() : sock.domain() == AF_INET6;
                int unread = Math.max(0, c.rcvNxt - c.copiedSeq);
                all.add(new SocketEntry(c.state(), both, six, unread, c.writeSeq - c.sndUna));
            } else {
                boolean six = flow instanceof TcpRequest r ? r.listener.sock.domain() == AF_INET6 : !flow.isV4();
                all.add(new SocketEntry(flow.state(), both, six, 0, 0));
            }
        }
        return all;
    }

    /** Forgets what earlier connections taught about peers: ip tcp_metrics flush. */
    public void forgetPeers() {
        fastOpenClient.forget();
        peers.clear();
    }

    /** Other IP options: another way, perhaps, and less room for data. */
    void optionsChanged(TcpConnection c) {
        Path fresh = network.path(c, c.settings.outInterface, c.settings.ipOptions);
        if (fresh != null) {
            c.path = fresh;
        }
        output.syncMss(c, c.pathMtuNow());
    }

    /** Looks the way up again when routes changed. @return false: there is none now */
    boolean refreshPath(TcpConnection c) {
        if (c.path.isValid()) {
            return true;
        }
        Path fresh = network.path(c, c.settings.outInterface, c.settings.ipOptions);
        if (fresh == null) {
            return false;
        }
        c.path = fresh;
        return true;
    }
}
