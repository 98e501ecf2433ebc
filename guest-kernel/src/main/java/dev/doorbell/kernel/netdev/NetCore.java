package dev.doorbell.kernel.netdev;

import dev.doorbell.kernel.core.KernelContext;
import dev.doorbell.kernel.irq.Softirqs;
import dev.doorbell.kernel.skb.DropCounters;
import dev.doorbell.kernel.skb.DropReason;
import dev.doorbell.kernel.skb.SkBuff;
import dev.doorbell.kernel.skb.SkbAllocator;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The device-independent core of one kernel's network: interfaces, packet handlers, reception, net/core/dev.c. */
public final class NetCore {
    private final KernelContext kernel;
    private final Softirqs softirqs;
    private final SkbAllocator skbs;
    private final PacketHandlers handlers = new PacketHandlers();
    private final List<NetDevice> devices = new ArrayList<>();
    private final List<NetdevNotifier> notifiers = new ArrayList<>();
    private final NetRx netRx;
    private int nextIfindex = 1;

    public NetCore(KernelContext kernel, Softirqs softirqs, SkbAllocator skbs) {
        this.kernel = kernel;
        this.softirqs = softirqs;
        this.skbs = skbs;
        this.netRx = new NetRx(softirqs, kernel.world());
    }

    public KernelContext kernel() {
        return kernel;
    }

    public Softirqs softirqs() {
        return softirqs;
    }

    public SkbAllocator skbs() {
        return skbs;
    }

    public DropCounters drops() {
        return skbs.drops();
    }

    public PacketHandlers handlers() {
        return handlers;
    }

    NetRx netRx() {
        return netRx;
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
        skb.networkHeader = skb.data();
        PacketHandler handler = handlers.of(skb.protocol);
        if (handler == null) {
            skb.drop(DropReason.UNHANDLED_PROTO);
            return;
        }
        handler.receive(skb);
    }

    /** Queues a packet for reception in a later softirq, netif_rx: for devices without a NAPI. Takes over {@code skb}. */
    public void netifRx(SkBuff skb) {
        netifReceiveSkb(skb);
    }
}
