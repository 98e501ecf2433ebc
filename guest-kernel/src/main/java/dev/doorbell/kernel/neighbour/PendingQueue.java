package dev.doorbell.kernel.neighbour;

import dev.doorbell.kernel.skb.DropReason;
import dev.doorbell.kernel.skb.SkBuff;
import org.jspecify.annotations.Nullable;

/** Packets that wait for a MAC address, bounded in number and bytes; when full, the oldest goes. */
public final class PendingQueue {
    /** Linux's unres_qlen and unres_qlen_bytes. */
    public static final int MAX_PACKETS = 101, MAX_BYTES = 212_992;

    private @Nullable SkBuff first;
    private @Nullable SkBuff last;
    private int packets;
    private int bytes;

    void add(SkBuff skb) {
        while (packets > 0 && (packets == MAX_PACKETS || bytes + skb.length() > MAX_BYTES)) {
            SkBuff oldest = poll();
            if (oldest != null) {
                oldest.drop(DropReason.NEIGH_QUEUEFULL);
            }
        }
        skb.next = null;
        if (last == null) {
            first = skb;
        } else {
            last.next = skb;
        }
        last = skb;
        packets++;
        bytes += skb.length();
    }

    @Nullable
    SkBuff poll() {
        SkBuff skb = first;
        if (skb != null) {
            first = skb.next;
            if (first == null) {
                last = null;
            }
            skb.next = null;
            packets--;
            bytes -= skb.length();
        }
        return skb;
    }

    @Nullable
    SkBuff first() {
        return first;
    }

    int size() {
        return packets;
    }
}
