package dev.doorbell.kernel.tcp;

import dev.doorbell.kernel.core.Errno;
import java.nio.ByteBuffer;

/** struct tcp_info, linux/tcp.h: fields at their offsets, times in microseconds or milliseconds as there. */
public final class TcpInfo {
    /** Bytes of the whole struct; its end, from tcpi_received_ce on, is about accurate ECN, which does not exist here: 0. */
    public static final int BYTES = 280;

    /** Offsets of fields in the struct. */
    public static final int STATE = 0, CA_STATE = 1, RETRANSMITS = 2, PROBES = 3, BACKOFF = 4, OPTIONS = 5, WSCALE = 6;
    /** Bit 0: the delivery rate is limited by the application; bits 2:1: why fast open failed. */
    public static final int RATE_FLAGS = 7;

    public static final int RTO = 8, ATO = 12, SND_MSS = 16, RCV_MSS = 20;
    public static final int UNACKED = 24, SACKED = 28, LOST = 32, RETRANS = 36;
    public static final int LAST_DATA_SENT = 44, LAST_DATA_RECV = 52, LAST_ACK_RECV = 56;
    public static final int PMTU = 60, RCV_SSTHRESH = 64, RTT = 68, RTTVAR = 72, SND_SSTHRESH = 76, SND_CWND = 80;
    public static final int ADVMSS = 84, REORDERING = 88, RCV_RTT = 92, RCV_SPACE = 96, TOTAL_RETRANS = 100;
    public static final int PACING_RATE = 104, MAX_PACING_RATE = 112;
    public static final int BYTES_ACKED = 120, BYTES_RECEIVED = 128, SEGS_OUT = 136, SEGS_IN = 140;
    public static final int NOTSENT_BYTES = 144, MIN_RTT = 148, DATA_SEGS_IN = 152, DATA_SEGS_OUT = 156;
    public static final int DELIVERY_RATE = 160, BUSY_TIME = 168, RWND_LIMITED = 176, SNDBUF_LIMITED = 184;
    public static final int DELIVERED = 192, DELIVERED_CE = 196, BYTES_SENT = 200, BYTES_RETRANS = 208;
    public static final int DSACK_DUPS = 216, REORD_SEEN = 220, RCV_OOOPACK = 224, SND_WND = 228, RCV_WND = 232;
    public static final int TOTAL_RTO = 240, TOTAL_RTO_RECOVERIES = 242, TOTAL_RTO_TIME = 244;
    static final int OPT_TIMESTAMPS = 1,
            OPT_SACK = 2,
            OPT_WSCALE = 4,
            OPT_ECN = 8,
            OPT_ECN_SEEN = 16,
            OPT_SYN_DATA = 32;

    private TcpInfo() {}

    /** @return bytes written */
    static int write(Tcp tcp, TcpSock sock, ByteBuffer into) {
        if (!into.hasRemaining()) {
            return Errno.EINVAL.negated();
        }
        ByteBuffer info = ByteBuffer.allocate(BYTES).order(into.order());
        info.put(STATE, (byte) sock.state().number());
        TcpListener listener = sock.listenerOrNull();
        TcpConnection c = sock.connection;
        if (listener != null) {
            info.putInt(UNACKED, listener.acceptable());
            info.putInt(SACKED, listener.backlog());
            info.putInt(SND_CWND, tcp.config().initialCwnd);
            info.putInt(REORDERING, tcp.config().reordering);
        } else if (c != null) {
            agreed(c, info);
            inFlight(c, info);
            times(c, info);
            totals(c, info);
        }
        int length = Math.min(BYTES, into.remaining());
        info.limit(length);
        into.put(info);
        return length;
    }

    private static void agreed(TcpConnection c, ByteBuffer info) {
        int options = (c.timestampsOk ? OPT_TIMESTAMPS : 0)
                | (c.sackOk ? OPT_SACK : 0)
                | (c.windowScaleOk ? OPT_WSCALE : 0)
                | ((c.ecn & TcpConnection.ECN_OK) != 0 ? OPT_ECN : 0)
                | ((c.ecn & TcpConnection.ECN_SEEN) != 0 ? OPT_ECN_SEEN : 0)
                | (c.synDataAcked ? OPT_SYN_DATA : 0);
        info.put(OPTIONS, (byte) options);
        info.put(WSCALE, (byte) (c.sndWscale & 0xF | c.rcvWscale << 4));
        info.put(RATE_FLAGS, (byte) ((c.rate.isApplicationLimited() ? 1 : 0) | c.fastOpenFailure << 1));
        info.putInt(SND_MSS, c.mss);
        info.putInt(RCV_MSS, c.peerMssEstimate);
        info.putInt(PMTU, c.pathMtu);
        info.putInt(ADVMSS, c.advertisedMss);
        info.putInt(REORDERING, c.reordering);
    }

    private static void inFlight(TcpConnection c, ByteBuffer info) {
        info.put(CA_STATE, (byte) c.caState);
        info.put(RETRANSMITS, (byte) c.retransmits);
        info.put(PROBES, (byte) c.probesOut);
        info.put(BACKOFF, (byte) c.backoff);
        info.putInt(UNACKED, c.packetsOut);
        info.putInt(SACKED, c.sackedOut);
        info.putInt(LOST, c.lostOut);
        info.putInt(RETRANS, c.retransOut);
        info.putInt(RCV_SSTHRESH, c.rcvSsthresh);
        info.putInt(SND_SSTHRESH, c.window.ssthresh);
        info.putInt(SND_CWND, c.window.cwnd);
        info.putInt(RCV_SPACE, c.receiveSpace);
        info.putInt(NOTSENT_BYTES, Math.max(0, c.writeSeq - c.sndNxt));
        info.putInt(SND_WND, c.sndWnd);
        info.putInt(RCV_WND, c.rcvWnd);
    }

    private static void times(TcpConnection c, ByteBuffer info) {
        long now = c.nowNs();
        info.putInt(RTO, (int) (c.rtoNs / 1000));
        info.putInt(ATO, (int) (Math.min(c.ackTimeoutNs, c.delackMaxNs()) / 1000));
        info.putInt(LAST_DATA_SENT, ms(now - c.lastDataSentNs));
        info.putInt(LAST_DATA_RECV, ms(now - c.lastDataInNs));
        info.putInt(LAST_ACK_RECV, ms(now - c.lastAckReceivedNs));
        info.putInt(RTT, c.rtt.srttUs());
        info.putInt(RTTVAR, c.rtt.mdevUs());
        info.putInt(RCV_RTT, c.receiveRttUs8 >> 3);
        info.putInt(MIN_RTT, (int) c.rtt.minUs());
        info.putLong(PACING_RATE, c.pacing.rate());
        info.putLong(MAX_PACING_RATE, c.settings.maxPacingRate);
        info.putLong(DELIVERY_RATE, c.rate.bytesPerSecond(c.mss));
        info.putLong(BUSY_TIME, c.chronograph.busyUs(now));
        info.putLong(RWND_LIMITED, c.chronograph.rwndLimitedUs(now));
        info.putLong(SNDBUF_LIMITED, c.chronograph.sndbufLimitedUs(now));
        long open = c.timeoutStampNs == 0 ? 0 : now - c.timeoutStampNs;
        info.putInt(TOTAL_RTO_TIME, ms(c.timeoutRecoveryNs + open));
    }

    private static void totals(TcpConnection c, ByteBuffer info) {
        info.putInt(TOTAL_RETRANS, c.totalRetransmissions);
        info.putLong(BYTES_ACKED, c.bytesAcked);
        info.putLong(BYTES_RECEIVED, c.bytesReceived);
        info.putInt(SEGS_OUT, (int) c.segmentsOut);
        info.putInt(SEGS_IN, (int) c.segmentsIn);
        info.putInt(DATA_SEGS_IN, (int) c.dataSegmentsIn);
        info.putInt(DATA_SEGS_OUT, (int) c.dataSegmentsOut);
        info.putInt(DELIVERED, (int) c.delivered);
        info.putInt(DELIVERED_CE, (int) c.deliveredCe);
        info.putLong(BYTES_SENT, c.bytesSent);
        info.putLong(BYTES_RETRANS, c.bytesRetransmitted);
        info.putInt(DSACK_DUPS, c.dsackDuplicates);
        info.putInt(REORD_SEEN, c.reorderSeen);
        info.putInt(RCV_OOOPACK, c.outOfOrderPackets);
        info.putShort(TOTAL_RTO, (short) c.totalTimeouts);
        info.putShort(TOTAL_RTO_RECOVERIES, (short) c.timeoutRecoveries);
    }

    private static int ms(long ns) {
        return (int) (ns / TcpConfig.MS);
    }
}
