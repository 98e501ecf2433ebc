package dev.doorbell.kernel.netdev;

import dev.doorbell.bus.wire.EtherType;
import dev.doorbell.kernel.core.KernelContext;
import dev.doorbell.kernel.core.Mutex;
import dev.doorbell.kernel.irq.Softirqs;
import dev.doorbell.kernel.probe.KernelProbe;
import dev.doorbell.kernel.skb.DropReason;
import dev.doorbell.kernel.skb.SkBuff;
import dev.doorbell.kernel.skb.SkbAllocator;
import dev.doorbell.kernel.skb.SkbQueue;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The device-independent core of one kernel's network: interfaces, packet handlers, reception, net/core/dev.c. */
public final class NetCore {
    /** net.core.netdev_max_backlog. */
    static final int MAX_BACKLOG = 1000;

    private final KernelContext kernel;
    private final SkbAllocator skbs;
    private final PacketHandlers handlers = new PacketHandlers();
    private final List<NetDevice> devices = new ArrayList<>();
    private final List<NetdevNotifier> notifiers = new ArrayList<>();
    private final NetRx netRx;
    private final NetTx netTx;
    private final XmitValidator validator = new XmitValidator();
    private final SkbQueue backlog = new SkbQueue();
    private final Napi backlogNapi;
    private final Mutex rtnl;
    private final @Nullable KernelProbe probe;
    private int nextIfindex = 1;

    public NetCore(KernelContext kernel, Softirqs softirqs, SkbAllocator skbs) {
        this.kernel = kernel;
        this.rtnl = new Mutex(kernel, "rtnl_mutex");
        this.probe = kernel.probe();
        this.skbs = skbs;
        this.netRx = new NetRx(softirqs, kernel.world());
        this.netTx = new NetTx(softirqs);
        this.backlogNapi = new Napi("backlog", this, this::processBacklog, Napi.NAPI_POLL_WEIGHT);
        backlogNapi.enable();
    }

    public KernelContext kernel() {
        return kernel;
    }

    public SkbAllocator skbs() {
        return skbs;
    }

    public PacketHandlers handlers() {
        return handlers;
    }

    /** rtnl_lock: held while interfaces are opened, closed and set up, and by drivers that reset their card meanwhile. */
    public Mutex rtnl() {
        return rtnl;
    }

    NetRx netRx() {
        return netRx;
    }

    NetTx netTx() {
        return netTx;
    }

    XmitValidator validator() {
        return validator;
    }

    // ---- interfaces

    /** Registered interfaces in order of ifindex; changes as they come and go. */
    public List<NetDevice> devices() {
        return devices;
    }

    public @Nullable NetDevice deviceByName(String name) {
        for (NetDevice dev : devices) {
            if (dev.name().equals(name)) {
                return dev;
            }
        }
        return null;
    }

    public @Nullable NetDevice deviceByIndex(int ifindex) {
        for (NetDevice dev : devices) {
            if (dev.ifindex() == ifindex) {
                return dev;
            }
        }
        return null;
    }

    /** Adds a listener; it hears REGISTER (and UP) for the interfaces that exist already. */
    public void registerNotifier(NetdevNotifier notifier) {
        notifiers.add(notifier);
        for (NetDevice dev : devices) {
            notifier.changed(dev, NetdevNotifier.Change.REGISTER);
            if (dev.isUp()) {
                notifier.changed(dev, NetdevNotifier.Change.UP);
            }
        }
    }

    void notifyChange(NetDevice dev, NetdevNotifier.Change change) {
        for (NetdevNotifier notifier : notifiers) {
            notifier.changed(dev, change);
        }
    }

    int register(NetDevice dev) {
        devices.add(dev);
        return nextIfindex++;
    }

    void unregister(NetDevice dev) {
        devices.remove(dev);
    }

    // ---- reception

    /**
     * Passes a received packet to the stack, netif_receive_skb: taps, VLAN, protocol handler. Takes over {@code skb},
     * on which {@link NetDevice#ethTypeTrans} has run. Softirq context.
     */
    public void netifReceiveSkb(SkBuff skb) {
        noteReceived(skb);
        passUp(skb);
    }

    private void noteReceived(SkBuff skb) {
        NetDevice dev = skb.dev;
        if (probe != null && dev != null) {
            probe.skbReceived(skb, dev.name());
        }
    }

    /** As {@link #netifReceiveSkb}, for what the stack has had in its hands already. */
    void passUp(SkBuff skb) {
        NetDevice dev = skb.dev;
        if (dev == null) {
            throw new IllegalStateException("received packet without a device");
        }
        if (!dev.isUp()) {
            dev.stats.rxDropped++;
            skb.drop(DropReason.DEV_READY);
            return;
        }
        if (skb.protocol == EtherType.VLAN && !skb.vlanPresent && !VlanTags.strip(skb)) {
            dev.stats.rxDropped++;
            skb.drop(DropReason.VLAN_BAD_HEADER);
            return;
        }
        if (skb.timestampNs == 0) {
            skb.timestampNs = kernel.nowNs();
        }
        skb.networkHeader = skb.data();
        if (kernel.tracer().isOn()) {
            kernel.tracer().event(dev.name(), "netif_receive_skb", describe(skb));
        }
        if (handlers.hasTaps()) {
            handlers.tap(skb, dev, false);
        }
        if (skb.vlanPresent && !acceptVlan(skb, dev)) {
            dev.stats.rxDropped++;
            skb.drop(DropReason.VLAN_UNKNOWN);
            return;
        }
        PacketHandler handler = handlers.of(skb.protocol);
        if (handler == null) {
            dev.stats.rxDropped++;
            skb.drop(DropReason.UNHANDLED_PROTO);
            return;
        }
        handler.receive(skb);
    }

    static String describe(SkBuff skb) {
        return String.format(
                "skb data=0x%x bytes=%d protocol=0x%04x ip_summed=%d gso_segs=%d",
                skb.data(), skb.length(), skb.protocol, skb.ipSummed, skb.gsoSegments);
    }

    /** A tag with VID 0 carries only a priority; any other needs an interface of its own. */
    private static boolean acceptVlan(SkBuff skb, NetDevice dev) {
        int vid = skb.vlanTci & 0xFFF;
        if (vid != 0) {
            NetDevice vlan = dev.vlan(vid);
            if (vlan == null || !vlan.isUp()) {
                return false;
            }
            VlanDevice.receive(skb, vlan);
        }
        skb.priority = skb.vlanTci >>> 13;
        skb.vlanPresent = false;
        skb.vlanTci = 0;
        return true;
    }

    /**
     * Queues a packet for reception in a later softirq, netif_rx: for devices without a NAPI. Takes over {@code skb}.
     *
     * @return false when the backlog is full: it was dropped
     */
    public boolean netifRx(SkBuff skb) {
        noteReceived(skb);
        if (backlog.length() >= MAX_BACKLOG) {
            skb.drop(DropReason.CPU_BACKLOG);
            return false;
        }
        backlog.addTail(skb);
        backlogNapi.schedule();
        return true;
    }

    private int processBacklog(int budget) {
        int work = 0;
        while (work < budget) {
            SkBuff skb = backlog.poll();
            if (skb == null) {
                backlogNapi.completeDone(work);
                break;
            }
            passUp(skb);
            work++;
        }
        return work;
    }

    /** Tear-down: drops what nobody has received yet. */
    public void close() {
        backlogNapi.disable();
        backlog.purge(DropReason.DEV_DOWN);
    }
}
