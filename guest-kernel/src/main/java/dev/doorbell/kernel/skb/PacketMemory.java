package dev.doorbell.kernel.skb;

/** What a packet costs in memory, for limits: skb_truesize. */
public final class PacketMemory {
    /** Bookkeeping per SkBuff, bytes; as Linux counts struct sk_buff. */
    private static final int OVERHEAD = 256;

    private PacketMemory() {}

    /** Bytes of its buffers, whatever part of them holds data, with overhead. */
    public static int truesize(SkBuff skb) {
        int bytes = OVERHEAD + (int) (skb.end() - skb.headGpa());
        for (int i = 0; i < skb.fragCount(); i++) {
            bytes += skb.fragLength(i);
        }
        for (SkBuff part = skb.fragList; part != null; part = part.next) {
            bytes += truesize(part);
        }
        return bytes;
    }
}
