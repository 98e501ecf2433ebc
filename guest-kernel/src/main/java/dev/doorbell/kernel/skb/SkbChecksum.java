package dev.doorbell.kernel.skb;

import dev.doorbell.bus.mem.GuestMemory;
import dev.doorbell.bus.wire.InternetChecksum;
import java.util.Objects;

/** Checksums over packets, fragments included. Sums are partial sums of {@link InternetChecksum}. */
public final class SkbChecksum {
    private SkbChecksum() {}

    /** Adds {@code bytes} from {@code offset} (from data on) to {@code seed}: skb_checksum. */
    public static long sum(SkBuff skb, int offset, int bytes, long seed) {
        Objects.checkFromIndexSize(offset, bytes, skb.length());
        int linear = skb.headLength() - offset;
        if (linear >= bytes) {
            return InternetChecksum.sum(skb.memory(), skb.data() + offset, bytes, seed);
        }
        return sumPieces(skb, offset, bytes, 0, seed);
    }

    /** @param summed bytes that came before: behind an odd number, each byte is in the other half of its word */
    private static long sumPieces(SkBuff skb, int offset, int bytes, int summed, long seed) {
        GuestMemory memory = skb.memory();
        long sum = seed;
        int at = offset;
        int end = offset + bytes;
        int done = summed;
        int start = skb.headLength();
        if (at < start) {
            int part = Math.min(start, end) - at;
            sum = addPiece(sum, InternetChecksum.sum(memory, skb.data() + at, part, 0), done);
            done += part;
            at += part;
        }
        for (int i = 0; i < skb.fragCount() && at < end; i++) {
            int length = skb.fragLength(i);
            if (at < start + length) {
                int part = Math.min(start + length, end) - at;
                sum = addPiece(sum, InternetChecksum.sum(memory, skb.fragGpa(i) + at - start, part, 0), done);
                done += part;
                at += part;
            }
            start += length;
        }
        for (SkBuff next = skb.fragList; next != null && at < end; next = next.next) {
            int length = next.length();
            if (at < start + length) {
                int part = Math.min(start + length, end) - at;
                sum = sumPieces(next, at - start, part, done, sum);
                done += part;
                at += part;
            }
            start += length;
        }
        return sum;
    }

    private static long addPiece(long sum, long piece, int bytesBefore) {
        if ((bytesBefore & 1) == 0) {
            return InternetChecksum.fold16(sum) + piece;
        }
        int folded = InternetChecksum.fold16(piece);
        int swapped = (folded & 0xFF) << 8 | folded >>> 8;
        return (long) InternetChecksum.fold16(sum) + swapped;
    }

    /**
     * True when a transport checksum needs no further look: verified by hardware, or the packet never left the machine
     * (CHECKSUM_PARTIAL on receipt, from the loopback device or GRO).
     */
    public static boolean isUnnecessary(SkBuff skb) {
        return skb.ipSummed == SkbFields.CHECKSUM_UNNECESSARY || skb.ipSummed == SkbFields.CHECKSUM_PARTIAL;
    }

    /**
     * Verifies a transport checksum unless that is done: __skb_checksum_validate. Data at the transport header, the
     * packet trimmed to what the IP header says. A good packet is marked CHECKSUM_UNNECESSARY.
     *
     * @param pseudoHeader its partial sum
     */
    public static boolean isTransportValid(SkBuff skb, long pseudoHeader) {
        if (isUnnecessary(skb)) {
            return true;
        }
        if (InternetChecksum.fold(sum(skb, 0, skb.length(), pseudoHeader)) != 0) {
            return false;
        }
        skb.ipSummed = SkbFields.CHECKSUM_UNNECESSARY;
        return true;
    }

    /**
     * Does in software what CHECKSUM_PARTIAL asks of the hardware: skb_checksum_help. The field holds the folded sum of
     * the pseudo header.
     *
     * @return false when memory has run out: the packet must be dropped
     */
    public static boolean help(SkBuff skb) {
        int start = (int) (skb.checksumStart - skb.data());
        if (!skb.pskbMayPull(start + skb.checksumOffset + 2) || !skb.cow(0)) {
            return false;
        }
        long sum = sum(skb, start, skb.length() - start, 0);
        short field = (short) InternetChecksum.foldAt(sum, skb.checksumOffset);
        skb.memory().writeShort(skb.checksumStart + skb.checksumOffset, Short.reverseBytes(field));
        skb.ipSummed = SkbFields.CHECKSUM_NONE;
        return true;
    }
}
