package dev.doorbell.kernel.ndp;

import dev.doorbell.kernel.ipv6.Ipv6Interface;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** The lower half of addresses that an interface makes for itself. */
final class InterfaceIdentifier {
    /** Universal/local bit of a modified EUI-64. */
    private static final long UNIVERSAL = 0x0200_0000_0000_0000L;
    /** Identifiers reserved for anycast, RFC 2526: the last 128. */
    private static final long FIRST_RESERVED = 0xFDFF_FFFF_FFFF_FF80L, LAST_RESERVED = 0xFDFF_FFFF_FFFF_FFFFL;

    private InterfaceIdentifier() {}

    /** For a prefix: stable and opaque (RFC 7217) when the interface has a secret, else from the MAC address. */
    static long of(Ipv6Interface link, long prefixHigh, int conflicts) {
        return link.stableSecret != 0
                ? stable(link, prefixHigh, conflicts)
                : fromMac(link.dev().devAddr());
    }

    /** Modified EUI-64, RFC 4291 appendix A. */
    static long fromMac(long mac) {
        return ((mac & 0xFFFF_FF00_0000L) << 16 | 0xFFFEL << 24 | mac & 0xFF_FFFF) ^ UNIVERSAL;
    }

    /** RFC 7217 §5: a hash of prefix, interface, number of conflicts so far, and the secret. */
    private static long stable(Ipv6Interface link, long prefixHigh, int conflicts) {
        byte[] name = link.dev().name().getBytes(StandardCharsets.US_ASCII);
        for (int attempt = conflicts; ; attempt += 256) {
            ByteBuffer input = ByteBuffer.allocate(2 * Long.BYTES + Integer.BYTES + name.length);
            input.putLong(prefixHigh).putLong(link.stableSecret).putInt(attempt).put(name);
            try {
                byte[] digest = MessageDigest.getInstance("SHA-256").digest(input.array());
                long identifier = ByteBuffer.wrap(digest).getLong();
                if (identifier != 0 && (identifier < FIRST_RESERVED || identifier > LAST_RESERVED)) {
                    return identifier;
                }
            } catch (NoSuchAlgorithmException e) {
                throw new IllegalStateException("every Java platform has SHA-256", e);
            }
        }
    }
}
