package dev.doorbell.kernel.multicast;

import dev.doorbell.kernel.core.KernelContext;
import dev.doorbell.kernel.time.KernelTimer;
import java.util.ArrayList;
import java.util.List;

/**
 * What routers of one link are still to be told of one group, and the answer to a query that is due.
 *
 * <p>A change is reported at once, and again at random within a second, until the robustness variable's number of reports
 * have told it (RFC 3376 §5.1, RFC 3810 §6.1); what a report says is worked out when it is sent:
 *
 * <pre>
 * before         after          reports
 * INCLUDE (A)    INCLUDE (B)    ALLOW (B - A), BLOCK (A - B)
 * EXCLUDE (A)    EXCLUDE (B)    ALLOW (A - B), BLOCK (B - A)
 * INCLUDE (A)    EXCLUDE (B)    TO_EX (B), as long as the mode is being told; then the sources that changed since
 * EXCLUDE (A)    INCLUDE (B)    TO_IN (B), likewise
 * </pre>
 */
final class GroupReports {
    /** A source that is being told, and how many reports will yet. */
    private static final class SourceChange {
        final long high, low;
        int left;

        SourceChange(long high, long low, int left) {
            this.high = high;
            this.low = low;
            this.left = left;
        }
    }

    private final LinkReports link;
    private final long high, low;
    /** What the interface wants. */
    private ReceptionState state = ReceptionState.NOTHING;
    /** Reports that will yet tell the filter mode. */
    private int modeLeft;

    private final List<SourceChange> changes = new ArrayList<>();
    private final KernelTimer changeTimer;
    private final KernelTimer answerTimer;
    /** Sources that the answer is about; none: the whole group. */
    private SourceSet asked = SourceSet.EMPTY;
    /** Older versions: we sent the last report, so we say when we leave, RFC 2236 §3. */
    private boolean lastReporter;

    GroupReports(LinkReports link, KernelContext kernel, long high, long low) {
        this.link = link;
        this.high = high;
        this.low = low;
        this.changeTimer = new KernelTimer(kernel, "membership change", this::tellChange);
        this.answerTimer = new KernelTimer(kernel, "membership answer", this::answer);
    }

    boolean isFor(long groupHigh, long groupLow) {
        return low == groupLow && high == groupHigh;
    }

    /** No member, and nobody left to tell. */
    boolean isDone() {
        return state.isNothing() && modeLeft == 0 && changes.isEmpty();
    }

    boolean isMember() {
        return !state.isNothing();
    }

    /** Nothing is due any more: the link is down, or its routers are of another version. */
    void cancel() {
        modeLeft = 0;
        changes.clear();
        asked = SourceSet.EMPTY;
        changeTimer.delTimer();
        answerTimer.delTimer();
    }

    /** The interface wants something else, and nobody can be told. */
    void quietly(ReceptionState after) {
        cancel();
        state = after;
    }

    // ---- the newest version

    /** The interface wants something else. */
    void changed(ReceptionState after, int robustness) {
        ReceptionState before = state;
        state = after;
        if (before.include() != after.include()) {
            modeLeft = robustness;
            changes.clear();
        } else {
            tellOf(before.sources().minus(after.sources()), robustness);
            tellOf(after.sources().minus(before.sources()), robustness);
        }
        tellChange();
    }

    private void tellOf(SourceSet sources, int times) {
        for (int i = 0; i < sources.size(); i++) {
            long sourceHigh = sources.high(i), sourceLow = sources.low(i);
            changes.removeIf(change -> change.low == sourceLow && change.high == sourceHigh);
            changes.add(new SourceChange(sourceHigh, sourceLow, times));
        }
    }

    private void tellChange() {
        List<GroupRecord> records = new ArrayList<>();
        if (modeLeft > 0) {
            modeLeft--;
            int type = state.include() ? GroupRecord.CHANGE_TO_INCLUDE : GroupRecord.CHANGE_TO_EXCLUDE;
            records.add(new GroupRecord(type, high, low, state.sources()));
        } else {
            addUnlessEmpty(records, GroupRecord.ALLOW_NEW_SOURCES, changed(true));
            addUnlessEmpty(records, GroupRecord.BLOCK_OLD_SOURCES, changed(false));
        }
        changes.removeIf(change -> --change.left == 0);
        if (modeLeft > 0 || !changes.isEmpty()) {
            changeTimer.modTimerAfter(link.unsolicitedDelayNs());
        } else {
            changeTimer.delTimer();
        }
        link.send(records);
        link.forgetIfDone(this);
    }

    private SourceSet changed(boolean allowed) {
        SourceSet sources = SourceSet.EMPTY;
        for (SourceChange change : changes) {
            if (state.allows(change.high, change.low) == allowed) {
                sources = sources.with(change.high, change.low);
            }
        }
        return sources;
    }

    private void addUnlessEmpty(List<GroupRecord> records, int type, SourceSet sources) {
        if (!sources.isEmpty()) {
            records.add(new GroupRecord(type, high, low, sources));
        }
    }

    /** Adds what is true now, for the answer to a general query. */
    void addCurrentState(List<GroupRecord> records) {
        if (isMember()) {
            int type = state.include() ? GroupRecord.MODE_IS_INCLUDE : GroupRecord.MODE_IS_EXCLUDE;
            records.add(new GroupRecord(type, high, low, state.sources()));
        }
    }

    /** A query for this group, RFC 3376 §5.2 rules 3 to 5. */
    void query(SourceSet sources, long delayNs) {
        boolean pending = answerTimer.isPending();
        boolean whole = sources.isEmpty() || pending && asked.isEmpty();
        asked = whole ? SourceSet.EMPTY : asked.plus(sources);
        if (asked.size() > MembershipQuery.MOST_SOURCES) {
            asked = SourceSet.EMPTY;
        }
        if (!pending || answerTimer.expiresNs() > link.nowNs() + delayNs) {
            answerTimer.modTimerAfter(delayNs);
        }
    }

    private void answer() {
        if (link.isOlder()) {
            report();
            return;
        }
        List<GroupRecord> records = new ArrayList<>();
        if (asked.isEmpty()) {
            addCurrentState(records);
        } else {
            SourceSet wanted = state.include() ? asked.and(state.sources()) : asked.minus(state.sources());
            addUnlessEmpty(records, GroupRecord.MODE_IS_INCLUDE, wanted);
        }
        asked = SourceSet.EMPTY;
        link.send(records);
    }

    // ---- older versions, which know members and no sources

    /** The first join: told at once, and again in case that is lost. */
    void joined(ReceptionState after, long withinNs) {
        boolean first = state.isNothing();
        state = after;
        if (first) {
            report();
            reportWithin(withinNs);
        }
    }

    /** The last leave. */
    void left() {
        cancel();
        state = ReceptionState.NOTHING;
        if (lastReporter) {
            link.sendOlder(true, high, low);
        }
        link.forgetIfDone(this);
    }

    private void report() {
        lastReporter = true;
        link.sendOlder(false, high, low);
    }

    /** RFC 2236 §3: a query only ever brings a report forward. */
    void reportWithin(long limitNs) {
        if (!answerTimer.isPending() || answerTimer.expiresNs() > link.nowNs() + limitNs) {
            answerTimer.modTimerAfter(link.random(limitNs));
        }
    }

    /** Another member has reported: that is enough. */
    void heardReport() {
        answerTimer.delTimer();
        lastReporter = false;
    }
}
