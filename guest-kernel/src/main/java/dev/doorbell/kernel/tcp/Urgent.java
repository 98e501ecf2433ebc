package dev.doorbell.kernel.tcp;

import static dev.doorbell.kernel.socket.SocketConstants.EPOLLPRI;

import dev.doorbell.bus.wire.Seq;
import dev.doorbell.bus.wire.TcpHeader;
import dev.doorbell.kernel.skb.SkBuff;

/** Urgent data as everybody does it: the pointer is one past the urgent octet, and there is one such octet. RFC 6093. */
final class Urgent {
    void receive(TcpConnection c, SkBuff skb, int pointer) {
        if ((skb.cbFlags & TcpHeader.URG) != 0 && pointer > 0) {
            announce(c, skb.cbSeq + pointer - 1);
        }
        if (c.urgentData != TcpConnection.URGENT_NOT_YET) {
            return;
        }
        int offset = c.urgentSeq - skb.cbSeq;
        if (offset >= 0 && offset < skb.length()) {
            c.urgentData = TcpConnection.URGENT_VALID | byteAt(skb, offset) & 0xFF;
            c.notifyReadable(EPOLLPRI);
        }
    }

    private static void announce(TcpConnection c, int seq) {
        // Behind what was read, behind what was received, or not newer than the last one: nothing new.
        if (Seq.gt(c.copiedSeq, seq) || Seq.lt(seq, c.rcvNxt)) {
            return;
        }
        if (c.urgentData != 0 && Seq.leq(seq, c.urgentSeq)) {
            return;
        }
        TcpSock sock = c.sock;
        if (c.urgentData != 0
                && c.urgentSeq == c.copiedSeq
                && c.copiedSeq != c.rcvNxt
                && sock != null
                && !sock.outOfBandInline) {
            // The reader stands at the old mark: without it, the old urgent byte would become part of the stream.
            c.copiedSeq++;
        }
        c.urgentSeq = seq;
        c.urgentData = TcpConnection.URGENT_NOT_YET;
        c.notifyReadable(EPOLLPRI);
    }

    private static int byteAt(SkBuff skb, int offset) {
        int at = offset;
        if (at < skb.headLength()) {
            return skb.memory().readByte(skb.data() + at);
        }
        at -= skb.headLength();
        for (int i = 0; i < skb.fragCount(); i++) {
            if (at < skb.fragLength(i)) {
                return skb.memory().readByte(skb.fragGpa(i) + at);
            }
            at -= skb.fragLength(i);
        }
        for (SkBuff part = skb.fragList; part != null; part = part.next) {
            if (at < part.length()) {
                return byteAt(part, at);
            }
            at -= part.length();
        }
        return 0;
    }
}
