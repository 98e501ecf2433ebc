package dev.doorbell.kernel.tcp;

import dev.doorbell.bus.wire.Seq;
import dev.doorbell.bus.wire.TcpHeader;
import dev.doorbell.kernel.inet.Endpoints;
import dev.doorbell.kernel.skb.SkBuff;
import dev.doorbell.kernel.tcp.TcpMib.Counter;
import java.util.SplittableRandom;

/** Answers to segments that should not be: resets, duplicate ACKs, challenge ACKs (RFC 5961), all of them limited. */
final class Responder {
    private final Tcp tcp;
    private final SegmentWriter writer;
    private final TcpMib mib;
    private final SplittableRandom random;
    private long challengePeriod = -1;
    private int challengesLeft;

    Responder(Tcp tcp, SegmentWriter writer) {
        this.tcp = tcp;
        this.writer = writer;
        this.mib = tcp.mib;
        this.random = tcp.kernel.random("tcp challenge");
    }

    /** RFC 9293 §3.10.7.1: a segment that belongs to nothing, other than a RST. */
    void resetUnknown(SkBuff skb, Endpoints ends) {
        if ((skb.cbFlags & TcpHeader.RST) != 0 || tcp.network.isMulticastOrBroadcast(ends.localHigh, ends.localLow)) {
            return;
        }
        Path path = tcp.network.path(ends, 0, null);
        if (path == null) {
            return;
        }
        int tos = tcp.demux.receivedTrafficClass(); // of the class it answers, as there is no socket to say another
        if ((skb.cbFlags & TcpHeader.ACK) != 0) {
            writer.sendBare(path, ends, skb.cbAck, 0, TcpHeader.RST, 0, false, 0, 0, tos);
        } else {
            writer.sendBare(path, ends, 0, skb.cbEndSeq, TcpHeader.RST | TcpHeader.ACK, 0, false, 0, 0, tos);
        }
    }

    /** A reset for an unacceptable ACK: SEQ = SEG.ACK. */
    void reset(Flow flow, SkBuff skb) {
        resetUnknown(skb, flow);
    }

    /** The plain "this is where I am" to an unacceptable segment; to one without data at most every 500 ms. */
    void duplicateAck(TcpConnection c, SkBuff skb, Counter skipped) {
        if (skb.cbEndSeq != skb.cbSeq && Seq.lt(skb.cbSeq, c.rcvNxt)) {
            c.enterQuickAck(16);
            if (c.sackOk && c.config.dsack) {
                int end = Seq.gt(skb.cbEndSeq, c.rcvNxt) ? c.rcvNxt : skb.cbEndSeq;
                tcp.data.setDsack(c, skb.cbSeq, end);
            }
            tcp.output.sendAck(c);
        } else if (skb.cbEndSeq != skb.cbSeq && (skb.cbFlags & TcpHeader.SYN) == 0) {
            tcp.output.sendAck(c); // data is always answered: each may be one that its sender will repeat
        } else {
            outOfWindowAck(c, skipped);
        }
    }

    void outOfWindowAck(TcpConnection c, Counter skipped) {
        long now = c.nowNs();
        if (c.oowAckNs != Long.MIN_VALUE && now - c.oowAckNs < c.config.invalidRateLimitNs) {
            mib.inc(skipped);
            return;
        }
        c.oowAckNs = now;
        tcp.output.sendAck(c);
    }

    void challengeSyn(TcpConnection c) {
        mib.inc(Counter.TCPSYNChallenge);
        challengeAck(c);
    }

    /** RFC 5961 §7: per connection, and from a budget per second whose size nobody can guess (CVE-2016-5696). */
    void challengeAck(TcpConnection c) {
        long now = c.nowNs();
        if (c.oowAckNs != Long.MIN_VALUE && now - c.oowAckNs < c.config.invalidRateLimitNs) {
            mib.inc(Counter.TCPACKSkippedChallenge);
            return;
        }
        int limit = c.config.challengeAckLimit;
        if (limit != Integer.MAX_VALUE) {
            long period = now / TcpConfig.SECOND;
            if (period != challengePeriod) {
                challengePeriod = period;
                challengesLeft = limit / 2 + random.nextInt(Math.max(1, limit));
            }
            if (challengesLeft <= 0) {
                return;
            }
            challengesLeft--;
        }
        c.oowAckNs = now;
        mib.inc(Counter.TCPChallengeACK);
        tcp.output.sendAck(c);
    }
}
