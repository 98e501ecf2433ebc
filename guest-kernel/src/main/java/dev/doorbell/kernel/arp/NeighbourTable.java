package dev.doorbell.kernel.arp;

import dev.doorbell.kernel.core.KernelContext;
import dev.doorbell.kernel.netdev.NetDevice;
import dev.doorbell.kernel.skb.SkBuff;
import dev.doorbell.kernel.time.KernelTimer;
import java.util.SplittableRandom;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The neighbours of one kernel, by device and address. Bounded: see the thresholds. */
public final class NeighbourTable {
    /** Linux's defaults of net.ipv4.neigh.default. */
    static final long BASE_REACHABLE_NS = 30_000_000_000L,
            RETRANSMIT_NS = 1_000_000_000L,
            DELAY_PROBE_NS = 5_000_000_000L,
            LOCK_NS = 1_000_000_000L,
            GC_STALE_NS = 60_000_000_000L,
            GC_INTERVAL_NS = 30_000_000_000L;

    static final int MAX_PROBES = 3;

    /** Below the first nothing is collected; above the second what is 5 s unused goes; the third is never exceeded. */
    static final int GC_THRESHOLD_1 = 128, GC_THRESHOLD_2 = 512, GC_THRESHOLD_3 = 1024;

    private static final long GC_PRESSURE_UNUSED_NS = 5_000_000_000L;
    static final int ETHERTYPE_IPV4 = 0x0800;
    private static final int BUCKETS = 256;

    /** Sends the question for a neighbour's address. */
    interface Solicitor {
        void solicit(Neighbour neighbour, @Nullable SkBuff cause, long destinationMac);
    }

    /** Is told about packets whose neighbour does not answer; takes them over. */
    @FunctionalInterface
    public interface FailureHandler {
        void unreachable(SkBuff skb);
    }

    private final KernelContext kernel;
    private final SplittableRandom random;
    private final Solicitor solicitor;
    private final FailureHandler failures;
    private final @Nullable Neighbour[] buckets = new @Nullable Neighbour[BUCKETS];
    private final KernelTimer gcTimer;
    private int size;

    NeighbourTable(KernelContext kernel, Solicitor solicitor, FailureHandler failures) {
        this.kernel = kernel;
        this.random = kernel.random("neighbour");
        this.solicitor = solicitor;
        this.failures = failures;
        this.gcTimer = new KernelTimer(kernel, "neighbour gc", this::collectPeriodically);
    }

    /** The entry, when there is one. */
    public @Nullable Neighbour lookup(NetDevice dev, int address) {
        Neighbour found = buckets[bucket(address)];
        while (found != null && (found.address() != address || found.dev() != dev)) {
            found = found.nextInBucket;
        }
        return found;
    }

    /**
     * The entry, made when there is none.
     *
     * @return null when the table is full of entries in use
     */
    public @Nullable Neighbour lookupOrCreate(NetDevice dev, int address) {
        Neighbour known = lookup(dev, address);
        if (known != null) {
            return known;
        }
        if (size >= GC_THRESHOLD_2) {
            remove(neighbour -> neighbour.isIdle(GC_PRESSURE_UNUSED_NS));
        }
        if (size >= GC_THRESHOLD_3) {
            remove(neighbour -> neighbour.isIdle(0));
        }
        if (size >= GC_THRESHOLD_3) {
            return null;
        }
        Neighbour created = new Neighbour(this, dev, address);
        int bucket = bucket(address);
        created.nextInBucket = buckets[bucket];
        buckets[bucket] = created;
        size++;
        if (size > GC_THRESHOLD_1 && !gcTimer.isPending()) {
            gcTimer.modTimerAfter(GC_INTERVAL_NS);
        }
        return created;
    }

    /** Adds or fixes an entry by hand. */
    public void addPermanent(NetDevice dev, int address, long mac) {
        Neighbour entry = lookupOrCreate(dev, address);
        if (entry != null) {
            entry.makePermanent(mac);
        }
    }

    /** Forgets all entries of a device: it went down, or its own MAC address changed. */
    public void flush(NetDevice dev) {
        remove(neighbour -> neighbour.dev() == dev);
    }

    public int size() {
        return size;
    }

    private void collectPeriodically() {
        if (size > GC_THRESHOLD_1) {
            remove(neighbour -> neighbour.isIdle(GC_STALE_NS));
        }
        if (size > GC_THRESHOLD_1) {
            gcTimer.modTimerAfter(GC_INTERVAL_NS);
        }
    }

    private void remove(Predicate<Neighbour> which) {
        for (int i = 0; i < BUCKETS; i++) {
            Neighbour previous = null;
            for (Neighbour n = buckets[i]; n != null; ) {
                Neighbour following = n.nextInBucket;
                if (which.test(n)) {
                    if (previous == null) {
                        buckets[i] = following;
                    } else {
                        previous.nextInBucket = following;
                    }
                    n.nextInBucket = null;
                    size--;
                    n.kill();
                } else {
                    previous = n;
                }
                n = following;
            }
        }
        if (size <= GC_THRESHOLD_1) {
            gcTimer.delTimer();
        }
    }

    private static int bucket(int address) {
        int hash = address * 0x9E37_79B9;
        return hash >>> 24;
    }

    // ---- for neighbours

    KernelContext kernel() {
        return kernel;
    }

    long nowNs() {
        return kernel.nowNs();
    }

    /** RFC 4861 section 6.3.4: uniformly between half and one and a half of the base. */
    long reachableNs() {
        return random.nextLong(BASE_REACHABLE_NS / 2, BASE_REACHABLE_NS * 3 / 2);
    }

    void solicit(Neighbour neighbour, @Nullable SkBuff cause, long destinationMac) {
        solicitor.solicit(neighbour, cause, destinationMac);
    }

    void reportFailure(SkBuff skb) {
        failures.unreachable(skb);
    }
}
