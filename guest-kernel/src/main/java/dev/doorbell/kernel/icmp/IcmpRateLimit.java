package dev.doorbell.kernel.icmp;

import dev.doorbell.kernel.core.KernelContext;
import dev.doorbell.kernel.ipv4.Mib;
import dev.doorbell.kernel.ipv4.SnmpCounters;
import java.util.SplittableRandom;
import java.util.function.IntSupplier;

/**
 * Limits ICMP errors, RFC 1812 section 4.3.2.8, with Linux's token buckets: one per destination (one in
 * net.ipv4.icmp_ratelimit, bursts of six) and one for all (1000 a second, bursts of 50, each burst shortened at random so
 * that nobody can count through it, CVE-2020-25705).
 */
public final class IcmpRateLimit {
    private static final long SECOND_NS = 1_000_000_000L;
    private static final long MILLISECOND_NS = 1_000_000L;
    private static final int HOST_BURST = 6;
    private static final int GLOBAL_PER_SECOND = 1000, GLOBAL_BURST = 50, GLOBAL_JITTER = 3;
    private static final int HOSTS = 1024;

    private final IntSupplier intervalMs;
    private final KernelContext kernel;
    private final SnmpCounters snmp;
    private final SplittableRandom random;
    private final int hashSeed;
    private final long[] host = new long[HOSTS];
    /** Time that the destination has saved up, ns, as of {@link #hostStampNs}. */
    private final long[] hostCreditNs = new long[HOSTS];

    private final long[] hostStampNs = new long[HOSTS];
    private int globalTokens = GLOBAL_BURST;
    private long globalStampNs;

    public IcmpRateLimit(KernelContext kernel, SnmpCounters snmp, IntSupplier intervalMs) {
        this.intervalMs = intervalMs;
        this.kernel = kernel;
        this.snmp = snmp;
        this.random = kernel.random("icmp rate limit");
        this.hashSeed = random.nextInt();
    }

    /** Whether an error may go to {@code destination} (an address, or a hash of one) now; takes the tokens when so. */
    public boolean allow(long destination) {
        if (intervalMs.getAsInt() == 0) {
            return true;
        }
        if (!hasGlobalToken()) {
            snmp.count(Mib.ICMP_OUT_RATE_LIMIT_GLOBAL);
            return false;
        }
        if (!takeHostToken(destination)) {
            snmp.count(Mib.ICMP_OUT_RATE_LIMIT_HOST);
            return false;
        }
        globalTokens = Math.max(0, globalTokens - 1 - random.nextInt(GLOBAL_JITTER));
        return true;
    }

    private boolean hasGlobalToken() {
        long elapsed = kernel.nowNs() - globalStampNs;
        int earned = (int) Math.min(GLOBAL_BURST, elapsed * GLOBAL_PER_SECOND / SECOND_NS);
        if (earned > 0) {
            globalTokens = Math.min(GLOBAL_BURST, globalTokens + earned);
            globalStampNs = kernel.nowNs();
        }
        return globalTokens > 0;
    }

    /** Two destinations that share a slot displace each other: they get a burst more often, the global limit holds. */
    private boolean takeHostToken(long destination) {
        long hash = (destination ^ hashSeed) * 0x9E37_79B9_7F4A_7C15L;
        int slot = (int) (hash >>> 54);
        long now = kernel.nowNs();
        long interval = intervalMs.getAsInt() * MILLISECOND_NS;
        long credit = HOST_BURST * interval;
        if (host[slot] == destination) {
            credit = Math.min(credit, hostCreditNs[slot] + now - hostStampNs[slot]);
        }
        boolean allowed = credit >= interval;
        host[slot] = destination;
        hostStampNs[slot] = now;
        hostCreditNs[slot] = allowed ? credit - interval : credit;
        return allowed;
    }
}
