package dev.doorbell.kernel.neighbour;

import dev.doorbell.bus.wire.EtherType;
import dev.doorbell.bus.wire.Ipv6Address;
import dev.doorbell.kernel.core.KernelContext;
import dev.doorbell.kernel.netdev.NetDevice;
import dev.doorbell.kernel.skb.SkBuff;
import dev.doorbell.kernel.time.KernelTimer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The neighbours of one kernel, by device and address. Bounded: see the thresholds. */
public final class NeighbourTable {
    /** Linux's defaults of net.ipv4.neigh.default. */
    public static final long BASE_REACHABLE_NS = 30_000_000_000L,
            RETRANSMIT_NS = 1_000_000_000L,
            DELAY_PROBE_NS = 5_000_000_000L,
            LOCK_NS = 1_000_000_000L,
            GC_STALE_NS = 60_000_000_000L,
            GC_INTERVAL_NS = 30_000_000_000L;

    public static final int MAX_PROBES = 3;

    /** Below the first nothing is collected; above the second what is 5 s unused goes; the third is never exceeded. */
    public static final int GC_THRESHOLD_1 = 128, GC_THRESHOLD_2 = 512, GC_THRESHOLD_3 = 1024;

    private static final long GC_PRESSURE_UNUSED_NS = 5_000_000_000L;
    private static final int BUCKETS = 256;

    /** Sends the question for a neighbour's address. */
    public interface Solicitor {
        void solicit(Neighbour neighbour, @Nullable SkBuff cause, long destinationMac);
    }

    /** Is told about packets whose neighbour does not answer; takes them over. */
    @FunctionalInterface
    public interface FailureHandler {
        void unreachable(SkBuff skb);

        /** A neighbour did not answer. */
        default void failed(Neighbour neighbour) {}
    }

    private final KernelContext kernel;
    private final int etherType;
    private final SplittableRandom random;
    private final Solicitor solicitor;
    private final FailureHandler failures;
    private final @Nullable Neighbour[] buckets = new @Nullable Neighbour[BUCKETS];
    private final KernelTimer gcTimer;
    private final Map<NetDevice, NeighbourParameters> parameters = new HashMap<>();
    private int size;

    /** @param etherType of the packets that go to these neighbours */
    public NeighbourTable(KernelContext kernel, int etherType, Solicitor solicitor, FailureHandler failures) {
        this.kernel = kernel;
        this.etherType = etherType;
        this.random = kernel.random(etherType == EtherType.IPV4 ? "neighbour" : "neighbour v6");
        this.solicitor = solicitor;
        this.failures = failures;
        this.gcTimer = new KernelTimer(kernel, "neighbour gc", this::collectPeriodically);
    }

    /** The entry, when there is one. */
    public @Nullable Neighbour lookup(NetDevice dev, int address) {
        return lookup(dev, 0, Ipv6Address.ofV4(address));
    }

    /** The entry of an address of either family, when there is one. */
    public @Nullable Neighbour lookup(NetDevice dev, long high, long low) {
        Neighbour found = buckets[bucket(high, low)];
        while (found != null && (found.low() != low || found.high() != high || found.dev() != dev)) {
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
        return lookupOrCreate(dev, 0, Ipv6Address.ofV4(address));
    }

    /** As above, for an address of either family. */
    public @Nullable Neighbour lookupOrCreate(NetDevice dev, long high, long low) {
        Neighbour known = lookup(dev, high, low);
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
        Neighbour created = new Neighbour(this, dev, high, low, parametersOf(dev));
        int bucket = bucket(high, low);
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
        addPermanent(dev, 0, Ipv6Address.ofV4(address), mac);
    }

    /** As above, for an address of either family. */
    public void addPermanent(NetDevice dev, long high, long low, long mac) {
        Neighbour entry = lookupOrCreate(dev, high, low);
        if (entry != null) {
            entry.makePermanent(mac);
        }
    }

    /** Forgets all entries of a device: it went down, or its own MAC address changed. */
    public void flush(NetDevice dev) {
        remove(neighbour -> neighbour.dev() == dev);
    }

    /** Forgets one entry. No effect when it is not here. */
    public void delete(Neighbour entry) {
        remove(neighbour -> neighbour == entry);
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

    /** Times of a link; changes hold for all its neighbours. */
    public NeighbourParameters parametersOf(NetDevice dev) {
        return parameters.computeIfAbsent(dev, d -> new NeighbourParameters(random));
    }

    /** Every entry, in no order. */
    public List<Neighbour> list() {
        List<Neighbour> all = new ArrayList<>(size);
        for (Neighbour first : buckets) {
            for (Neighbour n = first; n != null; n = n.nextInBucket) {
                all.add(n);
            }
        }
        return all;
    }

    private static int bucket(long high, long low) {
        long hash = (high ^ low) * 0x9E37_79B9_7F4A_7C15L;
        return (int) (hash >>> 56);
    }

    // ---- for neighbours

    KernelContext kernel() {
        return kernel;
    }

    long nowNs() {
        return kernel.nowNs();
    }

    int etherType() {
        return etherType;
    }

    /** Neighbour Discovery: a contradiction makes a reachable neighbour suspect. */
    boolean suspects() {
        return etherType == EtherType.IPV6;
    }

    void failed(Neighbour neighbour) {
        failures.failed(neighbour);
    }

    void solicit(Neighbour neighbour, @Nullable SkBuff cause, long destinationMac) {
        solicitor.solicit(neighbour, cause, destinationMac);
    }

    void reportFailure(SkBuff skb) {
        failures.unreachable(skb);
    }
}
