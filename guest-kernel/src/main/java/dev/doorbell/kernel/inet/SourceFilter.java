package dev.doorbell.kernel.inet;

import dev.doorbell.kernel.core.Errno;
import dev.doorbell.kernel.multicast.ReceptionState;
import dev.doorbell.kernel.multicast.SourceSet;

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
    private ReceptionState state;

    /**
     * @param most sources at a time
     * @param state what it begins with
     */
    SourceFilter(int most, ReceptionState state) {
        this.most = most;
        this.state = state;
    }

    /** What is wanted; {@link ReceptionState#NOTHING}: the membership is over. */
    ReceptionState state() {
        return state;
    }

    /** Another filter in the place of this one. */
    int set(ReceptionState other) {
        if (other.sources().size() > most) {
            return Errno.ENOBUFS.negated();
        }
        state = other;
        return 0;
    }

    /**
     * Adds a source to what is blocked, or to what is joined.
     *
     * @param joins true: join, false: block
     * @return 0 or a negated errno
     */
    int add(boolean joins, long sourceHigh, long sourceLow) {
        SourceSet sources = state.sources();
        if (state.include() != joins && !sources.isEmpty()) {
            return Errno.EINVAL.negated();
        }
        if (sources.contains(sourceHigh, sourceLow)) {
            return Errno.EADDRNOTAVAIL.negated();
        }
        return set(new ReceptionState(joins, sources.with(sourceHigh, sourceLow)));
    }

    /** Takes a source out of what is blocked ({@code joins} false) or joined; see {@link #state}. */
    int remove(boolean joins, long sourceHigh, long sourceLow) {
        SourceSet sources = state.sources();
        if (state.include() != joins && !sources.isEmpty()) {
            return Errno.EINVAL.negated();
        }
        if (!sources.contains(sourceHigh, sourceLow)) {
            return Errno.EADDRNOTAVAIL.negated();
        }
        state = new ReceptionState(joins, sources.without(sourceHigh, sourceLow));
        return 0;
    }
}
