package dev.doorbell.kernel.neighbour;

import dev.doorbell.bus.mem.GuestMemory;
import dev.doorbell.bus.wire.EthernetHeader;
import dev.doorbell.kernel.core.Errno;
import dev.doorbell.kernel.netdev.NetDevice;
import dev.doorbell.kernel.skb.DropReason;
import dev.doorbell.kernel.skb.SkBuff;
import dev.doorbell.kernel.time.KernelTimer;
import org.jspecify.annotations.Nullable;

/**
 * A host on the link whose MAC address is wanted: struct neighbour. Sends through it prepend a ready-made Ethernet
 * header.
 *
 * <pre>
 * state        event                         next         action
 * (none)       packet                        INCOMPLETE   broadcast request, queue, 1 s
 * INCOMPLETE   timer, fewer than 3 requests  INCOMPLETE   broadcast request, 1 s
 * INCOMPLETE   timer, 3 requests             FAILED       report what is queued
 * INCOMPLETE   reply                         REACHABLE    send what is queued, 15..45 s
 * REACHABLE    timer, confirmed since        REACHABLE    rest of the time
 * REACHABLE    timer                         STALE
 * STALE        packet                        DELAY        send, 5 s
 * DELAY        timer, confirmed since        REACHABLE
 * DELAY        timer                         PROBE        unicast request, 1 s
 * PROBE        timer, fewer than 3 requests  PROBE        unicast request, 1 s
 * PROBE        timer, 3 requests             FAILED
 * PROBE        reply                         REACHABLE
 * FAILED       packet                        INCOMPLETE   as at the start
 * any valid    request or gratuitous, other MAC  STALE    new MAC
 * NOARP        any                           NOARP
 * REACHABLE    other MAC without override   STALE (Neighbour Discovery), old MAC
 * </pre>
 */
public final class Neighbour {
    private final NeighbourTable table;
    private final NetDevice dev;
    private final long high, low;
    private final NeighbourParameters parameters;
    private final KernelTimer timer;
    private final PendingQueue pending = new PendingQueue();
    private NeighbourState state = NeighbourState.FAILED;
    private long mac;
    private int probes;
    private long confirmedNs;
    private long updatedNs = Long.MIN_VALUE / 2;
    private long usedNs;
    private boolean dead;
    /** Neighbour Discovery: it said that it is a router. */
    private boolean router;
    /** The Ethernet header: bytes 0..7 and 6..13, as they lie in memory read as little-endian longs. */
    private long headerFirst, headerLast;
    /** Link in the table's bucket. */
    @Nullable
    Neighbour nextInBucket;

    Neighbour(NeighbourTable table, NetDevice dev, long high, long low, NeighbourParameters parameters) {
        this.table = table;
        this.dev = dev;
        this.high = high;
        this.low = low;
        this.parameters = parameters;
        this.usedNs = table.nowNs();
        this.confirmedNs = usedNs;
        this.timer = new KernelTimer(table.kernel(), "neighbour", this::expire);
        if ((dev.flags() & NetDevice.IFF_NOARP) != 0) {
            state = NeighbourState.NOARP;
            buildHeader();
        }
    }

    /**
     * Sends an IP packet to this neighbour, or keeps it until the MAC address is known.
     *
     * @param skb data() at the IP header, {@code protocol} set; gone in every case
     * @return 0, or a negated errno
     */
    public int output(SkBuff skb) {
        if (state != NeighbourState.REACHABLE && !prepare(skb)) {
            return 0;
        }
        if (skb.headroom() < EthernetHeader.LENGTH && !skb.cow(EthernetHeader.LENGTH)) {
            skb.drop(DropReason.NOMEM);
            return Errno.ENOBUFS.negated();
        }
        long at = skb.push(EthernetHeader.LENGTH);
        GuestMemory memory = skb.memory();
        memory.writeLong(at, headerFirst);
        memory.writeLong(at + 6, headerLast);
        skb.macHeader = at;
        return dev.devQueueXmit(skb);
    }

    /**
     * Anything but REACHABLE.
     *
     * @return true when the packet can go now; false: it waits or is gone
     */
    private boolean prepare(SkBuff skb) {
        usedNs = table.nowNs();
        switch (state) {
            case STALE -> {
                state = NeighbourState.DELAY;
                timer.modTimerAfter(NeighbourTable.DELAY_PROBE_NS);
            }
            case FAILED -> {
                if (dead) {
                    skb.drop(DropReason.NEIGH_DEAD);
                    return false;
                }
                state = NeighbourState.INCOMPLETE;
                probes = 0;
                pending.add(skb);
                solicit();
                return false;
            }
            case INCOMPLETE -> {
                pending.add(skb);
                return false;
            }
            default -> {}
        }
        return true;
    }

    /** Something above proved that it answers, such as a TCP acknowledgement of new data: dst_confirm. */
    public void confirm() {
        confirmedNs = table.nowNs();
    }

    /**
     * An ARP packet or a Neighbour Discovery message told its MAC address.
     *
     * @param solicited a unicast reply to us
     * @param override whether another address than the known one may replace it
     */
    public void update(long newMac, boolean solicited, boolean override) {
        long now = table.nowNs();
        boolean changed = mac != newMac || !state.isValid();
        if (state == NeighbourState.PERMANENT || state == NeighbourState.NOARP) {
            return;
        }
        if (changed && state.isValid() && !override) {
            if (table.suspects() && state == NeighbourState.REACHABLE) {
                state = NeighbourState.STALE; // RFC 4861 §7.2.5: in doubt, ask before believing
                timer.delTimer();
            }
            return;
        }
        if (changed) {
            mac = newMac;
            buildHeader();
        }
        updatedNs = now;
        if (solicited) {
            confirmedNs = now;
            state = NeighbourState.REACHABLE;
            timer.modTimerAfter(parameters.reachableNs());
        } else if (changed) {
            state = NeighbourState.STALE;
            timer.delTimer();
        }
        flush();
    }

    /** Set by hand: ip neigh add ... nud permanent. */
    public void makePermanent(long newMac) {
        mac = newMac;
        buildHeader();
        state = NeighbourState.PERMANENT;
        timer.delTimer();
        flush();
    }

    private void flush() {
        for (SkBuff skb = pending.poll(); skb != null; skb = pending.poll()) {
            output(skb);
        }
    }

    private void buildHeader() {
        long source = dev.devAddr();
        headerFirst = Long.reverseBytes(mac << 16 | source >>> 32);
        headerLast = Long.reverseBytes(source << 16 | table.etherType());
    }

    private void expire() {
        long now = table.nowNs();
        switch (state) {
            case REACHABLE -> {
                long until = confirmedNs + parameters.reachableNs();
                if (now < until) {
                    timer.modTimer(until);
                } else {
                    state = NeighbourState.STALE;
                }
            }
            case DELAY -> {
                if (now - confirmedNs < NeighbourTable.DELAY_PROBE_NS) {
                    state = NeighbourState.REACHABLE;
                    timer.modTimer(confirmedNs + parameters.reachableNs());
                } else {
                    state = NeighbourState.PROBE;
                    probes = 0;
                    solicit();
                }
            }
            case PROBE, INCOMPLETE -> {
                if (probes < NeighbourTable.MAX_PROBES) {
                    solicit();
                } else {
                    fail();
                }
            }
            default -> {}
        }
    }

    private void solicit() {
        probes++;
        timer.modTimerAfter(parameters.retransmitNs);
        SkBuff first = pending.first();
        table.solicit(this, first, state == NeighbourState.PROBE ? mac : NetDevice.BROADCAST_MAC);
    }

    private void fail() {
        state = NeighbourState.FAILED;
        table.failed(this);
        for (SkBuff skb = pending.poll(); skb != null; skb = pending.poll()) {
            table.reportFailure(skb);
        }
    }

    /** Out of the table: whoever still holds it must look up another. */
    void kill() {
        dead = true;
        state = NeighbourState.FAILED;
        timer.delTimer();
        for (SkBuff skb = pending.poll(); skb != null; skb = pending.poll()) {
            skb.drop(DropReason.NEIGH_DEAD);
        }
    }

    /** True when the answer that set the address is so fresh that another must not replace it: locktime. */
    public boolean isLocked() {
        return table.nowNs() - updatedNs < NeighbourTable.LOCK_NS;
    }

    /** May be forgotten: failed, or stale and not used for long. */
    boolean isIdle(long unusedNs) {
        return (state == NeighbourState.FAILED || state == NeighbourState.STALE) && table.nowNs() - usedNs >= unusedNs;
    }

    /** Did not answer when it was last used, less than {@code ns} ago. */
    public boolean failedLately(long ns) {
        return state == NeighbourState.FAILED && table.nowNs() - usedNs < ns;
    }

    public boolean isDead() {
        return dead;
    }

    public NetDevice dev() {
        return dev;
    }

    /** The IPv4 address, first octet in the top byte. */
    public int address() {
        return (int) low;
    }

    /** High half of the address; an IPv4 one is mapped. */
    public long high() {
        return high;
    }

    public long low() {
        return low;
    }

    public boolean isRouter() {
        return router;
    }

    public void router(boolean is) {
        router = is;
    }

    /** Times of its link. */
    public NeighbourParameters parameters() {
        return parameters;
    }

    public NeighbourState state() {
        return state;
    }

    /** MAC address; meaningless unless the state is valid. */
    public long mac() {
        return mac;
    }

    /** Packets that wait for the address. */
    public int pendingPackets() {
        return pending.size();
    }
}
