package dev.doorbell.kernel.tcp;

import dev.doorbell.bus.wire.InternetChecksum;
import dev.doorbell.kernel.skb.SkBuff;

/** The Internet checksum over all parts of a buffer, also when a part has an odd length. */
final class Checksums {
    private Checksums() {}

    /** Adds linear bytes, fragments and fragment list to a partial sum. */
    static long sum(SkBuff skb, long seed) {
        return sum(skb, seed, 0);
    }

    private static long sum(SkBuff skb, long seed, int before) {
        long sum = part(skb, skb.data(), skb.headLength(), seed, before);
        int done = before + skb.headLength();
        for (int i = 0; i < skb.fragCount(); i++) {
            sum = part(skb, skb.fragGpa(i), skb.fragLength(i), sum, done);
            done += skb.fragLength(i);
        }
        for (SkBuff next = skb.fragList; next != null; next = next.next) {
            sum = sum(next, sum, done);
            done += next.length();
        }
        return sum;
    }

    private static long part(SkBuff skb, long gpa, int bytes, long seed, int before) {
        if (bytes == 0) {
            return seed;
        }
        if ((before & 1) == 0) {
            return InternetChecksum.sum(skb.memory(), gpa, bytes, seed);
        }
        // Begins in the middle of a word: its own sum, with the bytes swapped.
        int own = InternetChecksum.fold16(InternetChecksum.sum(skb.memory(), gpa, bytes, 0));
        return seed + ((own & 0xFF) << 8 | own >>> 8);
    }
}
