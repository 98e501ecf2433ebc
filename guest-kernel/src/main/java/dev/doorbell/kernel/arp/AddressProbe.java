package dev.doorbell.kernel.arp;

import dev.doorbell.kernel.netdev.NetDevice;
import dev.doorbell.kernel.time.KernelTimer;
import java.util.SplittableRandom;
import java.util.function.Consumer;

/**
 * Finds out whether an address is free before it is used, RFC 5227 section 2.1: probes, silence, announcements. One at a
 * time per kernel.
 */
public final class AddressProbe {
    private static final long MS = 1_000_000L, ANNOUNCE_INTERVAL_NS = 2000 * MS;

    /** How patient it is. */
    public enum Pace {
        /** Section 1.1: three probes 1 to 2 s apart after at most one, 2 s of silence, two announcements. */
        STANDARD(1000 * MS, 3, 1000 * MS, 2000 * MS, 2000 * MS, 2),
        /** For somebody who waits: finds a host that answers at once. Two probes, a tenth of a second, one announcement. */
        BRIEF(0, 2, 30 * MS, 30 * MS, 70 * MS, 1);
        private final long waitNs, minNs, maxNs, silenceNs;
        private final int probes, announcements;

        Pace(long waitNs, int probes, long minNs, long maxNs, long silenceNs, int announcements) {
            this.waitNs = waitNs;
            this.probes = probes;
            this.minNs = minNs;
            this.maxNs = maxNs;
            this.silenceNs = silenceNs;
            this.announcements = announcements;
        }
    }

    private final Pace pace;
    private final Arp arp;
    private final NetDevice dev;
    private final int address;
    private final Consumer<Boolean> outcome;
    private final SplittableRandom random;
    private final KernelTimer timer;
    private int probesSent;
    private int announcementsSent;
    private boolean over;

    /**
     * @param outcome called once in softirq context: true when the address is free, just before the first announcement;
     *     false when another host has it or probes for it too
     */
    public AddressProbe(Arp arp, NetDevice dev, int address, Pace pace, Consumer<Boolean> outcome) {
        this.pace = pace;
        this.arp = arp;
        this.dev = dev;
        this.address = address;
        this.outcome = outcome;
        this.random = arp.net().kernel().random("address probe");
        this.timer = new KernelTimer(arp.net().kernel(), "address probe", this::step);
    }

    public void start() {
        arp.setProbe(this);
        timer.modTimerAfter(random.nextLong(pace.waitNs + 1));
    }

    /** Stops without an outcome; also the announcements that are still due. */
    public void cancel() {
        timer.delTimer();
        if (!over) {
            over = true;
            arp.setProbe(null);
        }
    }

    private void step() {
        if (probesSent < pace.probes) {
            arp.probe(dev, address);
            probesSent++;
            boolean more = probesSent < pace.probes;
            timer.modTimerAfter(more ? random.nextLong(pace.minNs, pace.maxNs + 1) : pace.silenceNs);
            return;
        }
        if (announcementsSent == 0) {
            finish(true);
        }
        arp.announce(dev, address);
        if (++announcementsSent < pace.announcements) {
            timer.modTimerAfter(ANNOUNCE_INTERVAL_NS);
        }
    }

    /** An ARP packet came while we probe: it conflicts when its sender has, or somebody else probes for, the address. */
    void seen(NetDevice where, int senderIp, int targetIp, long senderMac) {
        boolean claims = senderIp == address;
        boolean probesToo = senderIp == 0 && targetIp == address && senderMac != dev.devAddr();
        if (!over && where == dev && (claims || probesToo)) {
            timer.delTimer();
            finish(false);
        }
    }

    private void finish(boolean free) {
        over = true;
        arp.setProbe(null);
        outcome.accept(free);
    }
}
