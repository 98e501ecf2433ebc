package dev.doorbell.kernel.tcp;

import dev.doorbell.kernel.core.Errno;
import java.nio.ByteBuffer;

/** struct tcp_info, linux/tcp.h: fields at their offsets, times in microseconds or milliseconds as there. */
public final class TcpInfo {
    /** Bytes up to and including tcpi_snd_wnd. */
    public static final int BYTES = 232;

    /** Offsets of fields in the struct. */
    public static final int STATE = 0, CA_STATE = 1, RETRANSMITS = 2, PROBES = 3, BACKOFF = 4, OPTIONS = 5, WSCALE = 6;

    public static final int RTO = 8, ATO = 12, SND_MSS = 16, RCV_MSS = 20;
    public static final int UNACKED = 24, SACKED = 28, LOST = 32, RETRANS = 36;
    public static final int LAST_DATA_SENT = 44, LAST_DATA_RECV = 52, LAST_ACK_RECV = 56;
    public static final int PMTU = 60, RCV_SSTHRESH = 64, RTT = 68, RTTVAR = 72, SND_SSTHRESH = 76, SND_CWND = 80;
    public static final int ADVMSS = 84, REORDERING = 88, RCV_RTT = 92, RCV_SPACE = 96, TOTAL_RETRANS = 100;
    public static final int BYTES_ACKED = 120, BYTES_RECEIVED = 128, SEGS_OUT = 136, SEGS_IN = 140;
    public static final int NOTSENT_BYTES = 144, MIN_RTT = 148, DATA_SEGS_IN = 152, DATA_SEGS_OUT = 156;
    public static final int DELIVERED = 192, BYTES_SENT = 200, BYTES_RETRANS = 208, DSACK_DUPS = 216;
    public static final int REORD_SEEN = 220, RCV_OOOPACK = 224, SND_WND = 228;
    private static final int OPT_TIMESTAMPS = 1, OPT_SACK = 2, OPT_WSCALE = 4, OPT_ECN = 8, OPT_ECN_SEEN = 16;

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
        } else if (c != null) {
            connection(c, info);
        }
        int length = Math.min(BYTES, into.remaining());
        info.limit(length);
        into.put(info);
        return length;
    }

    private static void connection(TcpConnection c, ByteBuffer info) {
        long now = c.nowNs();
        info.put(CA_STATE, (byte) c.caState);
        info.put(RETRANSMITS, (byte) c.retransmits);
        info.put(PROBES, (byte) c.probesOut);
        info.put(BACKOFF, (byte) c.backoff);
        int options = (c.timestampsOk ? OPT_TIMESTAMPS : 0)
                | (c.sackOk ? OPT_SACK : 0)
                | (c.windowScaleOk ? OPT_WSCALE : 0)
                | ((c.ecn & TcpConnection.ECN_OK) != 0 ? OPT_ECN : 0)
                | ((c.ecn & TcpConnection.ECN_SEEN) != 0 ? OPT_ECN_SEEN : 0);
        info.put(OPTIONS, (byte) options);
        info.put(WSCALE, (byte) (c.sndWscale & 0xF | c.rcvWscale << 4));
        info.putInt(RTO, (int) (c.rtoNs / 1000));
        info.putInt(ATO, (int) (c.ackTimeoutNs / 1000));
        info.putInt(SND_MSS, c.mss);
        info.putInt(RCV_MSS, c.peerMssEstimate);
        info.putInt(UNACKED, c.packetsOut);
        info.putInt(SACKED, c.sackedOut);
        info.putInt(LOST, c.lostOut);
        info.putInt(RETRANS, c.retransOut);
        info.putInt(LAST_DATA_SENT, ms(now - c.lastDataSentNs));
        info.putInt(LAST_DATA_RECV, ms(now - c.lastDataInNs));
        info.putInt(LAST_ACK_RECV, ms(now - c.lastAckReceivedNs));
        info.putInt(PMTU, c.pathMtu);
        info.putInt(RCV_SSTHRESH, c.rcvSsthresh);
        info.putInt(RTT, c.rtt.srttUs());
        info.putInt(RTTVAR, c.rtt.mdevUs());
        info.putInt(SND_SSTHRESH, c.window.ssthresh);
        info.putInt(SND_CWND, c.window.cwnd);
        info.putInt(ADVMSS, c.advertisedMss);
        info.putInt(REORDERING, c.reordering);
        info.putInt(RCV_RTT, c.receiveRttUs8 >> 3);
        info.putInt(RCV_SPACE, c.receiveSpace);
        info.putInt(TOTAL_RETRANS, c.totalRetransmissions);
        info.putLong(BYTES_ACKED, c.bytesAcked);
        info.putLong(BYTES_RECEIVED, c.bytesReceived);
        info.putInt(SEGS_OUT, (int) c.segmentsOut);
        info.putInt(SEGS_IN, (int) c.segmentsIn);
        info.putInt(NOTSENT_BYTES, Math.max(0, c.writeSeq - c.sndNxt));
        info.putInt(MIN_RTT, (int) c.rtt.minUs());
        info.putInt(DATA_SEGS_IN, (int) c.dataSegmentsIn);
        info.putInt(DATA_SEGS_OUT, (int) c.dataSegmentsOut);
        info.putInt(DELIVERED, (int) c.delivered);
        info.putLong(BYTES_SENT, c.bytesSent);
        info.putLong(BYTES_RETRANS, c.bytesRetransmitted);
        info.putInt(DSACK_DUPS, c.dsackDuplicates);
        info.putInt(REORD_SEEN, c.reorderSeen);
        info.putInt(RCV_OOOPACK, c.outOfOrder.count());
        info.putInt(SND_WND, c.sndWnd);
    }

    private static int ms(long ns) {
        return (int) (ns / TcpConfig.MS);
    }
}
