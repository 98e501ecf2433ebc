package dev.doorbell.kernel.tcp;

import dev.doorbell.kernel.inet.Endpoints;
import java.util.SplittableRandom;

/**
 * Makes and checks the cookies that a server hands out: a keyed hash of the two addresses, RFC 7413 §4.1.2. Keys are
 * words as tcp_fastopen_key writes them: four, and four more of the key before, whose cookies are still good.
 */
final class FastOpenKeys {
    static final int KEY_WORDS = 4;
    /** Results of {@link #check}: by the first key, by the second. */
    static final int BAD = 0, GOOD = 1, OLD_KEY = 2;

    private final TcpConfig config;
    private final int[] drawn = new int[KEY_WORDS];
    private final FastOpenCookie scratch = new FastOpenCookie();

    FastOpenKeys(TcpConfig config, SplittableRandom random) {
        this.config = config;
        for (int i = 0; i < KEY_WORDS; i++) {
            drawn[i] = random.nextInt();
        }
    }

    /** Those in force for a listener: its own, the system's, or the ones drawn at boot. */
    int[] words(TcpSettings settings) {
        if (settings.fastOpenKey.length > 0) {
            return settings.fastOpenKey;
        }
        return config.fastopenKey.length > 0 ? config.fastopenKey : drawn;
    }

    /** The cookie for the remote end of {@code ends}. */
    void make(TcpSettings settings, Endpoints ends, FastOpenCookie into) {
        into.set(hash(words(settings), 0, ends));
    }

    private static long hash(int[] key, int at, Endpoints ends) {
        SipHash hash = new SipHash(
                key[at] & 0xFFFF_FFFFL | (long) key[at + 1] << 32,
                key[at + 2] & 0xFFFF_FFFFL | (long) key[at + 3] << 32);
        if (ends.isV4()) {
            return hash.add(Long.reverseBytes((long) ends.remoteV4() << 32 | ends.localV4() & 0xFFFF_FFFFL))
                    .finish();
        }
        return hash.add(Long.reverseBytes(ends.remoteHigh))
                .add(Long.reverseBytes(ends.remoteLow))
                .add(Long.reverseBytes(ends.localHigh))
                .add(Long.reverseBytes(ends.localLow))
                .finish();
    }

    int check(TcpSettings settings, Endpoints ends, FastOpenCookie cookie) {
        int[] key = words(settings);
        for (int at = 0; at < key.length; at += KEY_WORDS) {
            scratch.set(hash(key, at, ends));
            if (scratch.sameValue(cookie)) {
                return at == 0 ? GOOD : OLD_KEY;
            }
        }
        return BAD;
    }
}
