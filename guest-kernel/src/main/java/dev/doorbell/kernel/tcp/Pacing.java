package dev.doorbell.kernel.tcp;

/**
 * The rate a connection would send at if it spread its window over a round trip, and the spreading itself when it was
 * asked for by SO_MAX_PACING_RATE. The rate also bounds how much goes down as one buffer: a millisecond's worth.
 * Rates in bytes per second, unsigned; {@link #UNLIMITED} is no limit.
 */
final class Pacing {
    static final long UNLIMITED = -1;

    /** The first packets of a connection go out at once: the handshake's burst is the initial window. */
    private static final int UNPACED_PACKETS = 10;
    /** One buffer holds the bytes of 2^-10 seconds. */
    private static final int BUFFER_SHIFT = 10;

    /** Nanoseconds to make up for at most, per microsecond of the shortest round trip. */
    private static final long LATE_PER_RTT_US = 500;

    private static final double SECOND_NS = 1e9;

    private final TcpConnection c;
    private long rate = UNLIMITED;
    private long nextNs;
    /** Data waited for {@link #nextNs}, and nothing but the clock held it. */
    private boolean waiting;
    /** The moment in which a sender that this host woke late makes up for it. */
    private long catchUpNs = -1;

    private @org.jspecify.annotations.Nullable LazyTimer timer;

    Pacing(TcpConnection c) {
        this.c = c;
    }

    private boolean isOn() {
        return c.settings.paced || c.congestion.ownsWindow() || c.path.asksForPacing();
    }

    /** Bytes per second now. */
    long rate() {
        return rate;
    }

    /** After an ACK: window over round trip, with a margin for growth. */
    void update() {
        long percent = c.window.cwnd < c.window.ssthresh >> 1 ? c.config.pacingSsRatio : c.config.pacingCaRatio;
        long perSecond = c.mss * 80_000L * percent * Math.max(c.window.cwnd, c.packetsOut);
        int srtt8 = c.rtt.srtt8Us();
        limit(srtt8 == 0 ? perSecond : perSecond / srtt8);
    }

    /** Sets the rate within SO_MAX_PACING_RATE. */
    void limit(long wanted) {
        long most = c.settings.maxPacingRate;
        rate = Long.compareUnsigned(wanted, most) < 0 ? wanted : most;
    }

    /** The application changed SO_MAX_PACING_RATE. */
    void maximumChanged() {
        limit(rate);
    }

    /** @return true: not yet; the rest goes when it is time */
    boolean mustWait() {
        if (!isOn() || nextNs <= c.nowNs()) {
            return false;
        }
        LazyTimer armed = timer;
        if (armed == null) {
            armed = new LazyTimer(c.tcp.kernel, "tcp pacing", this::resume);
            timer = armed;
        }
        if (armed.deadlineNs() == LazyTimer.OFF) {
            armed.set(nextNs);
        }
        waiting = true;
        return true;
    }

    /** How long until the next packet may go; timers that wait for its answer start then. */
    long delayNs() {
        return isOn() ? Math.max(0, nextNs - c.nowNs()) : 0;
    }

    /** @param bytes of the IP packets that went out now */
    void sent(int bytes) {
        if (!isOn()) {
            return;
        }
        long now = c.nowNs();
        if (waiting) {
            waiting = false;
            catchUpNs = now;
        }
        // A machine whose processor was busy elsewhere wakes late, by many packets: they are sent now, as many as half
        // a
        // round trip takes at most. A timer in hardware would have sent them in time.
        long late = now == catchUpNs ? c.rtt.minUs() * LATE_PER_RTT_US : 0;
        long before = nextNs;
        nextNs = Math.max(nextNs, now - late);
        if (rate != UNLIMITED && rate != 0 && c.dataSegmentsOut >= UNPACED_PACKETS) {
            long takes = (long) (bytes * SECOND_NS / rate);
            // A sender that came late gets some of the time back.
            nextNs += takes - Math.min(takes / 2, nextNs - before);
        }
    }

    /** Packets that may go down as one buffer: a millisecond at this rate, more on short paths. */
    int packetsPerBuffer(int mss) {
        long bytes = rate >>> BUFFER_SHIFT;
        long shift = c.rtt.minUs() >> c.config.tsoRttLog;
        if (shift < Integer.SIZE) {
            bytes += TcpOutput.GSO_MAX >> shift;
        }
        bytes = Math.min(bytes, TcpOutput.GSO_MAX);
        return (int) Math.max(bytes / mss, c.config.minTsoSegs);
    }

    private void resume() {
        if (c.state() != TcpState.CLOSE) {
            c.tcp.retransmitter.sendLost(c);
            c.tcp.output.pushPending(c);
        }
        if (nextNs <= c.nowNs()) {
            waiting = false; // it was time, and something else holds the data: what passes from now on is nobody's debt
        }
    }

    void destroy() {
        if (timer != null) {
            timer.destroy();
        }
    }
}
