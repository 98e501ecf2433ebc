package dev.doorbell.kernel.ipv4;

import dev.doorbell.bus.wire.InternetChecksum;
import dev.doorbell.kernel.skb.SkBuff;

/** Internet checksums over packets whose bytes may be in fragments and fragment lists. */
public final class PacketChecksum {
    private PacketChecksum() {}

    /**
     * Adds all bytes of a packet from data() on: skb_checksum.
     *
     * @param seed partial sum of what comes before, of even length
     */
    public static long sum(SkBuff skb, long seed) {
        if (!skb.isNonlinear()) {
            return InternetChecksum.sum(skb.memory(), skb.data(), skb.headLength(), seed);
        }
        return addParts(skb, 0, seed);
    }

    /** @param before bytes summed already: behind an odd number, a part counts with its bytes swapped */
    private static long addParts(SkBuff skb, int before, long seed) {
        int offset = before;
        long total = add(skb, skb.data(), skb.headLength(), offset, seed);
        offset += skb.headLength();
        for (int i = 0; i < skb.fragCount(); i++) {
            total = add(skb, skb.fragGpa(i), skb.fragLength(i), offset, total);
            offset += skb.fragLength(i);
        }
        for (SkBuff part = skb.fragList; part != null; part = part.next) {
            total = addParts(part, offset, total);
            offset += part.length();
        }
        return total;
    }

    private static long add(SkBuff skb, long gpa, int bytes, int offset, long seed) {
        if (bytes == 0) {
            return seed;
        }
        if ((offset & 1) == 0) {
            return InternetChecksum.sum(skb.memory(), gpa, bytes, seed);
        }
        int part = InternetChecksum.fold16(InternetChecksum.sum(skb.memory(), gpa, bytes, 0));
        return InternetChecksum.fold16(seed) + ((part & 0xFF) << 8 | part >>> 8);
    }

    /**
     * Whether the checksum of a transport header at data() is right: by the card, by the sum it delivered, or summed
     * here. What was never on a wire (CHECKSUM_PARTIAL from a loopback) is.
     *
     * @param pseudo partial sum of the pseudo header, 0 for protocols without one
     */
    public static boolean isValid(SkBuff skb, long pseudo) {
        switch (skb.ipSummed) {
            case SkBuff.CHECKSUM_UNNECESSARY, SkBuff.CHECKSUM_PARTIAL:
                return true;
            default:
                // CHECKSUM_COMPLETE is not trusted further than a sum of our own: no card here delivers it.
                boolean valid = InternetChecksum.fold(sum(skb, pseudo)) == 0;
                if (valid) {
                    skb.ipSummed = SkBuff.CHECKSUM_UNNECESSARY;
                }
                return valid;
        }
    }
}
