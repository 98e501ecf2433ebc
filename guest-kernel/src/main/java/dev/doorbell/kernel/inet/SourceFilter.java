package dev.doorbell.kernel.inet;

import dev.doorbell.kernel.core.Errno;
import java.util.Arrays;

/**
 * From whom one membership of a socket takes packets: all but some sources (EXCLUDE, how every join begins), or some only
 * (INCLUDE), RFC 3678 §3. Addresses of either family as two longs.
 *
 * <pre>
 * filter            request                     filter afterwards           result
 * EXCLUDE {}        block s                     EXCLUDE {s}                 0
 * EXCLUDE {}        join source s               INCLUDE {s}                 0
 * EXCLUDE {s}       block s                     EXCLUDE {s}                 EADDRNOTAVAIL
 * EXCLUDE {s}       unblock s                   EXCLUDE {}                  0
 * EXCLUDE {s}       unblock t                   EXCLUDE {s}                 EADDRNOTAVAIL
 * EXCLUDE {s}       join source t               EXCLUDE {s}                 EINVAL
 * INCLUDE {s}       join source t               INCLUDE {s, t}              0
 * INCLUDE {s}       block s                     INCLUDE {s}                 EINVAL
 * INCLUDE {s, t}    leave source t              INCLUDE {s}                 0
 * INCLUDE {s}       leave source s              the group is left           0
 * any, full         one more                    as before                   ENOBUFS
 * </pre>
 */
final class SourceFilter {
    private final int most;
    private boolean include;
    private long[] high = {};
    private long[] low = {};

    /** @param most sources at a time */
    SourceFilter(int most) {
        this.most = most;
    }

    /** Whether a packet from this source is wanted. */
    boolean allows(long sourceHigh, long sourceLow) {
        return include == find(sourceHigh, sourceLow) >= 0;
    }

    /** It takes packets of nobody: the membership is over. */
    boolean isNothing() {
        return include && low.length == 0;
    }

    private int find(long sourceHigh, long sourceLow) {
        for (int i = 0; i < low.length; i++) {
            if (low[i] == sourceLow && high[i] == sourceHigh) {
                return i;
            }
        }
        return -1;
    }

    /**
     * Adds a source to what is blocked, or to what is joined.
     *
     * @param joins true: join, false: block
     * @return 0 or a negated errno
     */
    int add(boolean joins, long sourceHigh, long sourceLow) {
        if (include != joins && low.length != 0) {
            return Errno.EINVAL.negated();
        }
        include = joins;
        if (find(sourceHigh, sourceLow) >= 0) {
            return Errno.EADDRNOTAVAIL.negated();
        }
        if (low.length >= most) {
            return Errno.ENOBUFS.negated();
        }
        high = Arrays.copyOf(high, high.length + 1);
        low = Arrays.copyOf(low, low.length + 1);
        high[high.length - 1] = sourceHigh;
        low[low.length - 1] = sourceLow;
        return 0;
    }

    /** Takes a source out of what is blocked ({@code joins} false) or joined; see {@link #isNothing}. */
    int remove(boolean joins, long sourceHigh, long sourceLow) {
        if (include != joins && low.length != 0) {
            return Errno.EINVAL.negated();
        }
        int at = include == joins ? find(sourceHigh, sourceLow) : -1;
        if (at < 0) {
            return Errno.EADDRNOTAVAIL.negated();
        }
        int last = low.length - 1;
        high[at] = high[last];
        low[at] = low[last];
        high = Arrays.copyOf(high, last);
        low = Arrays.copyOf(low, last);
        return 0;
    }
}
