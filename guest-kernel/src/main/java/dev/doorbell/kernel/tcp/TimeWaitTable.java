package dev.doorbell.kernel.tcp;

import dev.doorbell.bus.wire.Seq;
import dev.doorbell.bus.wire.TcpHeader;
import dev.doorbell.kernel.skb.SkBuff;
import dev.doorbell.kernel.tcp.TcpMib.Counter;
import dev.doorbell.kernel.time.KernelTimer;
import org.jspecify.annotations.Nullable;

/** All flows in TIME-WAIT, in order of expiry, with one timer for the first. RFC 9293 §3.10.7.4, RFC 6191. */
final class TimeWaitTable {
    private final Tcp tcp;
    private final KernelTimer timer;

    @Nullable
    private TimeWait first;

    @Nullable
    private TimeWait last;

    private int count;

    TimeWaitTable(Tcp tcp) {
        this.tcp = tcp;
        this.timer = new KernelTimer(tcp.kernel, "tcp time-wait", this::expire);
    }

    int count() {
        return count;
    }

    void add(TimeWait tw, long durationNs) {
        tcp.flows.put(tw);
        tcp.mib.inc(Counter.TW);
        count++;
        enqueue(tw, durationNs);
    }

    private void enqueue(TimeWait tw, long durationNs) {
        tw.expiresNs = tcp.kernel.nowNs() + durationNs;
        TimeWait before = last;
        while (before != null && before.expiresNs > tw.expiresNs) {
            before = before.previous;
        }
        TimeWait after = before == null ? first : before.next;
        tw.previous = before;
        tw.next = after;
        if (before == null) {
            first = tw;
            timer.modTimer(tw.expiresNs);
        } else {
            before.next = tw;
        }
        if (after == null) {
            last = tw;
        } else {
            after.previous = tw;
        }
    }

    private void dequeue(TimeWait tw) {
        if (tw.previous == null) {
            first = tw.next;
        } else {
            tw.previous.next = tw.next;
        }
        if (tw.next == null) {
            last = tw.previous;
        } else {
            tw.next.previous = tw.previous;
        }
        tw.next = tw.previous = null;
    }

    void kill(TimeWait tw) {
        dequeue(tw);
        count--;
        tcp.flows.remove(tw);
        if (tw.holder != null) {
            tcp.ports.remove(tw.holder);
            tw.holder = null;
        }
        if (first == null) {
            timer.delTimer();
        }
    }

    private void restart(TimeWait tw) {
        dequeue(tw);
        enqueue(tw, tcp.config().timeWaitNs);
    }

    private void expire() {
        long now = tcp.kernel.nowNs();
        TimeWait tw;
        while ((tw = first) != null && tw.expiresNs <= now) {
            kill(tw);
        }
        if (first != null) {
            timer.modTimer(first.expiresNs);
        }
    }

    /**
     * A segment for a flow in TIME-WAIT.
     *
     * @param listening somebody would take a SYN
     * @return an initial sequence number when it is a SYN that may open the connection anew (the entry is gone then, the
     *     buffer is still the caller's); 0: the segment is dealt with, the buffer gone
     */
    int receive(TimeWait tw, SkBuff skb, ReceivedOptions options, boolean listening) {
        int flags = skb.cbFlags;
        boolean rst = (flags & TcpHeader.RST) != 0;
        boolean syn = (flags & TcpHeader.SYN) != 0;
        boolean ack = (flags & TcpHeader.ACK) != 0;
        boolean stamped = options.sawTimestamp && tw.timestampsOk;
        boolean paws = stamped && tw.tsRecent - options.tsVal > 0;
        if (tw.state() == TcpState.FIN_WAIT2) {
            finWait2(tw, skb, options, paws);
            return 0;
        }
        if (!paws && skb.cbSeq == tw.rcvNxt && (skb.cbSeq == skb.cbEndSeq || rst)) {
            if (rst) {
                if (!tcp.config().rfc1337) {
                    kill(tw);
                }
            } else {
                restart(tw);
                if (stamped) {
                    tw.tsRecent = options.tsVal;
                }
            }
            skb.free();
            return 0;
        }
        if (syn
                && listening
                && !rst
                && !ack
                && !paws
                && (Seq.gt(skb.cbSeq, tw.rcvNxt) || (stamped && options.tsVal - tw.tsRecent > 0))) {
            kill(tw);
            return tw.nextIss();
        }
        if (paws) {
            tcp.mib.inc(Counter.PAWSEstab);
        }
        if (!rst) {
            if (paws || ack) {
                restart(tw);
            }
            acknowledge(tw, true);
        }
        skb.free();
        return 0;
    }

    private void finWait2(TimeWait tw, SkBuff skb, ReceivedOptions options, boolean paws) {
        int flags = skb.cbFlags;
        boolean inWindow = Seq.geq(skb.cbEndSeq, tw.rcvNxt) && Seq.leq(skb.cbSeq, tw.rcvNxt + tw.window);
        if (paws || !inWindow) {
            if ((flags & TcpHeader.RST) == 0) {
                acknowledge(tw, true);
            }
        } else if ((flags & TcpHeader.RST) != 0) {
            kill(tw);
        } else if ((flags & TcpHeader.SYN) != 0 && Seq.geq(skb.cbSeq, tw.rcvNxt)) {
            tcp.responder.reset(tw, skb);
        } else if ((flags & TcpHeader.ACK) != 0 && Seq.gt(skb.cbEndSeq, tw.rcvNxt) && skb.cbEndSeq != skb.cbSeq) {
            if ((flags & TcpHeader.FIN) == 0 || skb.cbEndSeq != tw.rcvNxt + 1) {
                tcp.responder.reset(tw, skb); // data, and nobody to read it
                kill(tw);
            } else {
                tw.finReceived();
                tw.rcvNxt = skb.cbEndSeq;
                if (options.sawTimestamp) {
                    tw.tsRecent = options.tsVal;
                }
                restart(tw);
                acknowledge(tw, false);
            }
        }
        skb.free();
    }

    private void acknowledge(TimeWait tw, boolean limited) {
        long now = tcp.kernel.nowNs();
        if (limited && tw.oowAckNs != Long.MIN_VALUE && now - tw.oowAckNs < tcp.config().invalidRateLimitNs) {
            tcp.mib.inc(Counter.TCPACKSkippedTimeWait);
            return;
        }
        if (limited) {
            tw.oowAckNs = now;
        }
        tcp.writer.sendBare(
                tw.path,
                tw,
                tw.sndNxt,
                tw.rcvNxt,
                TcpHeader.ACK,
                tw.window >> tw.rcvWscale,
                tw.timestampsOk,
                (int) (now / TcpConfig.MS) + tw.tsOffset,
                tw.tsRecent,
                0);
    }
}
