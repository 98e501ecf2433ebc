package dev.doorbell.kernel.tcp;

import dev.doorbell.bus.wire.Seq;
import dev.doorbell.kernel.core.KernelContext;
import dev.doorbell.kernel.inet.Endpoints;
import dev.doorbell.kernel.ipv4.SendOptions;
import org.jspecify.annotations.Nullable;

/**
 * The state of one connection: the transmission control block, RFC 9293 §3.3.1, Linux's tcp_sock. Only state and what
 * can be read off it; what happens to it is in {@link TcpInput}, {@link TcpOutput}, {@link LossRecovery} and
 * {@link TcpTimers}. Outlives its socket while data is still on the way. Sequence numbers are compared with {@link Seq}.
 */
final class TcpConnection extends Flow {
    /** Congestion states, as TCP_INFO numbers them. */
    static final int CA_OPEN = 0, CA_DISORDER = 1, CA_CWR = 2, CA_RECOVERY = 3, CA_LOSS = 4;

    /** What the one transmit timer is set for. */
    static final int TIMER_NONE = 0, TIMER_RETRANSMIT = 1, TIMER_PROBE0 = 3, TIMER_LOSS_PROBE = 5, TIMER_REORDER = 6;

    /** Bits of {@link #ackPending}. */
    static final int ACK_SCHEDULED = 1, ACK_TIMER = 2, ACK_PUSHED = 4, ACK_PUSHED2 = 8, ACK_NOW = 16;

    /** Bits of {@link #ecn}. */
    static final int ECN_OK = 1, ECN_QUEUE_CWR = 2, ECN_DEMAND_CWR = 4, ECN_SEEN = 8;

    /** States of {@link #urgentData}; the low byte of VALID is the byte. */
    static final int URGENT_NOT_YET = 0x200, URGENT_VALID = 0x100, URGENT_READ = 0x400;

    /** Answers to data with data that make a session interactive: its ACKs wait for the next answer. */
    static final int PINGPONG = 1;

    static final int MAX_SACK_BLOCKS = 4;
    /** Bytes of the largest IPv4 packet; the loopback device's MTU is one more. */
    static final int MAX_PACKET = 65_535;

    final Tcp tcp;
    final TcpConfig config;
    final TcpSettings settings;
    final SendQueue sendQueue;
    final ReceiveQueue receiveQueue = new ReceiveQueue();
    final OutOfOrderQueue outOfOrder = new OutOfOrderQueue();
    final RttEstimator rtt = new RttEstimator();
    final CongestionWindow window;
    CongestionControl congestion;

    /** The application's end; null once it closed it. */
    @Nullable
    TcpSock sock;

    /** The socket that was closed and waits for the last acknowledgement: SO_LINGER. */
    @Nullable
    TcpSock lingerer;

    /** Where to report that the connection became established and waits for accept; null for active opens. */
    @Nullable
    TcpListener listener;

    Path path;
    private TcpState state = TcpState.CLOSE;
    int shutdown;
    /** The peer's FIN has come, in order. */
    boolean finReceived;
    /** Its claim on the local port. */
    PortTable.@Nullable Holder holder;
    /** TCP_SAVED_SYN, until it is read. */
    byte @Nullable [] savedSyn;

    // ---- send sequence space
    int iss, sndUna, sndNxt, writeSeq, sndWl1, sndWnd, maxWindow;
    /** End of the last small packet, for Minshall's form of Nagle; end of the last PSH. */
    int sndSml, pushedSeq;

    int sndUrgent;
    boolean urgentMode;
    int mss, peerMss = 536, advertisedMss, pathMtu;
    /** What ICMP said the path takes; bytes of an IP packet. */
    int mtuLimit = Integer.MAX_VALUE;
    /** Until when. */
    long mtuLimitEndNs;

    long lastSentNs, lastDataSentNs;

    // ---- receive sequence space
    int irs, rcvNxt, rcvWup, rcvWnd, copiedSeq, rcvSsthresh, windowClamp;
    /** What the peer's full packets carry; never 0, as segments are answered before the handshake is over. */
    int peerMssEstimate = 536;

    long lastReceivedNs, lastAckReceivedNs;

    int receiveMemory;
    /** Bytes of data per byte of memory, in 256ths, as the peer's packets show it. */
    int receiveRatio = ReceiveWindow.DEFAULT_RATIO;

    int urgentSeq, urgentData;
    int receiveSpace, receiveSpaceSeq;
    long receiveSpaceNs;
    int receiveRttUs8, receiveRttSeq;
    long receiveRttNs;

    // ---- options agreed
    boolean sackOk, timestampsOk, windowScaleOk;
    int sndWscale, rcvWscale;
    int tsRecent, tsOffset, lastTsEcr;
    long tsRecentNs;
    boolean sawTimestamp;
    int receivedTsVal, receivedTsEcr;
    int ecn;

    // ---- fast open, RFC 7413
    /** Data went with the SYN; the peer took it. */
    boolean synData, synDataAcked;
    /** As tcpi_fastopen_client_fail: 0 unknown or none, 1 no cookie, 2 data not acknowledged, 3 SYN timed out. */
    int fastOpenFailure;
    /** The SYN carried the option, in the form of the experiment. */
    boolean synFastOpen, synExperimental;
    /** Data on this connection would show that fast open works. */
    boolean fastOpenProves;
    /** Goes with the SYN that is being sent. */
    @Nullable
    FastOpenCookie synCookie;
    /** Of a server's connection whose handshake is not over. */
    @Nullable
    TcpRequest fastOpenRequest;

    // ---- acknowledging
    int ackPending, quickAcks;
    long ackTimeoutNs;
    int pingpong;
    long lastDataInNs;
    boolean dsackPending;
    int dsackStart, dsackEnd, sackBlocks;
    final int[] sackStart = new int[MAX_SACK_BLOCKS], sackEnd = new int[MAX_SACK_BLOCKS];

    // ---- loss recovery, in packets
    int caState;
    int packetsOut, sackedOut, lostOut, retransOut;
    int highSeq, undoMarker, undoRetrans, reordering, reorderSeen;
    long retransStampNs;
    boolean frto;
    int highestSack, totalRetransmissions;
    /** The SYN or SYN-ACK was repeated without need. */
    boolean handshakeSound;

    long delivered;
    int priorSsthresh;
    // PRR, RFC 6937
    int prrDelivered, prrOut, priorCwnd;
    // RACK-TLP, RFC 8985
    long rackSentOrder, rackRttUs;
    int rackEndSeq;
    /** What had been delivered when DSACKs last widened the reordering window. */
    long rackDsackDelivered;

    int rackReoWndSteps = 1, rackReoWndPersist;
    boolean rackAdvanced, rackDsackSeen;
    int tlpHighSeq;
    boolean tlpRetransmission;
    // congestion window validation
    boolean cwndLimited;
    int cwndUsageSeq, maxPacketsOut;
    long cwndStampNs;

    // ---- what is measured and searched for
    final Chronograph chronograph = new Chronograph();
    final DeliveryRate rate = new DeliveryRate();
    final Pacing pacing = new Pacing(this);
    final MtuProber mtuProber = new MtuProber(this);

    /** What the application wants to hear about the bytes it sends; null: nothing so far. */
    @Nullable
    SendNotices notices;

    // ---- timers
    final SmallQueue smallQueue;
    final LazyTimer transmitTimer, ackTimer, keepaliveTimer;
    int timerMode;
    long rtoNs;
    int retransmits, backoff, probesOut;
    long probesStartNs;
    int keepaliveProbesOut;

    // ---- counters for TCP_INFO
    long bytesAcked,
            bytesReceived,
            bytesSent,
            bytesRetransmitted,
            segmentsOut,
            segmentsIn,
            dataSegmentsOut,
            dataSegmentsIn,
            deliveredCe;
    int dsackDuplicates, outOfOrderPackets;
    /** Timeouts in all, episodes of them that ended well, and the time those took. */
    int totalTimeouts, timeoutRecoveries;

    long timeoutRecoveryNs, timeoutStampNs;
    long oowAckNs = Long.MIN_VALUE;
    int softError;

    TcpConnection(Tcp tcp, Endpoints ends, Path path, TcpSettings settings) {
        super(ends);
        this.tcp = tcp;
        this.config = tcp.config();
        this.path = path;
        this.settings = settings;
        this.sendQueue = new SendQueue(tcp.segments, tcp.kernel.ram());
        this.window = new CongestionWindow(initialCwnd());
        CongestionControl chosen = CongestionControl.create(settings.congestion, config, tcp.mib);
        this.congestion = chosen == null ? new Reno() : chosen;
        this.reordering = config.reordering;
        this.rtoNs = config.rtoInitialNs;
        KernelContext kernel = tcp.kernel;
        transmitTimer = new LazyTimer(kernel, "tcp retransmit", () -> tcp.timers.transmitTimer(this));
        smallQueue = new SmallQueue(this, kernel);
        ackTimer = new LazyTimer(kernel, "tcp delayed ack", () -> tcp.timers.delayedAck(this));
        keepaliveTimer = new LazyTimer(kernel, "tcp keepalive", () -> tcp.timers.keepalive(this));
    }

    @Override
    public int ipHeaderBytes() {
        SendOptions options = settings.ipOptions;
        return super.ipHeaderBytes() + (options == null ? 0 : options.length());
    }

    @Override
    TcpState state() {
        return state;
    }

    /** Changes state only; see {@link Tcp#setState} for what goes with it. */
    void stateField(TcpState next) {
        state = next;
        TcpSock waiting = lingerer;
        if (waiting != null && !waiting.isLingering()) {
            lingerer = null;
            waiting.waitQueue().wakeUp();
        }
    }

    long rtoMaxNs() {
        return settings.rtoMaxNs(config);
    }

    /** Segments to begin with, and to restart with after a pause: by the route, or RFC 6928's ten. */
    int initialCwnd() {
        int wanted = path.metrics().initcwnd();
        return wanted != 0 ? wanted : config.initialCwnd;
    }

    long rtoMinNs() {
        long byRoute = path.metrics().rtoMinNs();
        if (byRoute != 0 && settings.rtoMinNs == 0) {
            return byRoute;
        }
        return settings.rtoMinNs(config);
    }

    long delackMaxNs() {
        return settings.delackMaxNs(config);
    }

    boolean isOrphan() {
        return sock == null && listener == null;
    }

    long nowNs() {
        return tcp.kernel.nowNs();
    }

    // ---- sending

    /** The handshake is under way, and nothing can be sent or read before it is over. */
    boolean isConnecting() {
        return state == TcpState.SYN_SENT || (state == TcpState.SYN_RECV && fastOpenRequest == null);
    }

    /** The application's data may be sent. */
    boolean maySend() {
        return state.maySend() || (state == TcpState.SYN_RECV && fastOpenRequest != null);
    }

    /** Packets believed to be in the network, RFC 6675's pipe. */
    int inFlight() {
        return packetsOut - sackedOut - lostOut + retransOut;
    }

    /** First sequence number the peer does not allow to be sent. */
    int windowEnd() {
        // A SYN-ACK does not count against the window of a fast opener's SYN: the data behind it is under way already.
        int synAck = fastOpenRequest != null && sndUna == iss ? 1 : 0;
        return sndUna + sndWnd + synAck;
    }

    boolean hasUnsent() {
        return sendQueue.sendHead != null;
    }

    boolean isCwndLimited() {
        // In slow start a window of twice what was used may be probed for.
        return cwndLimited || (window.inSlowStart() && window.cwnd < 2 * maxPacketsOut);
    }

    /** Nagle's algorithm does not apply. */
    boolean nagleOff() {
        return settings.noDelay;
    }

    /** Bytes of options on every segment but SYNs, without SACK. */
    int optionBytes() {
        return timestampsOk ? 12 : 0;
    }

    /** Value of the timestamp clock, RFC 7323 §5.4: 1 ms per step, with this connection's offset. */
    int timestamp() {
        return (int) (nowNs() / TcpConfig.MS) + tsOffset;
    }

    /** The peer's latest timestamp echoes something that was sent before {@code ns}; false without timestamps. */
    boolean echoesBefore(long ns) {
        return sawTimestamp && receivedTsEcr != 0 && Seq.lt(receivedTsEcr, (int) (ns / TcpConfig.MS) + tsOffset);
    }

    // ---- receiving

    /** Largest IP packet for the path, by route and by what ICMP said. */
    int pathMtuNow() {
        int mtu = Math.min(path.mtu(), MAX_PACKET);
        if (mtuLimit >= mtu) {
            return mtu;
        }
        if (nowNs() >= mtuLimitEndNs) {
            mtuLimit = Integer.MAX_VALUE; // the path may have changed: try again
            return mtu;
        }
        return mtuLimit;
    }

    /** Bytes the peer may still send by what it was told. */
    int receiveWindow() {
        int left = rcvWup + rcvWnd - rcvNxt;
        return Math.max(left, 0);
    }

    int freeReceiveSpace() {
        return windowFromSpace(settings.receiveBufferBytes - receiveMemory);
    }

    int fullReceiveSpace() {
        return windowFromSpace(settings.receiveBufferBytes);
    }

    /** How much of a buffer may be promised: the rest pays for what packets cost beyond their bytes. */
    int windowFromSpace(int space) {
        return (int) ((long) space * receiveRatio >> ReceiveWindow.RATIO_SHIFT);
    }

    void enterQuickAck(int most) {
        boostQuickAcks(most);
        pingpong = 0;
        ackTimeoutNs = config.delackMinNs;
    }

    void boostQuickAcks(int most) {
        int segments = Math.max(2, rcvWnd / (2 * Math.max(1, peerMssEstimate)));
        quickAcks = Math.max(quickAcks, Math.min(segments, most));
    }

    boolean inQuickAckMode() {
        return quickAcks > 0 && !inPingPong();
    }

    boolean inPingPong() {
        return pingpong >= PINGPONG;
    }

    void decrementQuickAcks(int segments) {
        if (quickAcks > 0) {
            quickAcks = Math.max(0, quickAcks - segments);
            if (quickAcks == 0) {
                ackTimeoutNs = config.delackMinNs;
            }
        }
    }

    // ---- reporting to the application

    void notifyReadable(int mask) {
        TcpSock owner = sock;
        if (owner != null) {
            owner.stateChanged(mask);
        }
    }

    /** Send buffer space in bytes; may be negative. */
    int sendSpace() {
        return settings.sendBufferBytes - sendQueue.truesize;
    }

    /** True when enough is free that waking a writer pays: a third of the buffer. */
    boolean isWritable() {
        // Woken at half the limit of unsent bytes, a writer finds room for more than one byte.
        return sendSpace() >= sendQueue.truesize >> 1 && isUnsentBelowLimit(2);
    }

    boolean belowNotsentLowat() {
        return isUnsentBelowLimit(1);
    }

    private boolean isUnsentBelowLimit(long times) {
        int limit = settings.notsentLowat != 0 ? settings.notsentLowat : config.notsentLowat;
        return (writeSeq - sndNxt) * times < Integer.toUnsignedLong(limit);
    }

    @Override
    public String toString() {
        return "TcpConnection " + state + " " + super.toString();
    }
}
