package dev.doorbell.kernel.skb;

/** Is told when a buffer leaves its owner, so that socket memory is given back: sock_wfree, sock_rfree. */
@FunctionalInterface
public interface SkbDestructor {
    /** {@code skb} still has its owner and truesize; its bytes may not be looked at. */
    void skbFreed(SkBuff skb);
}
