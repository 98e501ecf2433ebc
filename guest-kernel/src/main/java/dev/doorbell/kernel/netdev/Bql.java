package dev.doorbell.kernel.netdev;

/**
 * Byte queue limits: keeps no more data in the driver's ring than the wire needs, so that the rest waits in the qdisc.
 * The method is Linux's dynamic queue limits.
 *
 * <p>The limit grows when the ring ran empty although packets were held back: by what was held back and what was
 * completed beyond the last round. It shrinks by the smallest surplus seen over {@link #HOLD_NS}. A round is the time
 * between two completions. Counters only grow; all are bytes.
 */
public final class Bql {
    static final long MAX_LIMIT = Integer.MAX_VALUE / 16;
    /** How long a surplus must last before the limit follows. */
    static final long HOLD_NS = 1_000_000_000L;

    private long queued;
    private long completed;
    private long limit;
    /** What may have been queued in total before the queue stops. */
    private long ceiling;

    private long lastObject;
    /** As of the previous completion. */
    private long queuedThen, overThen, lastObjectThen;

    private long leastSlack = MAX_LIMIT;
    private long slackSinceNs;

    /** Bytes were put on the ring. */
    void queued(int bytes) {
        queued += bytes;
        lastObject = bytes;
    }

    /** Bytes that may still be queued; negative: the queue has to stop. */
    long available() {
        return ceiling - queued;
    }

    /** The hardware has sent {@code bytes}: adapts the limit. */
    void completed(int bytes, long nowNs) {
        if (bytes > inFlight()) {
            throw new IllegalStateException("BQL: " + bytes + " bytes completed, " + inFlight() + " in flight");
        }
        long before = completed;
        long after = before + bytes;
        long over = Math.max(0, queued - before - limit);
        boolean ranDry = after == queued;
        boolean lastRoundDone = after >= queuedThen;
        long next = limit;
        if (over > 0 && ranDry || overThen > 0 && lastRoundDone) {
            next += Math.max(0, after - queuedThen) + overThen;
            restartSlack(nowNs);
        } else if (!ranDry && queuedThen > before && !lastRoundDone) {
            leastSlack = Math.min(leastSlack, slack(bytes));
            if (nowNs - slackSinceNs > HOLD_NS) {
                next = Math.max(0, next - leastSlack);
                restartSlack(nowNs);
            }
        }
        next = Math.min(next, MAX_LIMIT);
        // A new limit begins a new measurement: what was over the old one says nothing about it.
        overThen = next == limit ? over : 0;
        limit = next;
        completed = after;
        ceiling = after + next;
        queuedThen = queued;
        lastObjectThen = lastObject;
    }

    /**
     * What the ring held beyond twice the amount that one round completed; at least the part of the last packet that
     * stayed within the limit, because a packet is never queued in part.
     */
    private long slack(long bytesOfRound) {
        long surplus = Math.max(0, limit + overThen - 2 * bytesOfRound);
        long ofLastPacket = overThen > 0 ? Math.max(0, lastObjectThen - overThen) : 0;
        return Math.max(surplus, ofLastPacket);
    }

    private void restartSlack(long nowNs) {
        leastSlack = MAX_LIMIT;
        slackSinceNs = nowNs;
    }

    /** The ring was emptied without completions: starts over. */
    void reset(long nowNs) {
        queued = 0;
        completed = 0;
        limit = 0;
        ceiling = 0;
        lastObject = 0;
        queuedThen = 0;
        overThen = 0;
        lastObjectThen = 0;
        restartSlack(nowNs);
    }

    public long limit() {
        return limit;
    }

    /** Bytes handed to the hardware and not completed. */
    public long inFlight() {
        return queued - completed;
    }
}
