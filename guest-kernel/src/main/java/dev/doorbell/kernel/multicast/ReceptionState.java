package dev.doorbell.kernel.multicast;

import java.util.List;

/**
 * From whom packets to a group are wanted, by one socket or by an interface: from some sources only (INCLUDE), or from all
 * but some (EXCLUDE). RFC 3376 §3, RFC 3810 §4.
 *
 * @param include the filter mode
 */
public record ReceptionState(boolean include, SourceSet sources) {
    /** No membership: from nobody. */
    public static final ReceptionState NOTHING = new ReceptionState(true, SourceSet.EMPTY);
    /** A membership that says nothing of sources: from everybody. */
    public static final ReceptionState ALL = new ReceptionState(false, SourceSet.EMPTY);

    public boolean isNothing() {
        return include && sources.isEmpty();
    }

    /** Whether packets from this source are wanted. */
    public boolean allows(long sourceHigh, long sourceLow) {
        return include == sources.contains(sourceHigh, sourceLow);
    }

    /**
     * What an interface wants for its members, RFC 3376 §3.2: as soon as one excludes, all but the sources that every one of
     * these excludes and nobody includes; otherwise the sources that anybody includes.
     */
    static ReceptionState merge(List<ReceptionState> members) {
        SourceSet included = SourceSet.EMPTY;
        SourceSet excluded = SourceSet.EMPTY;
        boolean include = true;
        for (ReceptionState member : members) {
            if (member.include) {
                included = included.plus(member.sources);
            } else {
                excluded = include ? member.sources : excluded.and(member.sources);
                include = false;
            }
        }
        return include ? new ReceptionState(true, included) : new ReceptionState(false, excluded.minus(included));
    }
}
