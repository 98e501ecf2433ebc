package dev.doorbell.kernel.tcp;

import dev.doorbell.bus.wire.Seq;
import dev.doorbell.bus.wire.TcpHeader;
import dev.doorbell.kernel.tcp.TcpMib.Counter;

/**
 * Packetization layer path MTU discovery, RFC 4821: finds by its own segments what the path takes, where ICMP is not to
 * be had. Searches between a size that works and one that is hoped for; a probe is one larger segment in front of
 * enough ordinary ones that its loss shows by fast retransmit. {@code tcp_mtu_probing} 1 begins when full segments keep
 * being lost (a black hole), 2 with the connection. Sizes are those of IP packets in bytes.
 */
final class MtuProber {
    /** The probe counts as two packets against a window that must not be too small to notice. */
    private static final int MIN_CWND = 11;

    private final TcpConnection c;
    private boolean enabled;
    private int low;
    private int high = Integer.MAX_VALUE;
    /** Of the probe under way; 0: none. */
    private int probeBytes;

    private int probeStart, probeEnd;
    private long startedNs;

    MtuProber(TcpConnection c) {
        this.c = c;
    }

    /** The handshake is over. */
    void start() {
        enabled = c.config.mtuProbing > 1;
        high = largest();
        low = toMtu(c.config.baseMss);
        probeBytes = 0;
        startedNs = c.nowNs();
    }

    private int largest() {
        return c.peerMss + TcpHeader.MIN_LENGTH + c.ipHeaderBytes();
    }

    /** The packet that carries {@code mss} bytes of data and the usual options. */
    private int toMtu(int mss) {
        return mss + c.optionBytes() + TcpHeader.MIN_LENGTH + c.ipHeaderBytes();
    }

    /** The route's MTU is known anew: no use in looking above it. */
    void routeMtu(int mtu) {
        high = Math.min(high, mtu);
    }

    /** Bytes of the largest packet to send; {@link Integer#MAX_VALUE} while nothing is searched for. */
    int limit() {
        return enabled ? low : Integer.MAX_VALUE;
    }

    /** The same segments time out again and again: RFC 4821 §7.7, first the base size, then halves of what worked. */
    void blackHoleSuspected() {
        if (c.config.mtuProbing == 0) {
            return;
        }
        if (!enabled) {
            enabled = true;
            startedNs = c.nowNs();
        } else {
            int mss = Math.min(c.config.baseMss, TcpOutput.mssFor(c, low) >> 1);
            mss = Math.max(Math.max(mss, c.config.mtuProbeFloor), c.config.minSndMss);
            low = toMtu(mss);
        }
        c.tcp.output.syncMss(c, c.pathMtu);
    }

    /** What {@link #probe} did: nothing, sent a probe, or wants sending to stop until the window allows one. */
    static final int NOTHING = 0, SENT = 1, WAIT = 2;

    int probe() {
        if (!enabled
                || probeBytes != 0
                || c.caState != TcpConnection.CA_OPEN
                || c.window.cwnd < MIN_CWND
                || c.sackBlocks > 0
                || c.dsackPending) {
            return NOTHING;
        }
        int bytes = TcpOutput.mssFor(c, (int) (((long) high + low) >> 1));
        int needed = bytes + (c.reordering + 1) * c.mss;
        if (bytes > TcpOutput.mssFor(c, high) || high - low < c.config.probeThreshold) {
            searchAgain();
            return NOTHING;
        }
        if (c.writeSeq - c.sndNxt < needed || c.sndWnd < needed) {
            return NOTHING;
        }
        if (Seq.gt(c.sndNxt + needed, c.windowEnd())) {
            return WAIT;
        }
        if (c.inFlight() + 2 > c.window.cwnd) {
            return c.inFlight() == 0 ? NOTHING : WAIT;
        }
        TxSegment entry = gather(bytes);
        if (entry == null || c.pacing.mustWait()) {
            return NOTHING;
        }
        int mtu = toMtu(bytes);
        int start = entry.seq;
        if (c.tcp.output.sendOne(c, entry) < 0) {
            return NOTHING;
        }
        c.window.set(c.window.cwnd - 1); // one segment, but the space of two
        probeBytes = mtu;
        probeStart = start;
        probeEnd = start + bytes;
        return SENT;
    }

    /** Makes the send head exactly {@code bytes} long and one packet. @return null: what lies there may not be joined */
    private @org.jspecify.annotations.Nullable TxSegment gather(int bytes) {
        TxSegment head = c.sendQueue.sendHead;
        if (head == null) {
            return null;
        }
        while (head.length() < bytes) {
            TxSegment next = head.next;
            if (next == null || head.endOfRecord || !head.canAbsorb(next)) {
                return null;
            }
            c.sendQueue.joinNext(head);
        }
        if (head.length() > bytes) {
            c.sendQueue.split(head, bytes, bytes);
        }
        head.cutInto(bytes);
        return head;
    }

    /** After an ACK of new data. */
    void acknowledged() {
        if (probeBytes == 0 || Seq.gt(probeEnd, c.sndUna)) {
            return;
        }
        long cwnd = (long) c.window.cwnd * toMtu(c.mss) / probeBytes;
        c.window.set((int) Math.max(1, cwnd)); // as many bytes as before
        c.window.count = 0;
        c.cwndStampNs = c.nowNs();
        c.window.ssthresh = TcpOutput.currentSsthresh(c);
        low = probeBytes;
        probeBytes = 0;
        c.tcp.output.syncMss(c, c.pathMtu);
        c.tcp.mib.inc(Counter.TCPMTUPSuccess);
    }

    /** Losses begin at the probe: it was too large, the network is well. @return true when that is so */
    boolean failed() {
        if (probeBytes == 0 || c.sndUna != probeStart) {
            return false;
        }
        high = probeBytes - 1;
        probeBytes = 0;
        c.window.set(c.window.cwnd + 1);
        c.tcp.mib.inc(Counter.TCPMTUPFail);
        return true;
    }

    /** The search is over; after ten minutes the path may have changed. */
    private void searchAgain() {
        if (c.nowNs() - startedNs < c.config.probeIntervalNs) {
            return;
        }
        probeBytes = 0;
        high = largest();
        low = toMtu(c.tcp.output.currentMss(c));
        startedNs = c.nowNs();
    }

    boolean isEnabled() {
        return enabled;
    }

    int low() {
        return low;
    }

    int high() {
        return high;
    }
}
