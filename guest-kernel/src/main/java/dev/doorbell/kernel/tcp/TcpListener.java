package dev.doorbell.kernel.tcp;

import static dev.doorbell.kernel.socket.SocketConstants.*;

import dev.doorbell.bus.wire.Seq;
import dev.doorbell.bus.wire.TcpHeader;
import dev.doorbell.kernel.inet.Endpoints;
import dev.doorbell.kernel.ipv4.SendOptions;
import dev.doorbell.kernel.skb.SkBuff;
import dev.doorbell.kernel.tcp.TcpMib.Counter;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * A listening socket's state: requests (SYN queue) and established children that wait for accept. RFC 9293 §3.10.7.2.
 */
final class TcpListener {
    private static final int MAX_UNSCALED_WINDOW = 0xFFFF;

    final Tcp tcp;
    final TcpSock sock;
    final TcpSettings settings;
    final long addressHigh, addressLow;
    final boolean v6Only;
    final int port, outInterface;
    private final PortTable.Holder holder;
    private int backlog;
    private final ArrayDeque<TcpSock> acceptQueue = new ArrayDeque<>();
    private int requests;
    private int childrenInQueue;
    final FastOpenQueue fastOpenQueue = new FastOpenQueue();
    private boolean closed;
    /** Cookies were sent that may still come back. */
    private long cookiesUntilNs;

    /** Next listener on the same port. */
    @Nullable
    TcpListener next;

    TcpListener(Tcp tcp, TcpSock sock, PortTable.Holder holder, int backlog) {
        this.tcp = tcp;
        this.sock = sock;
        this.holder = holder;
        this.settings = sock.settings;
        this.addressHigh = holder.addressHigh;
        this.addressLow = holder.addressLow;
        this.v6Only = holder.v6Only;
        this.port = holder.port;
        this.outInterface = sock.boundInterface;
        backlog(backlog);
    }

    void backlog(int wanted) {
        backlog = Math.min(wanted & Integer.MAX_VALUE, tcp.config().somaxconn);
    }

    int backlog() {
        return backlog;
    }

    int acceptable() {
        return acceptQueue.size();
    }

    @Nullable
    TcpSock accept() {
        TcpSock child = acceptQueue.poll();
        if (child != null) {
            childrenInQueue--;
        }
        return child;
    }

    private boolean acceptQueueFull() {
        return childrenInQueue > backlog;
    }

    // ---- SYN

    /** A segment for the listening port from a peer that nothing is known of; the buffer is gone in every case. */
    void receive(SkBuff skb, ReceivedOptions options, int window, Endpoints ends, int isn) {
        int flags = skb.cbFlags;
        if ((flags & TcpHeader.RST) != 0) {
            skb.free();
            return;
        }
        if ((flags & TcpHeader.ACK) != 0) {
            TcpConnection child = cookieAck(skb, options, window, ends);
            if (child == null) {
                tcp.responder.resetUnknown(skb, ends);
                skb.free();
            }
            return;
        }
        if ((flags & (TcpHeader.SYN | TcpHeader.FIN)) != TcpHeader.SYN || !syn(skb, options, window, ends, isn)) {
            skb.free();
        }
    }

    /** @return true when the buffer, with data in it, is a connection's now */
    private boolean syn(SkBuff skb, ReceivedOptions options, int window, Endpoints ends, int isn) {
        if (skb.packetType != SkBuff.PACKET_HOST
                || tcp.network.isMulticastOrBroadcast(ends.remoteHigh, ends.remoteLow)) {
            return false;
        }
        boolean full = requests >= backlog && requests > 0;
        boolean cookie = isn == 0 && (full || tcp.config().synCookies == TcpConfig.COOKIES_ALWAYS);
        if (cookie) {
            if (tcp.config().synCookies == 0) {
                tcp.mib.inc(Counter.TCPReqQFullDrop);
                tcp.mib.inc(Counter.ListenDrops);
                return false;
            }
            tcp.mib.inc(Counter.TCPReqQFullDoCookies);
            cookiesUntilNs = tcp.kernel.nowNs() + SynCookies.MAX_AGE_NS;
        }
        if (acceptQueueFull()) {
            tcp.mib.inc(Counter.ListenOverflows);
            tcp.mib.inc(Counter.ListenDrops);
            return false;
        }
        SendOptions echoed = tcp.network.echoedOptions(skb, ends);
        Path path = tcp.network.path(ends, outInterface, echoed);
        if (path == null) {
            tcp.mib.inc(Counter.ListenDrops);
            return false;
        }
        TcpRequest request = new TcpRequest(this, path, ends, echoed);
        take(request, skb, options, window);
        if (cookie) {
            request.cookie = true;
            if (!request.timestampsOk) {
                request.sackOk = request.windowScaleOk = request.ecnOk = false;
                request.rcvWscale = 0;
            }
            request.iss = tcp.cookies.make(ends, skb.cbSeq, request.peerMss, tcp.kernel.nowNs());
            tcp.mib.inc(Counter.SyncookiesSent);
            sendSynAck(request);
            return false;
        }
        request.savedSyn = SavedSyn.of(settings, skb);
        request.iss = isn != 0 ? isn : tcp.initialSequence(ends);
        FastOpenCookie option = options.fastOpen;
        TcpConnection fast = tcp.fastOpenServer.open(this, request, skb, option);
        if (fast != null) {
            tcp.writer.sendSynAck(request, synAckFlags(request), option);
            enqueue(fast);
            sock.stateChanged(EPOLLIN | EPOLLRDNORM);
            return true;
        }
        tcp.flows.put(request);
        requests++;
        request.timer = new LazyTimer(tcp.kernel, "tcp request", () -> timeout(request));
        request.timer.set(tcp.kernel.nowNs() + tcp.config().rtoInitialNs);
        request.sentNs = tcp.kernel.nowNs();
        tcp.writer.sendSynAck(request, synAckFlags(request), option);
        return false;
    }

    private void take(TcpRequest request, SkBuff skb, ReceivedOptions options, int window) {
        TcpConfig config = tcp.config();
        request.irs = skb.cbSeq;
        request.rcvNxt = skb.cbSeq + 1;
        int offered = options.sawMss ? options.mss : request.defaultMss();
        request.peerMss = settings.userMss != 0 ? Math.min(offered, settings.userMss) : offered;
        request.advertisedMss = tcp.advertisedMss(request.path, settings);
        request.sackOk = options.sackPermitted && config.sack;
        request.timestampsOk = options.sawTimestamp && config.timestamps;
        request.windowScaleOk = options.sawWindowScale && config.windowScaling;
        request.sndWscale = options.windowScale;
        request.rcvWscale = request.windowScaleOk ? ReceiveWindow.scaleFor(settings, config) : 0;
        request.receiveWindow = ReceiveWindow.initial(settings, request.advertisedMss);
        request.window = window;
        request.tsRecent = options.tsVal;
        request.tsOffset = tcp.timestampOffset(request);
        int ecn = TcpHeader.ECE | TcpHeader.CWR;
        request.ecnOk = (skb.cbFlags & ecn) == ecn && config.ecn != 0;
    }

    private void sendSynAck(TcpRequest request) {
        tcp.writer.sendSynAck(request, synAckFlags(request), null);
    }

    private static int synAckFlags(TcpRequest request) {
        return TcpHeader.SYN | TcpHeader.ACK | (request.ecnOk ? TcpHeader.ECE : 0);
    }

    private void timeout(TcpRequest request) {
        int limit = settings.synCount != 0 ? settings.synCount : tcp.config().synackRetries;
        limit = Math.max(limit, request.acked ? settings.deferAccept : 0);
        if (request.timeouts >= limit || closed) {
            drop(request);
            return;
        }
        request.timeouts++;
        // With the last ACK seen and accept deferred, only the time is measured until near its end.
        if (!request.acked || request.timeouts >= settings.deferAccept) {
            request.retransmissions++;
            tcp.mib.inc(Counter.TCPSynRetrans);
            tcp.mib.inc(Counter.RetransSegs);
            sendSynAck(request);
        }
        long wait = Math.min(tcp.config().rtoInitialNs << request.timeouts, settings.rtoMaxNs(tcp.config()));
        if (request.timer != null) {
            request.timer.set(tcp.kernel.nowNs() + wait);
        }
    }

    /** Forgets a request. */
    void drop(TcpRequest request) {
        tcp.flows.remove(request);
        requests--;
        if (request.timer != null) {
            request.timer.destroy();
        }
    }

    // ---- the third segment

    /** A segment for a request; the buffer is gone in every case. */
    void receiveFor(TcpRequest request, SkBuff skb, ReceivedOptions options, int window, int urgent) {
        int flags = skb.cbFlags;
        boolean paws = request.timestampsOk && options.sawTimestamp && request.tsRecent - options.tsVal > 0;
        if ((flags & TcpHeader.SYN) != 0
                && (flags & (TcpHeader.ACK | TcpHeader.RST)) == 0
                && skb.cbSeq == request.irs
                && !paws) {
            // The SYN again: so is the answer, and the timer starts over.
            if (outOfWindowAckDue(request)) {
                sendSynAck(request);
                request.retransmissions++;
            }
            skb.free();
            return;
        }
        if (paws || !inWindow(request, skb)) {
            if ((flags & TcpHeader.RST) == 0 && outOfWindowAckDue(request)) {
                ackRequest(request);
            }
            skb.free();
            return;
        }
        if ((flags & TcpHeader.RST) != 0) {
            // RFC 5961 §3 holds here too.
            if (skb.cbSeq == request.irs + 1) {
                tcp.mib.inc(Counter.EmbryonicRsts);
                drop(request);
            } else if (outOfWindowAckDue(request)) {
                ackRequest(request);
            }
            skb.free();
            return;
        }
        if ((flags & TcpHeader.SYN) != 0) {
            // RFC 9293 §3.10.7.4: back to LISTEN. Linux tells the peer; so do we.
            tcp.mib.inc(Counter.AttemptFails);
            tcp.mib.inc(Counter.EmbryonicRsts);
            tcp.responder.resetUnknown(skb, request);
            drop(request);
            skb.free();
            return;
        }
        if ((flags & TcpHeader.ACK) == 0) {
            skb.free();
            return;
        }
        if (skb.cbAck != request.iss + 1) {
            tcp.responder.reset(request, skb);
            skb.free();
            return;
        }
        if (options.sawTimestamp && Seq.leq(skb.cbSeq, request.irs + 1)) {
            request.tsRecent = options.tsVal;
        }
        if (settings.deferAccept > request.timeouts && skb.cbEndSeq == request.irs + 1) {
            request.acked = true; // a bare ACK: data is worth waiting for
            tcp.mib.inc(Counter.TCPDeferAcceptDrop);
            skb.free();
            return;
        }
        if (acceptQueueFull()) {
            tcp.mib.inc(Counter.ListenOverflows);
            tcp.mib.inc(Counter.ListenDrops);
            if (tcp.config().abortOnOverflow) {
                tcp.responder.reset(request, skb);
                drop(request);
            } else {
                request.acked = true; // dropped; the peer's data or our SYN-ACK brings it back
            }
            skb.free();
            return;
        }
        drop(request);
        establish(request, skb, options, window, urgent);
    }

    /** The window of a SYN-ACK is never scaled, so no more than its field could say was offered. */
    private static boolean inWindow(TcpRequest request, SkBuff skb) {
        int start = request.irs + 1;
        int end = start + Math.min(request.receiveWindow, 0xFFFF);
        return skb.cbSeq == start
                || Seq.gt(skb.cbEndSeq, start) && Seq.lt(skb.cbSeq, end)
                || skb.cbSeq == end && skb.cbEndSeq == end;
    }

    boolean outOfWindowAckDue(TcpRequest request) {
        long now = tcp.kernel.nowNs();
        if (request.oowAckNs != Long.MIN_VALUE && now - request.oowAckNs < tcp.config().invalidRateLimitNs) {
            tcp.mib.inc(Counter.TCPACKSkippedSynRecv);
            return false;
        }
        request.oowAckNs = now;
        return true;
    }

    private void ackRequest(TcpRequest request) {
        tcp.writer.sendBare(
                request.path,
                request,
                request.iss + 1,
                request.irs + 1,
                TcpHeader.ACK,
                Math.min(request.receiveWindow, MAX_UNSCALED_WINDOW) >> request.rcvWscale, // what the SYN-ACK offered
                request.timestampsOk,
                request.timestamp(),
                request.tsRecent,
                0);
    }

    private @Nullable TcpConnection cookieAck(SkBuff skb, ReceivedOptions options, int window, Endpoints ends) {
        if (tcp.config().synCookies == 0 || tcp.kernel.nowNs() >= cookiesUntilNs || acceptQueueFull()) {
            return null;
        }
        int mss = tcp.cookies.check(skb.cbAck - 1, ends, skb.cbSeq - 1, tcp.kernel.nowNs());
        SendOptions echoed = tcp.network.echoedOptions(skb, ends); // of the ACK, as the SYN is forgotten
        Path path = tcp.network.path(ends, outInterface, echoed);
        if (mss == 0 || path == null) {
            tcp.mib.inc(Counter.SyncookiesFailed);
            return null;
        }
        tcp.mib.inc(Counter.SyncookiesRecv);
        TcpRequest request = new TcpRequest(this, path, ends, echoed);
        request.tsOffset = tcp.timestampOffset(request);
        if (options.sawTimestamp) {
            if (!SynCookies.decode(request, options.tsEcr - request.tsOffset, tcp.config())) {
                return null;
            }
            request.tsRecent = options.tsVal;
            request.rcvWscale = request.windowScaleOk ? ReceiveWindow.scaleFor(settings, tcp.config()) : 0;
        }
        request.irs = skb.cbSeq - 1;
        request.rcvNxt = skb.cbSeq;
        request.iss = skb.cbAck - 1;
        request.peerMss = mss;
        request.advertisedMss = tcp.advertisedMss(path, settings);
        request.receiveWindow = ReceiveWindow.initial(settings, request.advertisedMss);
        request.window = window;
        request.retransmissions = 1; // no RTT is known
        return establish(request, skb, options, window, 0);
    }

    private TcpConnection establish(TcpRequest request, SkBuff skb, ReceivedOptions options, int window, int urgent) {
        TcpConnection c = tcp.childOf(this, request);
        c.sndWnd = window << c.sndWscale; // the SYN's was not scaled
        c.maxWindow = c.sndWnd;
        c.totalRetransmissions = request.timeouts;
        // The echo of the first SYN-ACK's time stamp proves that repeating it was not necessary.
        int firstMs = (int) (request.sentNs / TcpConfig.MS) + request.tsOffset;
        c.handshakeSound = c.timestampsOk && options.sawTimestamp && options.tsEcr == firstMs;
        if (request.retransmissions == 0) {
            measureHandshake(c, request);
        } else if (!c.timestampsOk) {
            c.rtoNs = tcp.config().rtoInitialFallbackNs;
        }
        enqueue(c);
        tcp.input.receive(c, skb, options, window, urgent);
        sock.stateChanged(EPOLLIN | EPOLLRDNORM);
        return c;
    }

    /** From the SYN-ACK, which was sent once, to now. */
    static void measureHandshake(TcpConnection c, TcpRequest request) {
        long rttUs = Math.max(1, (c.nowNs() - request.sentNs) / 1000);
        c.rtt.sampleMin(c.nowNs() / 1000, rttUs);
        c.rtt.sample(rttUs, c.sndUna, c.sndNxt, c.rtoMinNs() / 1000);
        c.rtoNs = LossRecovery.boundedRto(c);
    }

    private void enqueue(TcpConnection c) {
        TcpSock child = new TcpSock(tcp, sock, c);
        c.sock = child;
        tcp.mib.inc(Counter.PassiveOpens);
        acceptQueue.add(child);
        childrenInQueue++;
    }

    /** Stops listening: requests are forgotten, children that nobody accepted are reset. */
    void close() {
        closed = true;
        tcp.listeners.remove(this);
        for (Flow flow : tcp.flows.snapshot()) {
            if (flow instanceof TcpRequest request && request.listener == this) {
                drop(request);
            }
        }
        TcpSock child;
        while ((child = acceptQueue.poll()) != null) {
            TcpConnection c = child.connection;
            child.connection = null;
            if (c != null) {
                c.sock = null;
                if (c.state() != TcpState.CLOSE) {
                    tcp.output.sendActiveReset(c);
                    tcp.done(c);
                }
                c.receiveQueue.clear(); // one that the peer has reset keeps what it sent for a reader
            }
        }
        childrenInQueue = 0;
        holder.listening = false;
    }
}
