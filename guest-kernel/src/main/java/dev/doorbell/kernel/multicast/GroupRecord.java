package dev.doorbell.kernel.multicast;

/**
 * One record of a report, RFC 3376 §4.2.12, RFC 3810 §5.2.12.
 *
 * @param high group, high half; for IPv4 0, and the mapped address in {@code low}
 */
public record GroupRecord(int type, long high, long low, SourceSet sources) {
    /** Current state, filter mode changes, source list changes. */
    public static final int MODE_IS_INCLUDE = 1,
            MODE_IS_EXCLUDE = 2,
            CHANGE_TO_INCLUDE = 3,
            CHANGE_TO_EXCLUDE = 4,
            ALLOW_NEW_SOURCES = 5,
            BLOCK_OLD_SOURCES = 6;

    /** A list of what is excluded may be cut: the router then forwards more than is wanted, not less. §4.2.16. */
    boolean mayBeCut() {
        return type == MODE_IS_EXCLUDE || type == CHANGE_TO_EXCLUDE;
    }

    GroupRecord part(int first, int count) {
        return new GroupRecord(type, high, low, sources.part(first, count));
    }
}
