package dev.doorbell.kernel.tcp;

import dev.doorbell.kernel.core.KernelContext;
import dev.doorbell.kernel.skb.PacketMemory;
import dev.doorbell.kernel.skb.SkBuff;
import dev.doorbell.kernel.skb.SkbDestructor;

/**
 * TCP small queues: bounds what one connection has in the qdisc and the card's ring, so that a window's worth of packets
 * does not overflow the former. Full, it stops the transmit loop; a packet that has left lets it go on.
 */
final class SmallQueue implements SkbDestructor {
    private final TcpConnection c;
    private final LazyTimer resume;
    /** Of memory, not of data: truesize. */
    private int bytes;

    private boolean throttled;

    SmallQueue(TcpConnection c, KernelContext kernel) {
        this.c = c;
        resume = new LazyTimer(kernel, "tcp small queue", this::resume);
    }

    /** Charges a packet until it is freed: the card has sent it, or somebody dropped it. */
    void charge(SkBuff skb) {
        skb.owner = this;
        skb.truesize = PacketMemory.truesize(skb);
        skb.destructor = this;
        bytes += skb.truesize;
    }

    /** Nothing of the connection waits on this host. */
    boolean isEmpty() {
        return bytes == 0;
    }

    /** Whether the transmit loop has to stop. Never with at most one packet unacknowledged: completions may come late. */
    boolean isFull() {
        if (bytes < c.config.limitOutputBytes) {
            return false;
        }
        TxSegment first = c.sendQueue.rtxHead();
        throttled = first != null && first.next != c.sendQueue.sendHead;
        return throttled;
    }

    @Override
    public void skbFreed(SkBuff skb) {
        bytes -= skb.truesize;
        if (throttled && bytes < c.config.limitOutputBytes) {
            throttled = false;
            resume.set(c.nowNs());
        }
    }

    private void resume() {
        if (c.state() != TcpState.CLOSE) {
            c.tcp.retransmitter.sendLost(c);
            c.tcp.output.pushPending(c);
        }
    }

    /** The connection ends. */
    void destroy() {
        throttled = false;
        resume.destroy();
    }
}
