package dev.doorbell.kernel.arp;

import dev.doorbell.kernel.netdev.NetDevice;
import dev.doorbell.kernel.time.KernelTimer;
import java.util.SplittableRandom;
import java.util.function.Consumer;

/**
 * Finds out whether an address is free before it is used, RFC 5227 section 2.1: three probes 1 to 2 s apart, two
 * seconds of silence, then two announcements 2 s apart. One at a time per kernel.
 */
public final class AddressProbe {
    /** RFC 5227 section 1.1. */
    private static final long PROBE_WAIT_NS = 1_000_000_000L,
            PROBE_MIN_NS = 1_000_000_000L,
            PROBE_MAX_NS = 2_000_000_000L,
            ANNOUNCE_WAIT_NS = 2_000_000_000L,
            ANNOUNCE_INTERVAL_NS = 2_000_000_000L;

    private static final int PROBES = 3, ANNOUNCEMENTS = 2;

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
    public AddressProbe(Arp arp, NetDevice dev, int address, Consumer<Boolean> outcome) {
        this.arp = arp;
        this.dev = dev;
        this.address = address;
        this.outcome = outcome;
        this.random = arp.net().kernel().random("address probe");
        this.timer = new KernelTimer(arp.net().kernel(), "address probe", this::step);
    }

    public void start() {
        arp.setProbe(this);
        timer.modTimerAfter(random.nextLong(PROBE_WAIT_NS));
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
        if (probesSent < PROBES) {
            arp.probe(dev, address);
            probesSent++;
            timer.modTimerAfter(probesSent < PROBES ? random.nextLong(PROBE_MIN_NS, PROBE_MAX_NS) : ANNOUNCE_WAIT_NS);
            return;
        }
        if (announcementsSent == 0) {
            finish(true);
        }
        arp.announce(dev, address);
        if (++announcementsSent < ANNOUNCEMENTS) {
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
