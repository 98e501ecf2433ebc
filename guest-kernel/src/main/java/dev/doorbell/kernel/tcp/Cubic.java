package dev.doorbell.kernel.tcp;

import dev.doorbell.kernel.tcp.TcpMib.Counter;

/**
 * CUBIC, RFC 9438, with HyStart as Linux runs it. The window follows {@code W(t) = C (t - K)^3 + W_max}, at least as fast
 * as Reno would; after a loss it shrinks to 0.7.
 */
final class Cubic implements CongestionControl {
    /** Window reduction factor, 717/1024. */
    private static final int BETA = 717, SCALE = 1024;

    /** Segments per second cubed: 0.4 as a fraction of 1024. */
    private static final double C = 410.0 / SCALE;
    /**
     * Reno's increase that yields the same average window as beta 0.7 is 3 (1 - b) / (1 + b) segments per round trip: one
     * segment per 15/8 of a window.
     */
    private static final int RENO_EIGHTHS = 8 * (SCALE + BETA) / 3 / (SCALE - BETA);

    private static final long MS_NS = 1_000_000, UPDATE_INTERVAL_MS = 1000 / 32;
    private static final int MAX_STEP = 1 << 24;

    // HyStart
    private static final int LOW_WINDOW = 16, MIN_SAMPLES = 8;
    private static final long ACK_TRAIN_GAP_US = 2000, DELAY_MIN_US = 4000, DELAY_MAX_US = 16_000;
    private static final long NO_SAMPLE = Long.MAX_VALUE;

    private final boolean hystart;
    private final TcpMib mib;

    /** Segments to acknowledge per step of growth. */
    private int stepAfter;

    private int wMax;
    private int lastCwnd;
    private long lastUpdateMs;
    private long epochStartNs = -1;
    private int originPoint;
    private double kSeconds;
    private int renoWindow, ackedInEpoch;
    private long minRttUs;

    private boolean found;
    private int roundEndSeq;
    private long roundStartUs, lastAckUs;
    private long roundMinUs;
    private int samples;
    private boolean hystartStarted;

    Cubic(boolean hystart, TcpMib mib) {
        this.hystart = hystart;
        this.mib = mib;
        reset();
    }

    private void reset() {
        stepAfter = 0;
        wMax = 0;
        lastCwnd = 0;
        lastUpdateMs = 0;
        originPoint = 0;
        kSeconds = 0;
        minRttUs = 0;
        epochStartNs = -1;
        renoWindow = 0;
        found = false;
        hystartStarted = false;
    }

    @Override
    public String name() {
        return "cubic";
    }

    @Override
    public int ssthresh(CongestionWindow window) {
        epochStartNs = -1;
        int cwnd = window.cwnd;
        // Fast convergence, §4.7: a flow that did not get back to its old maximum leaves room for others.
        wMax = cwnd < wMax ? cwnd * (SCALE + BETA) / (2 * SCALE) : cwnd;
        return Math.max((int) ((long) cwnd * BETA / SCALE), 2);
    }

    @Override
    public void avoid(CongestionWindow window, int una, int acked, boolean limited, long nowNs) {
        if (!limited) {
            return;
        }
        int rest = acked;
        if (window.inSlowStart()) {
            rest = window.slowStart(acked);
            if (rest == 0) {
                return;
            }
        }
        update(window.cwnd, rest, nowNs);
        window.additiveIncrease(stepAfter, rest);
    }

    /**
     * §4.2: how many segments must be acknowledged before the window grows by one. Looked at anew when the window has
     * changed, and every 31 ms while it has not; time counts in whole milliseconds, windows in whole segments, as in Linux.
     */
    private void update(int cwnd, int acked, long nowNs) {
        ackedInEpoch += acked;
        long nowMs = nowNs / MS_NS;
        if (lastCwnd == cwnd && nowMs - lastUpdateMs <= UPDATE_INTERVAL_MS) {
            return;
        }
        if (epochStartNs < 0 || nowMs != lastUpdateMs) {
            lastCwnd = cwnd;
            lastUpdateMs = nowMs;
            if (epochStartNs < 0) {
                startEpoch(cwnd, acked, nowNs);
            }
            stepAfter = stepOfCurve(cwnd, nowMs);
        }
        renoFriendly(cwnd);
        stepAfter = Math.max(stepAfter, 2);
    }

    private int stepOfCurve(int cwnd, long nowMs) {
        long elapsedMs = nowMs - epochStartNs / MS_NS + (minRttUs + 999) / 1000;
        double t = elapsedMs / 1000.0 - kSeconds;
        int delta = (int) Math.min(C * Math.abs(t * t * t), MAX_STEP);
        int target = t < 0 ? originPoint - delta : originPoint + delta;
        int step = target > cwnd ? cwnd / (target - cwnd) : 100 * cwnd;
        return wMax == 0 ? Math.min(step, 20) : step; // no loss known yet: keep exploring
    }

    private void startEpoch(int cwnd, int acked, long nowNs) {
        epochStartNs = nowNs;
        ackedInEpoch = acked;
        renoWindow = cwnd;
        if (wMax <= cwnd) {
            kSeconds = 0;
            originPoint = cwnd;
        } else {
            kSeconds = Math.cbrt((wMax - cwnd) / C);
            originPoint = wMax;
        }
    }

    /** §4.3: never slower than the Reno of the same average window, which grows by one in so many eighths of a window. */
    private void renoFriendly(int cwnd) {
        int perStep = cwnd * RENO_EIGHTHS >> 3;
        while (ackedInEpoch > perStep) {
            ackedInEpoch -= perStep;
            renoWindow++;
        }
        if (renoWindow > cwnd) {
            stepAfter = Math.min(stepAfter, cwnd / (renoWindow - cwnd));
        }
    }

    @Override
    public void event(Event event, CongestionWindow window, long nowNs, long lastSentNs) {
        switch (event) {
            case TX_START -> {
                // Idle time is not time in the epoch: the curve goes on where it stopped.
                long idle = nowNs - lastSentNs;
                if (epochStartNs >= 0 && idle > 0) {
                    epochStartNs = Math.min(epochStartNs + idle, nowNs);
                }
            }
            case LOSS -> reset();
            case CWND_RESTART, COMPLETE_CWR -> {}
        }
    }

    @Override
    public void sample(CongestionWindow window, int una, int nxt, long rttUs, long nowNs) {
        if (rttUs < 0) {
            return;
        }
        // The first second after a fast recovery measures the queue we built, not the path.
        if (epochStartNs >= 0 && nowNs - epochStartNs < 1_000_000_000L) {
            return;
        }
        long delay = Math.max(1, rttUs);
        if (minRttUs == 0 || minRttUs > delay) {
            minRttUs = delay;
        }
        if (hystart && !found && window.inSlowStart() && window.cwnd >= LOW_WINDOW) {
            hystart(window, una, nxt, delay, nowNs / 1000);
        }
    }

    /** HyStart: leaves slow start when a train of ACKs spans half the path, or when the round's RTT rises. */
    private void hystart(CongestionWindow window, int una, int nxt, long delayUs, long nowUs) {
        if (!hystartStarted || una - roundEndSeq > 0) {
            hystartStarted = true;
            roundStartUs = lastAckUs = nowUs;
            roundEndSeq = nxt;
            roundMinUs = NO_SAMPLE;
            samples = 0;
        }
        if (nowUs - lastAckUs <= ACK_TRAIN_GAP_US) {
            lastAckUs = nowUs;
            if (nowUs - roundStartUs > minRttUs / 2) {
                found = true;
                mib.inc(Counter.TCPHystartTrainDetect);
                mib.add(Counter.TCPHystartTrainCwnd, window.cwnd);
                window.ssthresh = window.cwnd;
            }
        }
        roundMinUs = Math.min(roundMinUs, delayUs);
        if (samples < MIN_SAMPLES) {
            samples++;
        } else if (!found && roundMinUs > minRttUs + clampDelay(minRttUs >> 3)) {
            found = true;
            mib.inc(Counter.TCPHystartDelayDetect);
            mib.add(Counter.TCPHystartDelayCwnd, window.cwnd);
            window.ssthresh = window.cwnd;
        }
    }

    private static long clampDelay(long us) {
        return Math.min(Math.max(us, DELAY_MIN_US), DELAY_MAX_US);
    }
}
