package dev.doorbell.kernel.tcp;

import dev.doorbell.kernel.core.Errno;
import dev.doorbell.kernel.skb.SkBuff;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** TCP_SAVE_SYN of a listener, TCP_SAVED_SYN of what it accepts: the headers of the SYN as it came, read once. */
final class SavedSyn {
    /** The option's values: IP and TCP headers, or Ethernet's in front of them. */
    static final int HEADERS = 1, WITH_ETHERNET = 2;

    private SavedSyn() {}

    /** @param skb the SYN, data() behind its TCP header; null: none is wanted */
    static byte @Nullable [] of(TcpSettings settings, SkBuff skb) {
        if (settings.saveSyn == 0) {
            return null;
        }
        boolean ethernet = settings.saveSyn == WITH_ETHERNET && skb.macHeader >= skb.headGpa();
        long from = ethernet ? Math.min(skb.macHeader, skb.networkHeader) : skb.networkHeader;
        return skb.memory().bytes(from, (int) (skb.data() - from));
    }

    /** Copies it out and forgets it. @return its length; 0: there is none (any more) */
    static int take(@Nullable TcpConnection c, ByteBuffer into) {
        byte[] saved = c == null ? null : c.savedSyn;
        if (c == null || saved == null) {
            return 0;
        }
        if (into.remaining() < saved.length) {
            return Errno.EINVAL.negated();
        }
        into.put(saved);
        c.savedSyn = null;
        return saved.length;
    }
}
