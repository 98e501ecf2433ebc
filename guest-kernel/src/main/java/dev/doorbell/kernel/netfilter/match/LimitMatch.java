package dev.doorbell.kernel.netfilter.match;

import dev.doorbell.kernel.core.KernelContext;
import dev.doorbell.kernel.netfilter.Packet;
import dev.doorbell.kernel.netfilter.RulesException;
import dev.doorbell.kernel.netfilter.Words;

/**
 * {@code -m limit}: true at most so many times per unit, after a burst. A token bucket with Linux's rounding: the rate
 * is kept as the time between two packets in units of 100 microseconds.
 */
final class LimitMatch implements Match {
    private static final int SCALE = 10_000, DEFAULT_BURST = 5;
    private static final long UNIT_NS = 100_000;
    private static final int[] UNITS = {SCALE * 24 * 60 * 60, SCALE * 60 * 60, SCALE * 60, SCALE};
    private static final String[] UNIT_NAMES = {"day", "hour", "min", "sec"};
    /** Linux counts credits in 32 bits: what needs more cannot be loaded there. */
    private static final long MAX_BURST_UNITS = 0xFFFF_FFFFL;

    private final KernelContext kernel;
    private final int period;
    private final int burst;
    private final long costNs;
    private final long capNs;
    private long creditNs;
    private long stampNs;

    private LimitMatch(KernelContext kernel, int period, int burst) {
        this.kernel = kernel;
        this.period = period;
        this.burst = burst;
        costNs = period * UNIT_NS;
        capNs = costNs * burst;
        creditNs = capNs;
        stampNs = kernel.nowNs();
    }

    @Override
    public boolean matches(Packet packet) {
        long now = kernel.nowNs();
        creditNs = Math.min(capNs, creditNs + now - stampNs);
        stampNs = now;
        if (creditNs < costNs) {
            return false;
        }
        creditNs -= costNs;
        return true;
    }

    @Override
    public void save(StringBuilder out) {
        out.append(" -m limit --limit ");
        int unit = 1;
        while (unit < UNITS.length && period <= UNITS[unit] && UNITS[unit] / period >= UNITS[unit] % period) {
            unit++;
        }
        out.append(UNITS[unit - 1] / period).append('/').append(UNIT_NAMES[unit - 1]);
        if (burst != DEFAULT_BURST) {
            out.append(" --limit-burst ").append(burst);
        }
    }

    /** Reads rate and burst. */
    static final class Builder implements MatchBuilder {
        private final KernelContext kernel;
        private int period = UNITS[1] / 3;
        private int burst = DEFAULT_BURST;

        Builder(KernelContext kernel) {
            this.kernel = kernel;
        }

        @Override
        public boolean option(String name, boolean inverted, Words words) throws RulesException {
            switch (name) {
                case "--limit" -> period = parse(words.argument(name));
                case "--limit-burst" -> burst = (int) Values.number(name, words.argument(name), 1, SCALE);
                default -> {
                    return false;
                }
            }
            Values.notInverted(name, inverted);
            return true;
        }

        private static int parse(String text) throws RulesException {
            int slash = text.indexOf('/');
            int unit = UNITS.length - 1;
            if (slash >= 0) {
                String name = text.substring(slash + 1);
                unit = unitOf(name);
                if (name.isEmpty() || unit < 0) {
                    throw bad(text);
                }
            }
            int rate;
            try {
                rate = Integer.parseInt(slash < 0 ? text : text.substring(0, slash));
            } catch (NumberFormatException e) {
                throw bad(text);
            }
            if (rate <= 0) {
                throw bad(text);
            }
            int period = UNITS[unit] / rate;
            if (period == 0) {
                throw new RulesException("--limit \"" + text + "\": at most 10000 per second");
            }
            return period;
        }

        /** Any beginning of second, minute, hour or day. */
        private static int unitOf(String name) {
            String[] full = {"day", "hour", "minute", "second"};
            for (int i = 0; i < full.length; i++) {
                if (full[i].startsWith(name)) {
                    return i;
                }
            }
            return -1;
        }

        private static RulesException bad(String text) {
            return new RulesException(
                    "--limit \"" + text + "\": must be a rate such as 5/second, 3/minute, 2/hour or 10/day");
        }

        @Override
        public Match build(RuleHead head) throws RulesException {
            // 32 credits for each unit at 100 timer ticks a second and more
            if ((long) period * burst * 128 * 100 / SCALE > MAX_BURST_UNITS) {
                throw new RulesException("--limit-burst " + burst + ": too much for so low a rate");
            }
            return new LimitMatch(kernel, period, burst);
        }
    }
}
