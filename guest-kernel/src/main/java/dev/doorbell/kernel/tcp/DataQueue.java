package dev.doorbell.kernel.tcp;

import static dev.doorbell.kernel.socket.SocketConstants.*;

import dev.doorbell.bus.wire.Seq;
import dev.doorbell.bus.wire.TcpHeader;
import dev.doorbell.kernel.skb.DropReason;
import dev.doorbell.kernel.skb.SkBuff;
import dev.doorbell.kernel.socket.Sock;
import dev.doorbell.kernel.tcp.TcpMib.Counter;

/**
 * Incoming data and FIN, RFC 9293 §3.10.7.4 seventh and eighth: in order to the application, ahead of a hole to the
 * out-of-order queue with its SACK and DSACK blocks.
 */
final class DataQueue {
    private static final int READABLE = EPOLLIN | EPOLLRDNORM;

    private final Tcp tcp;
    private final TcpMib mib;

    DataQueue(Tcp tcp) {
        this.tcp = tcp;
        this.mib = tcp.mib;
    }

    /** Takes a validated segment with its data() at the first payload byte; it is gone in every case. */
    void receive(TcpConnection c, SkBuff skb) {
        if (skb.cbSeq == skb.cbEndSeq) {
            skb.free();
            return;
        }
        EcnReceiver.segment(c, skb);
        c.dsackPending = false;
        if (skb.cbSeq == c.rcvNxt) {
            if (c.receiveWindow() == 0 && skb.length() > 0) {
                mib.inc(Counter.TCPZeroWindowDrop);
                outOfWindow(c, skb, DropReason.TCP_ZEROWINDOW);
                return;
            }
            if (!makeRoom(c, skb)) {
                mib.inc(Counter.TCPRcvQDrop);
                outOfWindow(c, skb, DropReason.SOCKET_RCVBUFF);
                return;
            }
            inOrder(c, skb);
            return;
        }
        if (Seq.leq(skb.cbEndSeq, c.rcvNxt)) {
            // All of it was received before.
            mib.inc(Counter.DelayedACKLost);
            setDsack(c, skb.cbSeq, skb.cbEndSeq);
            outOfWindow(c, skb, DropReason.TCP_OLD_DATA);
            return;
        }
        if (Seq.geq(skb.cbSeq, c.rcvNxt + c.receiveWindow())) {
            outOfWindow(c, skb, DropReason.TCP_OVERWINDOW);
            return;
        }
        if (Seq.lt(skb.cbSeq, c.rcvNxt)) {
            setDsack(c, skb.cbSeq, c.rcvNxt);
            if (c.receiveWindow() == 0 || !makeRoom(c, skb)) {
                outOfWindow(c, skb, DropReason.TCP_ZEROWINDOW);
                return;
            }
            inOrder(c, skb);
            return;
        }
        if (!makeRoom(c, skb)) {
            mib.inc(Counter.TCPOFODrop);
            outOfWindow(c, skb, DropReason.TCP_OFO_DROP);
            return;
        }
        outOfOrder(c, skb);
    }

    private static void outOfWindow(TcpConnection c, SkBuff skb, DropReason reason) {
        c.enterQuickAck(16);
        c.ackPending |= TcpConnection.ACK_SCHEDULED;
        skb.drop(reason);
    }

    /**
     * Room within the receive buffer, at the cost of what is farthest ahead of the hole if need be. What is in the buffer
     * counts, not what comes: a window that was offered holds. A bare FIN costs nothing.
     */
    private boolean makeRoom(TcpConnection c, SkBuff skb) {
        if (c.receiveMemory <= c.settings.receiveBufferBytes || skb.length() == 0) {
            return true;
        }
        ReceiveWindow.clamp(c);
        while (c.receiveMemory > c.settings.receiveBufferBytes) {
            SkBuff last = c.outOfOrder.last();
            if (last == null || Seq.leq(last.cbSeq, skb.cbSeq)) {
                return false;
            }
            c.outOfOrder.remove(c.outOfOrder.count() - 1);
            c.receiveMemory -= ReceiveQueue.memoryOf(last);
            last.drop(DropReason.TCP_OFO_QUEUE_PRUNE);
            mib.inc(Counter.TCPOFODrop);
            c.sackBlocks = 0;
        }
        return true;
    }

    private void inOrder(TcpConnection c, SkBuff skb) {
        queue(c, skb);
        if (!c.outOfOrder.isEmpty()) {
            fillHole(c);
            if (c.outOfOrder.isEmpty()) {
                c.ackPending |= TcpConnection.ACK_NOW; // the hole is filled: RFC 5681 §4.2
            }
        }
        removeOldSacks(c);
        if (c.sock != null) {
            wakeReader(c);
        }
    }

    /** Appends to the receive queue what is new of a buffer that begins at or before RCV.NXT. */
    private void queue(TcpConnection c, SkBuff skb) {
        int endSeq = skb.cbEndSeq;
        boolean fin = (skb.cbFlags & TcpHeader.FIN) != 0;
        int fresh = endSeq - c.rcvNxt;
        int data = fin ? fresh - 1 : fresh;
        c.rcvNxt = endSeq;
        c.bytesReceived += data;
        if (skb.length() > 0 && data > 0) {
            tcp.acks.dataReceived(c, skb);
            c.receiveMemory += c.receiveQueue.add(skb);
        } else {
            skb.free();
            c.ackPending |= TcpConnection.ACK_SCHEDULED;
        }
        if (fin) {
            fin(c);
        }
    }

    private void fillHole(TcpConnection c) {
        final int twiceBelow = c.rcvNxt; // what the segment that filled the hole covered
        SkBuff first;
        while ((first = c.outOfOrder.first()) != null && Seq.leq(first.cbSeq, c.rcvNxt)) {
            if (Seq.lt(first.cbSeq, twiceBelow)) {
                extendDsack(c, first.cbSeq, Seq.min(first.cbEndSeq, twiceBelow));
            }
            c.outOfOrder.remove(0);
            int memory = ReceiveQueue.memoryOf(first);
            c.receiveMemory -= memory;
            if (Seq.leq(first.cbEndSeq, c.rcvNxt)) {
                first.free();
                continue;
            }
            queue(c, first);
        }
    }

    // ---- out of order

    private void outOfOrder(TcpConnection c, SkBuff skb) {
        mib.inc(Counter.TCPOFOQueue);
        EcnReceiver.data(c, skb);
        AckPolicy.measurePeerMss(c, skb);
        c.outOfOrderPackets += Math.max(1, skb.gsoSegments);
        c.ackPending |= TcpConnection.ACK_SCHEDULED | TcpConnection.ACK_NOW;
        int seq = skb.cbSeq;
        int end = skb.cbEndSeq;
        int at = c.outOfOrder.floor(seq);
        SkBuff before = at < 0 ? null : c.outOfOrder.get(at);
        if (before != null && Seq.geq(before.cbEndSeq, end)) {
            // Known already.
            mib.inc(Counter.TCPOFOMerge);
            setDsack(c, seq, end);
            if (c.sackOk) {
                newSack(c, seq, end); // the block it lies in is the newest now
            }
            skb.drop(DropReason.TCP_OFOMERGE);
            return;
        }
        if (before != null && before.cbSeq == seq) {
            at--; // the longer one takes its place
        } else if (before != null && Seq.gt(before.cbEndSeq, seq)) {
            setDsack(c, seq, before.cbEndSeq);
        }
        int behind = at + 1;
        while (behind < c.outOfOrder.count() && Seq.leq(c.outOfOrder.get(behind).cbEndSeq, end)) {
            SkBuff covered = c.outOfOrder.remove(behind);
            extendDsack(c, covered.cbSeq, covered.cbEndSeq);
            c.receiveMemory -= ReceiveQueue.memoryOf(covered);
            covered.free();
        }
        if (behind < c.outOfOrder.count() && Seq.lt(c.outOfOrder.get(behind).cbSeq, end)) {
            extendDsack(c, c.outOfOrder.get(behind).cbSeq, end);
        }
        c.outOfOrder.insert(behind, skb);
        c.receiveMemory += ReceiveQueue.memoryOf(skb);
        if (c.sackOk) {
            newSack(c, seq, end);
        }
        if (c.sackOk) {
            ReceiveWindow.grow(c, skb.length(), ReceiveQueue.memoryOf(skb)); // without SACK duplicates must look equal
        }
        if (c.sock != null && c.listener == null) {
            ReceiveWindow.growBuffer(c, c.receiveSpace);
        }
    }

    /** RFC 2018 §4: the block with the newest segment comes first; blocks that touch become one. */
    private static void newSack(TcpConnection c, int seq, int end) {
        int from = seq;
        int to = end;
        int kept = 0;
        for (int i = 0; i < c.sackBlocks; i++) {
            if (Seq.leq(c.sackStart[i], to) && Seq.geq(c.sackEnd[i], from)) {
                from = Seq.min(from, c.sackStart[i]);
                to = Seq.max(to, c.sackEnd[i]);
            } else {
                c.sackStart[kept] = c.sackStart[i];
                c.sackEnd[kept] = c.sackEnd[i];
                kept++;
            }
        }
        kept = Math.min(kept, TcpConnection.MAX_SACK_BLOCKS - 1);
        for (int i = kept; i > 0; i--) {
            c.sackStart[i] = c.sackStart[i - 1];
            c.sackEnd[i] = c.sackEnd[i - 1];
        }
        c.sackStart[0] = from;
        c.sackEnd[0] = to;
        c.sackBlocks = kept + 1;
    }

    private static void removeOldSacks(TcpConnection c) {
        if (c.outOfOrder.isEmpty()) {
            c.sackBlocks = 0;
            return;
        }
        int kept = 0;
        for (int i = 0; i < c.sackBlocks; i++) {
            if (Seq.gt(c.sackStart[i], c.rcvNxt)) {
                c.sackStart[kept] = c.sackStart[i];
                c.sackEnd[kept] = c.sackEnd[i];
                kept++;
            }
        }
        c.sackBlocks = kept;
    }

    /** RFC 2883: the next ACK reports this range as received twice. */
    void setDsack(TcpConnection c, int from, int to) {
        if (!c.sackOk || !c.config.dsack) {
            return;
        }
        mib.inc(Seq.lt(from, c.rcvNxt) ? Counter.TCPDSACKOldSent : Counter.TCPDSACKOfoSent);
        c.dsackPending = true;
        c.dsackStart = from;
        c.dsackEnd = to;
    }

    /** As {@link #setDsack}, but a range that the next ACK reports already stays: it grows when both touch. */
    private void extendDsack(TcpConnection c, int from, int to) {
        if (!c.dsackPending) {
            setDsack(c, from, to);
        } else if (Seq.leq(from, c.dsackEnd) && Seq.geq(to, c.dsackStart)) {
            c.dsackStart = Seq.min(from, c.dsackStart);
            c.dsackEnd = Seq.max(to, c.dsackEnd);
        }
    }

    // ---- end of the stream

    /** RFC 9293 §3.10.7.4 eighth: FIN, in order. */
    private void fin(TcpConnection c) {
        c.ackPending |= TcpConnection.ACK_SCHEDULED | TcpConnection.ACK_NOW;
        c.shutdown |= Sock.RCV_SHUTDOWN;
        c.finReceived = true;
        clearOutOfOrder(c);
        switch (c.state()) {
            case SYN_RECV, ESTABLISHED -> {
                tcp.setState(c, TcpState.CLOSE_WAIT);
                c.pingpong = TcpConnection.PINGPONG; // the answer will be our FIN, perhaps with data
            }
            case FIN_WAIT1 -> {
                // Simultaneous close.
                tcp.output.sendAck(c);
                tcp.setState(c, TcpState.CLOSING);
            }
            case FIN_WAIT2 -> {
                tcp.output.sendAck(c);
                tcp.enterTimeWait(c, TcpState.TIME_WAIT, c.config.timeWaitNs);
                return;
            }
            default -> {}
        }
        TcpSock sock = c.sock;
        if (sock != null) {
            sock.shutdownMask |= Sock.RCV_SHUTDOWN;
            sock.stateChanged(READABLE | EPOLLRDHUP | (c.shutdown == 3 ? EPOLLHUP : 0));
        }
    }

    private static void clearOutOfOrder(TcpConnection c) {
        for (int i = 0; i < c.outOfOrder.count(); i++) {
            c.receiveMemory -= ReceiveQueue.memoryOf(c.outOfOrder.get(i));
        }
        c.outOfOrder.clear();
        c.dsackPending = false;
        c.sackBlocks = 0;
    }

    /** There is something to read; below SO_RCVLOWAT only at the end of the stream. */
    static void wakeReader(TcpConnection c) {
        TcpSock sock = c.sock;
        if (sock == null) {
            return;
        }
        if (c.rcvNxt - c.copiedSeq >= sock.receiveLowWater || (c.shutdown & Sock.RCV_SHUTDOWN) != 0) {
            sock.stateChanged(READABLE);
        } else {
            sock.waitQueue().wakeUp(); // a call may wait for less
        }
    }
}
