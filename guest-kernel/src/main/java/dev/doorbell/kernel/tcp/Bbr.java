package dev.doorbell.kernel.tcp;

/**
 * BBR version 1 (draft-cardwell-iccrg-bbr-congestion-control-00): models the path by its bottleneck bandwidth, the
 * highest delivery rate of the last ten round trips, and its propagation delay, the lowest round trip time of the last ten
 * seconds; paces at the one and keeps about twice their product in flight. Loss does not shrink the window for long, so it
 * keeps its rate on paths that lose at random.
 *
 * <pre>
 * mode       until                                        pacing   window
 * STARTUP    bandwidth grew less than 25 % in 3 rounds    2.89     2.89 x BDP
 * DRAIN      in flight is at most one BDP                 0.35     2.89 x BDP
 * PROBE_BW   the RTT minimum is 10 s old                  1.25, 0.75, then 6 x 1, a minimum RTT each; 2 x BDP
 * PROBE_RTT  4 packets in flight for 200 ms and a round   1        4 packets; then STARTUP or PROBE_BW
 * </pre>
 */
final class Bbr implements CongestionControl {
    /** Bandwidth is in packets per microsecond times this. */
    private static final int BANDWIDTH_SHIFT = 24;

    /** Gains are in parts of 256. */
    private static final int UNIT = 256, HIGH_GAIN = UNIT * 2885 / 1000 + 1, DRAIN_GAIN = UNIT * 1000 / 2885;

    private static final int WINDOW_GAIN = 2 * UNIT;
    private static final int[] CYCLE = {UNIT * 5 / 4, UNIT * 3 / 4, UNIT, UNIT, UNIT, UNIT, UNIT, UNIT};
    private static final int BANDWIDTH_ROUNDS = 10, FULL_ROUNDS = 3, MIN_WINDOW = 4, CYCLE_START_SPREAD = 7;
    private static final int FULL_GROWTH = UNIT * 5 / 4;
    private static final long MIN_RTT_WINDOW_US = 10_000_000, PROBE_RTT_US = 200_000;
    private static final int ACK_EPOCH_MAX = 0xFFFFF, EXTRA_ACKED_ROUNDS = 5;
    private static final long EXTRA_ACKED_MAX_US = 100_000;
    /** Paces so much below the estimate, in percent, that the bottleneck's queue drains in the long run. */
    private static final int PACING_MARGIN = 1;

    private static final long SLOW_RATE = 1_200_000 / 8, US_PER_SECOND = 1_000_000;

    private enum Mode {
        STARTUP,
        DRAIN,
        PROBE_BW,
        PROBE_RTT
    }

    private Mode mode = Mode.STARTUP;
    private int pacingGain = HIGH_GAIN, windowGain = HIGH_GAIN;

    private final WindowedMax bandwidth = new WindowedMax(BANDWIDTH_ROUNDS);
    private long round;
    private long nextRoundDelivered;
    private boolean roundStart;

    private long minRttUs = -1, minRttAtUs;
    private boolean idleRestart;
    private long probeRttDoneUs;
    private boolean probeRttRoundDone;

    private long fullBandwidth;
    private int fullRounds;
    private boolean fullReached;

    private int cycleIndex;
    private long cycleStartUs;

    private int priorState = TcpConnection.CA_OPEN;
    private int priorWindow;
    private boolean packetConservation;

    // how many more packets than the bandwidth explains arrived ACKed at once, in two windows of rounds
    private long ackEpochUs;
    private long ackEpochAcked;
    private final long[] extraAcked = new long[2];
    private int extraIndex, extraRounds;

    @Override
    public String name() {
        return "bbr";
    }

    @Override
    public boolean ownsWindow() {
        return true;
    }

    /** A loss: the window is remembered, the threshold stays. */
    @Override
    public int ssthresh(CongestionWindow window) {
        rememberWindow(window);
        return window.ssthresh;
    }

    /** Not called: {@link #control} sets the window. */
    @Override
    public void avoid(CongestionWindow window, int una, int acked, boolean limited, long nowNs) {}

    /** The loss was none: the search for the full bandwidth begins anew. */
    @Override
    public int undo(CongestionWindow window) {
        fullBandwidth = 0;
        fullRounds = 0;
        return window.cwnd;
    }

    @Override
    public void event(Event event, CongestionWindow window, long nowNs, long lastSentNs) {
        if (event == Event.LOSS) {
            priorState = TcpConnection.CA_LOSS;
            fullBandwidth = 0;
            roundStart = true;
        } else if (event == Event.TX_START) {
            idleRestart = true;
            ackEpochUs = nowNs / 1000;
            ackEpochAcked = 0;
        }
    }

    @Override
    public void control(TcpConnection c, DeliveryRate rate, AckContext ack, int acked, int newlyLost) {
        long nowUs = c.nowNs() / 1000;
        updateBandwidth(c, rate);
        updateExtraAcked(c, rate, acked, nowUs);
        updateCycle(c, ack, newlyLost, nowUs);
        checkFull(rate);
        checkDrain(c, nowUs);
        updateMinRtt(c, rate, ack, nowUs);
        updateGains();
        pace(c);
        setWindow(c, acked, newlyLost);
    }

    // ---- the model

    private void updateBandwidth(TcpConnection c, DeliveryRate rate) {
        roundStart = false;
        if (!rate.hasSample()) {
            return;
        }
        if (rate.priorDelivered() >= nextRoundDelivered) {
            nextRoundDelivered = c.delivered;
            round++;
            roundStart = true;
            packetConservation = false;
        }
        long sample = (rate.samplePackets() << BANDWIDTH_SHIFT) / rate.sampleIntervalUs();
        if (!rate.isSampleLimited() || sample >= bandwidth.get()) {
            bandwidth.update(round, sample);
        }
    }

    /** ACKs that come in bunches (Wi-Fi, offloads) need more in flight than the product says. */
    private void updateExtraAcked(TcpConnection c, DeliveryRate rate, int acked, long nowUs) {
        if (acked <= 0 || !rate.hasSample()) {
            return;
        }
        if (roundStart && ++extraRounds >= EXTRA_ACKED_ROUNDS) {
            extraRounds = 0;
            extraIndex ^= 1;
            extraAcked[extraIndex] = 0;
        }
        long expected = bandwidth.get() * (nowUs - ackEpochUs) >> BANDWIDTH_SHIFT;
        if (ackEpochAcked <= expected || ackEpochAcked + acked >= ACK_EPOCH_MAX) {
            ackEpochAcked = 0;
            ackEpochUs = nowUs;
            expected = 0;
        }
        ackEpochAcked = Math.min(ACK_EPOCH_MAX, ackEpochAcked + acked);
        long extra = Math.min(ackEpochAcked - expected, c.window.cwnd);
        extraAcked[extraIndex] = Math.max(extraAcked[extraIndex], extra);
    }

    private void updateMinRtt(TcpConnection c, DeliveryRate rate, AckContext ack, long nowUs) {
        boolean expired = minRttUs >= 0 && nowUs > minRttAtUs + MIN_RTT_WINDOW_US;
        if (ack.rttUs >= 0 && (minRttUs < 0 || ack.rttUs <= minRttUs || expired)) {
            minRttUs = ack.rttUs;
            minRttAtUs = nowUs;
        }
        if (expired && !idleRestart && mode != Mode.PROBE_RTT) {
            mode = Mode.PROBE_RTT;
            rememberWindow(c.window);
            probeRttDoneUs = 0;
        }
        if (mode == Mode.PROBE_RTT) {
            probeRtt(c, nowUs);
        }
        if (rate.hasSample() && rate.samplePackets() > 0) {
            idleRestart = false;
        }
    }

    private void probeRtt(TcpConnection c, long nowUs) {
        c.rate.limitedByChoice(c);
        if (probeRttDoneUs == 0) {
            if (c.inFlight() <= MIN_WINDOW) {
                probeRttDoneUs = nowUs + PROBE_RTT_US;
                probeRttRoundDone = false;
                nextRoundDelivered = c.delivered;
            }
            return;
        }
        probeRttRoundDone |= roundStart;
        if (probeRttRoundDone && nowUs > probeRttDoneUs) {
            minRttAtUs = nowUs;
            c.window.set(Math.max(c.window.cwnd, priorWindow));
            if (fullReached) {
                enterProbeBandwidth(c, nowUs);
            } else {
                mode = Mode.STARTUP;
            }
        }
    }

    // ---- the modes

    private void updateCycle(TcpConnection c, AckContext ack, int newlyLost, long nowUs) {
        if (mode != Mode.PROBE_BW) {
            return;
        }
        boolean full = nowUs - cycleStartUs > minRttUs;
        boolean next = full;
        if (pacingGain > UNIT) {
            next = full && (newlyLost > 0 || ack.priorInFlight >= inflight(c, pacingGain));
        } else if (pacingGain < UNIT) {
            next = full || ack.priorInFlight <= inflight(c, UNIT);
        }
        if (next) {
            cycleIndex = (cycleIndex + 1) % CYCLE.length;
            cycleStartUs = nowUs;
        }
    }

    private void checkFull(DeliveryRate rate) {
        if (fullReached || !roundStart || rate.isSampleLimited()) {
            return;
        }
        if (bandwidth.get() >= fullBandwidth * FULL_GROWTH / UNIT) {
            fullBandwidth = bandwidth.get();
            fullRounds = 0;
            return;
        }
        fullReached = ++fullRounds >= FULL_ROUNDS;
    }

    private void checkDrain(TcpConnection c, long nowUs) {
        if (mode == Mode.STARTUP && fullReached) {
            mode = Mode.DRAIN;
            c.window.ssthresh = inflight(c, UNIT);
        }
        if (mode == Mode.DRAIN && c.inFlight() <= inflight(c, UNIT)) {
            enterProbeBandwidth(c, nowUs);
        }
    }

    /** Not in the draining phase first; which of the others is spread over connections so that they do not probe at once. */
    private void enterProbeBandwidth(TcpConnection c, long nowUs) {
        mode = Mode.PROBE_BW;
        int spread = Integer.remainderUnsigned(c.iss * 0x9E37_79B1 >>> 8, CYCLE_START_SPREAD);
        cycleIndex = spread == 0 ? 0 : spread + 1;
        cycleStartUs = nowUs;
    }

    private void updateGains() {
        switch (mode) {
            case STARTUP -> {
                pacingGain = HIGH_GAIN;
                windowGain = HIGH_GAIN;
            }
            case DRAIN -> {
                pacingGain = DRAIN_GAIN;
                windowGain = HIGH_GAIN;
            }
            case PROBE_BW -> {
                pacingGain = CYCLE[cycleIndex];
                windowGain = WINDOW_GAIN;
            }
            case PROBE_RTT -> {
                pacingGain = UNIT;
                windowGain = UNIT;
            }
        }
    }

    // ---- what comes of it

    private void pace(TcpConnection c) {
        long model = bandwidth.get();
        if (model == 0) {
            int srttUs = Math.max(1, c.rtt.srtt8Us() >> 3);
            model = ((long) c.window.cwnd << BANDWIDTH_SHIFT) / (c.rtt.srtt8Us() == 0 ? 1000 : srttUs);
        }
        double perSecond = (double) model * c.mss * pacingGain / UNIT * (100 - PACING_MARGIN) / 100 * US_PER_SECOND;
        long rate = (long) (perSecond / (1 << BANDWIDTH_SHIFT));
        if (fullReached || c.pacing.rate() == Pacing.UNLIMITED || rate > c.pacing.rate()) {
            c.pacing.limit(rate);
        }
    }

    private void setWindow(TcpConnection c, int acked, int newlyLost) {
        CongestionWindow window = c.window;
        int cwnd = window.cwnd;
        if (acked > 0) {
            cwnd = recovering(c, cwnd, acked, newlyLost);
            if (!packetConservation) {
                int target = inflight(c, windowGain) + (int) extraWindow();
                if (fullReached) {
                    cwnd = Math.min(cwnd + acked, target);
                } else if (cwnd < target || c.delivered < c.config.initialCwnd) {
                    cwnd += acked;
                }
                cwnd = Math.max(cwnd, MIN_WINDOW);
            }
        }
        cwnd = Math.min(cwnd, window.clamp);
        if (mode == Mode.PROBE_RTT) {
            cwnd = Math.min(cwnd, MIN_WINDOW);
        }
        window.set(cwnd);
    }

    /** The first round of a recovery sends what was delivered and no more; afterwards the old window comes back. */
    private int recovering(TcpConnection c, int window, int acked, int newlyLost) {
        int cwnd = newlyLost > 0 ? Math.max(window - newlyLost, 1) : window;
        int state = c.caState;
        if (state == TcpConnection.CA_RECOVERY && priorState != TcpConnection.CA_RECOVERY) {
            packetConservation = true;
            nextRoundDelivered = c.delivered;
            cwnd = c.inFlight() + acked;
        } else if (priorState >= TcpConnection.CA_RECOVERY && state < TcpConnection.CA_RECOVERY) {
            cwnd = Math.max(cwnd, priorWindow);
            packetConservation = false;
        }
        priorState = state;
        return packetConservation ? Math.max(cwnd, c.inFlight() + acked) : cwnd;
    }

    private void rememberWindow(CongestionWindow window) {
        boolean calm = priorState < TcpConnection.CA_RECOVERY && mode != Mode.PROBE_RTT;
        priorWindow = calm ? window.cwnd : Math.max(priorWindow, window.cwnd);
    }

    private long extraWindow() {
        if (!fullReached) {
            return 0;
        }
        long most = bandwidth.get() * EXTRA_ACKED_MAX_US >> BANDWIDTH_SHIFT;
        return Math.min(Math.max(extraAcked[0], extraAcked[1]), most);
    }

    /** Packets that keep the path busy at this gain: bandwidth times delay, and what offloads hold back. */
    private int inflight(TcpConnection c, int gain) {
        if (minRttUs < 0) {
            return c.config.initialCwnd;
        }
        double product = (double) bandwidth.get() * minRttUs / (1 << BANDWIDTH_SHIFT) * gain / UNIT;
        int packets = (int) Math.min(Math.ceil(product), 1 << 28) + 3 * offloadPackets(c);
        packets = packets + 1 & ~1;
        return mode == Mode.PROBE_BW && cycleIndex == 0 ? packets + 2 : packets;
    }

    private static int offloadPackets(TcpConnection c) {
        long rate = c.pacing.rate();
        if (rate == Pacing.UNLIMITED || rate < SLOW_RATE) {
            return rate == Pacing.UNLIMITED ? 2 : 1;
        }
        return (int) Math.min(Math.max(2, (rate >>> 10) / Math.max(1, c.mss)), 0x7F);
    }
}
