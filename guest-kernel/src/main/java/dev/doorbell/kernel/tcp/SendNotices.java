package dev.doorbell.kernel.tcp;

import static dev.doorbell.kernel.socket.SocketConstants.*;

import dev.doorbell.bus.wire.Seq;
import dev.doorbell.kernel.core.Errno;
import dev.doorbell.kernel.socket.ErrorQueue;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;

/**
 * What an application asked to be told about the bytes it sends, by the error queue: that the buffer of a MSG_ZEROCOPY
 * call is its own again, and when the last byte of a call was handed down, left and was acknowledged (SO_TIMESTAMPING).
 * A connection has one only if it was asked for.
 */
final class SendNotices {
    /** Bits of SO_TIMESTAMPING, linux/net_tstamp.h. */
    static final int TX_HARDWARE = 1, TX_SOFTWARE = 2, SOFTWARE = 16, OPT_ID = 128, TX_SCHED = 256, TX_ACK = 512;

    static final int OPT_TSONLY = 1 << 11, OPT_STATS = 1 << 12, OPT_ID_TCP = 1 << 16, ALL = (1 << 18) - 1;
    private static final int RECORDED = TX_HARDWARE | TX_SOFTWARE | TX_SCHED | TX_ACK;

    /** Values of ee_info: SCM_TSTAMP_SND, SCM_TSTAMP_SCHED, SCM_TSTAMP_ACK. */
    private static final int LEFT = 0, SCHEDULED = 1, ACKNOWLEDGED = 2;

    /** Of the data only as much comes along as tells the packet. */
    private static final int QUOTED_BYTES = 64;

    private static final byte[] NOTHING = {};

    /** @param last sequence number of the byte that is watched */
    private record Stamp(int last, int options, int id, byte[] quoted) {}

    /** @param endSeq sequence number behind the call's last byte */
    private record Lent(int id, int endSeq) {}

    private final TcpConnection c;
    private final ArrayDeque<Stamp> stamps = new ArrayDeque<>();
    private final ArrayDeque<Lent> lent = new ArrayDeque<>();
    private int nextLoan;

    private SendNotices(TcpConnection c) {
        this.c = c;
    }

    /** The end of a send call that took {@code copied} bytes, more than 0, which end at the buffer's position. */
    static void written(TcpConnection c, ByteBuffer data, int copied, int flags) {
        TcpSettings settings = c.settings;
        boolean zeroCopy = settings.zeroCopy && (flags & MSG_ZEROCOPY) != 0;
        boolean stamped = (settings.timestamping & RECORDED) != 0;
        if (!zeroCopy && !stamped) {
            return;
        }
        SendNotices notices = c.notices;
        if (notices == null) {
            notices = new SendNotices(c);
            c.notices = notices;
        }
        if (zeroCopy) {
            notices.lent.add(new Lent(notices.nextLoan++, c.writeSeq));
        }
        if (stamped) {
            notices.stamp(data, copied);
        }
    }

    private void stamp(ByteBuffer data, int copied) {
        TxSegment tail = c.sendQueue.tail;
        if (tail != null && c.hasUnsent()) {
            // One packet tells of one byte, its last.
            while (!stamps.isEmpty() && Seq.geq(stamps.getLast().last, tail.seq)) {
                stamps.removeLast();
            }
        }
        int options = c.settings.timestamping;
        byte[] quoted = NOTHING;
        if ((options & OPT_TSONLY) == 0) {
            quoted = new byte[Math.min(copied, QUOTED_BYTES)];
            data.get(data.position() - quoted.length, quoted);
        }
        int last = c.writeSeq - 1;
        int id = (options & OPT_ID) != 0 ? last - c.settings.timestampBase : 0;
        stamps.add(new Stamp(last, options, id, quoted));
    }

    /** A packet with the bytes from {@code seq} to before {@code endSeq} leaves. */
    void sent(int seq, int endSeq) {
        for (Stamp stamp : stamps) {
            if (Seq.geq(stamp.last, endSeq)) {
                return;
            }
            if (Seq.geq(stamp.last, seq)) {
                report(stamp, TX_SCHED, SCHEDULED);
                report(stamp, TX_SOFTWARE, LEFT);
            }
        }
    }

    /** SND.UNA has moved. */
    void acknowledged() {
        Stamp stamp;
        while ((stamp = stamps.peek()) != null && Seq.lt(stamp.last, c.sndUna)) {
            stamps.remove();
            report(stamp, TX_ACK, ACKNOWLEDGED);
        }
        Lent loan;
        while ((loan = lent.peek()) != null && Seq.leq(loan.endSeq, c.sndUna)) {
            lent.remove();
            giveBack(loan);
        }
    }

    /** The connection is over: no buffer is needed any more. */
    void ended() {
        stamps.clear();
        Lent loan;
        while ((loan = lent.poll()) != null) {
            giveBack(loan);
        }
    }

    private void giveBack(Lent loan) {
        TcpSock sock = c.sock;
        if (sock != null) {
            sock.errors.zeroCopyDone(loan.id);
            sock.stateChanged(EPOLLERR);
        }
    }

    private void report(Stamp stamp, int wanted, int kind) {
        TcpSock sock = c.sock;
        if (sock == null || (stamp.options & wanted) == 0) {
            return;
        }
        long time = (stamp.options & SOFTWARE) != 0 ? c.nowNs() : ErrorQueue.NO_TIME;
        sock.errors.add(new ErrorQueue.Entry(
                Errno.ENOMSG.number(),
                SO_EE_ORIGIN_TIMESTAMPING,
                0,
                0,
                kind,
                0,
                0,
                sock.ends.remoteHigh,
                sock.ends.remoteLow,
                sock.ends.remotePort,
                stamp.quoted,
                stamp.id,
                time));
        sock.stateChanged(EPOLLERR);
    }

    // ---- options

    static boolean isOption(int level, int name) {
        return level == SOL_SOCKET && (name == SO_ZEROCOPY || name == SO_TIMESTAMPING);
    }

    static int set(TcpSock sock, int name, int value) {
        if (name == SO_ZEROCOPY) {
            if (value < 0 || value > 1) {
                return Errno.EINVAL.negated();
            }
            sock.settings.zeroCopy = value != 0;
            return 0;
        }
        TcpConnection c = sock.connection;
        boolean counts = (value & OPT_ID) != 0 && (sock.settings.timestamping & OPT_ID) == 0;
        if ((value & ~ALL) != 0
                || (value & (OPT_ID | OPT_ID_TCP)) == OPT_ID_TCP
                || (value & OPT_STATS) != 0 // no statistics come along
                || counts && (c == null || c.state() == TcpState.CLOSE)) {
            return Errno.EINVAL.negated();
        }
        if (counts && c != null) {
            sock.settings.timestampBase = (value & OPT_ID_TCP) != 0 ? c.writeSeq : c.sndUna;
        }
        sock.settings.timestamping = value;
        return 0;
    }

    static int get(TcpSock sock, int name) {
        return name == SO_ZEROCOPY ? (sock.settings.zeroCopy ? 1 : 0) : sock.settings.timestamping;
    }
}
