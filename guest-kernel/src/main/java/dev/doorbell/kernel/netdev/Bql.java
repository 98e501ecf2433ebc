package dev.doorbell.kernel.netdev;

/**
 * Byte queue limits, lib/dynamic_queue_limits.c: finds the smallest amount of data in the driver's ring that keeps the
 * wire busy, so that the rest waits in the qdisc.
 */
public final class Bql {
    /** DQL_MAX_LIMIT. */
    static final long MAX_LIMIT = Integer.MAX_VALUE / 16;

    private static final long SLACK_HOLD_NS = 1_000_000_000L;

    private long numQueued;
    private long numCompleted;
    private long adjLimit;
    private long lastObjCnt;
    private long limit;
    private long prevOvlimit;
    private long prevNumQueued;
    private long prevLastObjCnt;
    private long lowestSlack = MAX_LIMIT;
    private long slackStartNs;

    /** dql_queued. */
    void queued(int bytes) {
        numQueued += bytes;
        lastObjCnt = bytes;
    }

    /** dql_avail: bytes that may still be queued; negative means stop. */
    long available() {
        return adjLimit - numQueued;
    }

    /** dql_completed: learns from what the hardware has finished. */
    void completed(int bytes, long nowNs) {
        if (bytes > numQueued - numCompleted) {
            throw new IllegalStateException(
                    "BQL: " + bytes + " bytes completed, only " + (numQueued - numCompleted) + " in flight");
        }
        long completed = numCompleted + bytes;
        long newLimit = limit;
        long ovlimit = Math.max(0, numQueued - numCompleted - limit);
        long inProgress = numQueued - completed;
        long previousInProgress = prevNumQueued - numCompleted;
        boolean allPreviousCompleted = completed - prevNumQueued >= 0;
        if ((ovlimit != 0 && inProgress == 0) || (prevOvlimit != 0 && allPreviousCompleted)) {
            // Starved: the queue ran empty although more was waiting behind the limit.
            newLimit += Math.max(0, completed - prevNumQueued) + prevOvlimit;
            slackStartNs = nowNs;
            lowestSlack = MAX_LIMIT;
        } else if (inProgress != 0 && previousInProgress != 0 && !allPreviousCompleted) {
            // Never starved: whatever was queued in excess of what was needed is slack.
            long slack = Math.max(0, limit + prevOvlimit - 2 * (completed - numCompleted));
            long slackLastObject = prevOvlimit != 0 ? Math.max(0, prevLastObjCnt - prevOvlimit) : 0;
            slack = Math.max(slack, slackLastObject);
            lowestSlack = Math.min(lowestSlack, slack);
            if (nowNs - slackStartNs > SLACK_HOLD_NS) {
                newLimit = Math.max(0, newLimit - lowestSlack);
                slackStartNs = nowNs;
                lowestSlack = MAX_LIMIT;
            }
        }
        newLimit = Math.min(newLimit, MAX_LIMIT);
        if (newLimit != limit) {
            limit = newLimit;
            ovlimit = 0;
        }
        adjLimit = newLimit + completed;
        prevOvlimit = ovlimit;
        prevLastObjCnt = lastObjCnt;
        numCompleted = completed;
        prevNumQueued = numQueued;
    }

    /** dql_reset: the ring was emptied without completions. */
    void reset(long nowNs) {
        limit = 0;
        numQueued = 0;
        numCompleted = 0;
        adjLimit = 0;
        lastObjCnt = 0;
        prevNumQueued = 0;
        prevLastObjCnt = 0;
        prevOvlimit = 0;
        lowestSlack = MAX_LIMIT;
        slackStartNs = nowNs;
    }

    /** The current limit, bytes. */
    public long limit() {
        return limit;
    }

    /** Bytes handed to the hardware and not completed. */
    public long inFlight() {
        return numQueued - numCompleted;
    }
}
