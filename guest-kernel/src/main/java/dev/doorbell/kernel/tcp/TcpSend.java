package dev.doorbell.kernel.tcp;

import static dev.doorbell.kernel.socket.SocketConstants.*;

import dev.doorbell.bus.wire.TcpHeader;
import dev.doorbell.kernel.core.Errno;
import dev.doorbell.kernel.socket.Sock;
import java.nio.ByteBuffer;

/** The application's SEND, RFC 9293 §3.9.1.2: from its buffer to the send queue, and on the wire what may go. */
final class TcpSend {
    private TcpSend() {}

    /** Pages one packet buffer refers to: MAX_SKB_FRAGS. */
    private static final int MAX_PAGES = 17, PAGE_BYTES = 4096;

    static long send(Tcp tcp, TcpSock sock, TcpConnection c, ByteBuffer data, int pieces, int flags) {
        int asked = data.remaining();
        if (sock.pendingError() != 0) {
            return sock.takeError();
        }
        if (!c.maySend() || (c.shutdown & Sock.SEND_SHUTDOWN) != 0) {
            return Errno.EPIPE.negated();
        }
        int mss = tcp.output.currentMss(c);
        int whole = tcp.output.sizeGoal(c, mss);
        boolean lent = pieces > 1 && c.settings.zeroCopy && (flags & MSG_ZEROCOPY) != 0;
        int goal = lent ? Math.min(whole, lendable(asked, pieces)) : whole;
        c.rate.checkApplicationLimited(c);
        if (!c.hasUnsent()) {
            tcp.output.restartAfterIdle(c);
        }
        int copied = 0;
        while (copied < asked) {
            if (c.sendQueue.appendsNewEntry(goal)
                    && (c.sendQueue.truesize >= c.settings.sendBufferBytes || !c.belowNotsentLowat())) {
                sock.wantsSpace = true;
                break;
            }
            int taken = c.sendQueue.append(data, asked - copied, c.writeSeq, goal, mss);
            if (taken == 0) {
                sock.wantsSpace = true;
                break;
            }
            c.chronograph.start(Chronograph.BUSY, c.nowNs());
            TxSegment last = c.sendQueue.tail;
            if (last != null && copied == 0) {
                last.flags &= ~TcpHeader.PSH; // the end of the write before is not the end any more
            }
            copied += taken;
            c.writeSeq += taken;
            if (last == null || copied == asked) {
                continue; // the end of what is written is pushed below
            }
            if (last.length() >= whole) {
                pushFull(tcp, c, last, mss);
            } else if (last.length() >= goal) {
                last.flags |= TcpHeader.PSH; // no page more goes in, and none will
                c.pushedSeq = c.writeSeq;
            }
        }
        if (copied == 0) {
            return asked == 0 ? 0 : Errno.EAGAIN.negated();
        }
        SendNotices.written(c, data, copied, flags);
        finish(tcp, c, mss, copied == asked, flags);
        return copied;
    }

    /**
     * Bytes that one packet takes of a MSG_ZEROCOPY call, as on a machine that lends pages: each piece begins on one of its
     * own. The pieces are taken for equally long.
     */
    private static int lendable(int bytes, int pieces) {
        int each = Math.max(1, (bytes + pieces - 1) / pieces);
        int pages = (each + PAGE_BYTES - 1) / PAGE_BYTES;
        return Math.max(1, MAX_PAGES / pages) * each;
    }

    /** Large writes go out as they are copied: PSH at each half of the largest window seen, RFC 9293 §3.9.1.2. */
    private static void pushFull(Tcp tcp, TcpConnection c, TxSegment last, int mss) {
        if (isPushDue(c)) {
            last.flags |= TcpHeader.PSH;
            c.pushedSeq = c.writeSeq;
            tcp.output.push(c, mss, TcpOutput.NAGLE_OFF);
        } else if (last == c.sendQueue.sendHead) {
            tcp.output.writeXmit(c, mss, TcpOutput.NAGLE_OFF, TcpOutput.ONE);
        }
    }

    private static boolean isPushDue(TcpConnection c) {
        return c.writeSeq - c.pushedSeq - (c.maxWindow >> 1) > 0;
    }

    private static void finish(Tcp tcp, TcpConnection c, int mss, boolean whole, int flags) {
        // What did not fit waits for room, which only acknowledgments make: then nothing is held back.
        boolean more = whole && (flags & MSG_MORE) != 0;
        TxSegment last = c.sendQueue.tail;
        if (last != null && c.hasUnsent()) {
            if (!more || isPushDue(c)) {
                last.flags |= TcpHeader.PSH;
                c.pushedSeq = c.writeSeq;
            }
            if ((flags & MSG_EOR) != 0 && whole) {
                last.endOfRecord = true;
            }
        }
        if ((flags & MSG_OOB) != 0 && whole) {
            c.urgentMode = true;
            c.sndUrgent = c.writeSeq;
        }
        int nagle = whole ? TcpOutput.NAGLE_DEFAULT : TcpOutput.NAGLE_OFF;
        tcp.output.push(c, mss, more ? TcpOutput.NAGLE_MORE : nagle);
    }
}
