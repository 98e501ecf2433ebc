package dev.doorbell.kernel.tcp;

import dev.doorbell.kernel.tcp.TcpMib.Counter;

/**
 * CUBIC, RFC 9438, with HyStart as Linux runs it. The window follows {@code W(t) = C (t - K)^3 + W_max}, at least as fast
 * as Reno would; after a loss it shrinks to 0.7.
 */
final class Cubic implements CongestionControl {
    /** Window reduction factor, 717/1024. */
    private static final int BETA = 717, SCALE = 1024;

    private static final double C = 0.4;
    /** Reno's increase that yields the same average window as beta 0.7: 3 (1 - b) / (1 + b) segments per round trip. */
    private static final double RENO_ALPHA = 3.0 * (SCALE - BETA) / (SCALE + BETA);

    private static final long UPDATE_INTERVAL_NS = 1_000_000_000L / 32;
    private static final double SECOND_NS = 1e9;

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
    private long lastUpdateNs;
    private long epochStartNs = -1;
    private int originPoint;
    private double kSeconds;
    private double renoWindow, ackedInEpoch;
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
        lastUpdateNs = 0;
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

    /** §4.2: how many segments must be acknowledged before the window grows by one. */
    private void update(int cwnd, int acked, long nowNs) {
        if (epochStartNs < 0) {
            startEpoch(cwnd, acked, nowNs);
        } else {
            ackedInEpoch += acked;
        }
        if (lastCwnd != cwnd || nowNs - lastUpdateNs > UPDATE_INTERVAL_NS || stepAfter == 0) {
            lastCwnd = cwnd;
            lastUpdateNs = nowNs;
            double t = (nowNs - epochStartNs) / SECOND_NS + minRttUs / 1e6 - kSeconds;
            double target = originPoint + C * t * t * t;
            double gap = target - cwnd;
            stepAfter = gap >= 1 ? (int) (cwnd / gap) : 100 * cwnd;
            if (wMax == 0 && stepAfter > 20) {
                stepAfter = 20; // no loss known yet: keep exploring
            }
        }
        renoFriendly(cwnd);
        stepAfter = Math.max(stepAfter, 2);
    }

    private void startEpoch(int cwnd, int acked, long nowNs) {
        epochStartNs = nowNs;
        ackedInEpoch = acked;
        renoWindow = cwnd;
        stepAfter = 0;
        if (wMax <= cwnd) {
            kSeconds = 0;
            originPoint = cwnd;
        } else {
            kSeconds = Math.cbrt((wMax - cwnd) / C);
            originPoint = wMax;
        }
    }

    /** §4.3: never slower than the Reno of the same average window. */
    private void renoFriendly(int cwnd) {
        double perStep = cwnd / RENO_ALPHA;
        while (ackedInEpoch > perStep) {
            ackedInEpoch -= perStep;
            renoWindow++;
        }
        if (renoWindow > cwnd) {
            stepAfter = Math.min(stepAfter, (int) Math.max(1, cwnd / (renoWindow - cwnd)));
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
