package dev.doorbell.kernel.netdev;

import dev.doorbell.bus.mem.GuestMemory;
import dev.doorbell.bus.wire.EthernetHeader;
import dev.doorbell.kernel.core.Errno;
import dev.doorbell.kernel.core.ErrnoException;
import dev.doorbell.kernel.probe.KernelProbe;
import dev.doorbell.kernel.skb.SkBuff;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A network interface, net_device: what driver and stack both know about it. One transmit queue.
 *
 * <p>Public fields belong to the driver, which sets them before {@link #registerNetdev()}.
 */
public final class NetDevice {
    /** Interface flags, linux/if.h. */
    public static final int IFF_UP = 1,
            IFF_BROADCAST = 2,
            IFF_LOOPBACK = 8,
            IFF_RUNNING = 0x40,
            IFF_NOARP = 0x80,
            IFF_PROMISC = 0x100,
            IFF_ALLMULTI = 0x200,
            IFF_MULTICAST = 0x1000;

    public static final long BROADCAST_MAC = 0xFFFF_FFFF_FFFFL;
    public static final int ETH_DATA_LEN = 1500;
    public static final int ETH_MIN_MTU = 68;
    /** Room in front of received data, so that headers can be pushed without a copy: NET_SKB_PAD. */
    public static final int NET_SKB_PAD = 64;
    /** Aligns the IP header behind the 14-byte Ethernet header. */
    public static final int NET_IP_ALIGN = 2;
    /** Default transmit queue length, packets. */
    public static final int DEFAULT_TX_QUEUE_LEN = 1000;

    private final NetCore net;
    private final NetDeviceOps ops;
    private final String name;
    private final TxQueue txQueue;
    private final List<Napi> napis = new ArrayList<>();
    private final EthernetHeader ethernet = new EthernetHeader();
    private final AddressList multicast = new AddressList();
    private final AddressList unicast = new AddressList();

    /** Counters; those that hardware keeps are refreshed by {@link #stats()}. */
    public final NetDeviceStats stats = new NetDeviceStats();
    /** What ethtool may ask; null: nothing. */
    public @Nullable EthtoolOps ethtoolOps;
    /** {@link Features} that may be switched. */
    public int hwFeatures;
    /** {@link Features} in force. */
    public int features;
    /** Features that packets keep inside a VLAN. */
    public int vlanFeatures;

    public int minMtu = ETH_MIN_MTU;
    public int maxMtu = ETH_DATA_LEN;
    /** The transmit watchdog barks when the queue stands still this long. */
    public long watchdogTimeoNs = 5_000_000_000L;
    /** Room in front of the Ethernet header that the driver wants. */
    public int neededHeadroom;
    /** Largest packet to be segmented by hardware, bytes with headers. */
    public int gsoMaxSize = 65536;

    public int gsoMaxSegs = 65535;
    public int txQueueLen = DEFAULT_TX_QUEUE_LEN;
    /** IPv4 state of the interface; belongs to {@code kernel.ipv4}. */
    public @Nullable Object ipPtr;

    private int ifindex;
    private int flags = IFF_BROADCAST | IFF_MULTICAST;
    private int mtu = ETH_DATA_LEN;
    private long devAddr;
    private long permAddr;
    private int promiscuity;
    private int allmulti;
    private @Nullable NetDevice @Nullable [] vlans;
    private boolean registered;
    private boolean present = true;
    private boolean carrier = true;

    private NetDevice(NetCore net, NetDeviceOps ops, String name) {
        this.net = net;
        this.ops = ops;
        this.name = name;
        this.txQueue = new TxQueue(this, net);
    }

    /**
     * An Ethernet interface, not yet registered.
     *
     * @param name "eth0"; with "%d", the first free number
     */
    public static NetDevice allocEtherdev(NetCore net, NetDeviceOps ops, String name) {
        String chosen = name;
        for (int i = 0; name.contains("%d") && (i == 0 || net.deviceByName(chosen) != null); i++) {
            chosen = name.replace("%d", Integer.toString(i));
        }
        return new NetDevice(net, ops, chosen);
    }

    // ---- identity

    public NetCore net() {
        return net;
    }

    public NetDeviceOps ops() {
        return ops;
    }

    public String name() {
        return name;
    }

    /** 0 until registered. */
    public int ifindex() {
        return ifindex;
    }

    public TxQueue txQueue() {
        return txQueue;
    }

    public boolean isLoopback() {
        return (flags & IFF_LOOPBACK) != 0;
    }

    // ---- life

    /** Makes the interface known. Task context. */
    public void registerNetdev() throws ErrnoException {
        if (registered || net.deviceByName(name) != null) {
            throw new ErrnoException("register_netdev(" + name + ")", Errno.EEXIST);
        }
        hwFeatures |= Features.SOFTWARE;
        features |= Features.SOFTWARE;
        registered = true;
        ifindex = net.register(this);
        txQueue.attachQdisc();
        net.notifyChange(this, NetdevNotifier.Change.REGISTER);
        KernelProbe probe = net.kernel().probe();
        if (probe != null) {
            probe.interfaceRegistered(this, name);
        }
    }

    /** Brings the interface down and forgets it. Task context. */
    public void unregisterNetdev() {
        if (!registered) {
            return;
        }
        devClose();
        net.notifyChange(this, NetdevNotifier.Change.UNREGISTER);
        net.unregister(this);
        registered = false;
        KernelProbe probe = net.kernel().probe();
        if (probe != null) {
            probe.interfaceUnregistered(name);
        }
    }

    /** ip link set up. Task context. */
    public void devOpen() throws ErrnoException {
        if (isUp()) {
            return;
        }
        if (!present) {
            throw new ErrnoException("open(" + name + ")", Errno.ENODEV);
        }
        net.kernel().cpu().mightSleep("dev_open");
        net.rtnl().lock();
        try {
            open();
            flags |= IFF_UP;
            ops.ndoSetRxMode();
            txQueue.activate();
        } finally {
            net.rtnl().unlock();
        }
        net.notifyChange(this, NetdevNotifier.Change.UP);
    }

    private void open() throws ErrnoException {
        KernelProbe probe = net.kernel().probe();
        if (probe == null) {
            ops.ndoOpen();
            return;
        }
        probe.openBegins(name);
        boolean ok = false;
        try {
            ops.ndoOpen();
            ok = true;
        } finally {
            probe.openEnds(name, ok);
        }
    }

    /** ip link set down: packets that wait in the qdisc are dropped. Task context. */
    public void devClose() {
        if (!isUp()) {
            return;
        }
        net.kernel().cpu().mightSleep("dev_close");
        net.notifyChange(this, NetdevNotifier.Change.GOING_DOWN);
        net.rtnl().lock();
        try {
            txQueue.deactivate();
            flags &= ~IFF_UP;
            stop();
        } finally {
            net.rtnl().unlock();
        }
        net.notifyChange(this, NetdevNotifier.Change.DOWN);
    }

    private void stop() {
        KernelProbe probe = net.kernel().probe();
        if (probe == null) {
            ops.ndoStop();
            return;
        }
        probe.stopBegins(name);
        ops.ndoStop();
        probe.stopEnds(name, txQueue.inFlight());
    }

    /**
     * netpoll: sends and completes without interrupts, for messages from any context. The driver is asked to look at its
     * card, and its polls run with a budget of 0.
     */
    public void netpoll() {
        if (!isUp() || !present) {
            return;
        }
        ops.ndoPollController();
        for (int i = 0; i < napis.size(); i++) {
            napis.get(i).netpoll();
        }
    }

    /** Administratively up. */
    public boolean isUp() {
        return (flags & IFF_UP) != 0;
    }

    /** Linux's netif_running. */
    public boolean netifRunning() {
        return isUp();
    }

    /** Suspend and bus errors: the stack leaves the device alone. */
    public void netifDeviceDetach() {
        present = false;
        txQueue.stop();
    }

    public void netifDeviceAttach() {
        present = true;
        if (isUp()) {
            txQueue.wake();
        }
    }

    public boolean netifDevicePresent() {
        return present;
    }

    // ---- settings

    public int mtu() {
        return mtu;
    }

    /** Before registration: the driver's initial MTU. */
    public void initMtu(int bytes) {
        mtu = bytes;
    }

    /** ip link set mtu. */
    public void devSetMtu(int bytes) throws ErrnoException {
        if (bytes < minMtu || bytes > maxMtu) {
            throw new ErrnoException(
                    "set mtu " + bytes + " on " + name + " (" + minMtu + " to " + maxMtu + ")", Errno.EINVAL);
        }
        if (bytes == mtu) {
            return;
        }
        net.rtnl().lock();
        try {
            ops.ndoChangeMtu(bytes);
            mtu = bytes;
        } finally {
            net.rtnl().unlock();
        }
        net.notifyChange(this, NetdevNotifier.Change.CHANGEMTU);
    }

    /** Station address: 48 bits, first octet in bits 47:40. */
    public long devAddr() {
        return devAddr;
    }

    /** The address burnt in. */
    public long permAddr() {
        return permAddr;
    }

    /** For drivers at probe: burnt-in and current address. */
    public void initAddress(long mac) {
        permAddr = mac;
        devAddr = mac;
    }

    /** ip link set address. */
    public void devSetMacAddress(long mac) throws ErrnoException {
        if ((mac & 1L << 40) != 0 || mac == 0) {
            throw new ErrnoException("set address on " + name, Errno.EADDRNOTAVAIL);
        }
        ops.ndoSetMacAddress(mac);
        devAddr = mac;
        net.notifyChange(this, NetdevNotifier.Change.CHANGEADDR);
    }

    /** IFF_* as an application sees them. */
    public int flags() {
        int shown = flags & ~(IFF_PROMISC | IFF_ALLMULTI | IFF_RUNNING);
        if (promiscuity > 0) {
            shown |= IFF_PROMISC;
        }
        if (allmulti > 0) {
            shown |= IFF_ALLMULTI;
        }
        if (isUp() && carrier) {
            shown |= IFF_RUNNING;
        }
        return shown;
    }

    /** For drivers at probe: replaces the fixed flags. */
    public void initFlags(int fixed) {
        flags = fixed;
    }

    /** Counts users of promiscuous mode up or down. */
    public void devSetPromiscuity(int increment) {
        promiscuity += increment;
        rxModeChanged();
    }

    /** Counts users of all-multicast up or down. */
    public void devSetAllmulti(int increment) {
        allmulti += increment;
        rxModeChanged();
    }

    public boolean isPromiscuous() {
        return promiscuity > 0;
    }

    public boolean isAllMulticast() {
        return allmulti > 0;
    }

    /** Multicast addresses to be received. */
    public AddressList multicast() {
        return multicast;
    }

    /** Further unicast addresses to be received. */
    public AddressList unicast() {
        return unicast;
    }

    public void devMcAdd(long mac) {
        if (multicast.add(mac)) {
            rxModeChanged();
        }
    }

    public void devMcDel(long mac) {
        if (multicast.remove(mac)) {
            rxModeChanged();
        }
    }

    public void devUcAdd(long mac) {
        if (unicast.add(mac)) {
            rxModeChanged();
        }
    }

    public void devUcDel(long mac) {
        if (unicast.remove(mac)) {
            rxModeChanged();
        }
    }

    private void rxModeChanged() {
        if (isUp()) {
            ops.ndoSetRxMode();
        }
    }

    /** ethtool -K: switches {@link #hwFeatures} on and off. */
    public void setFeatures(int wanted) throws ErrnoException {
        int next = ops.ndoFixFeatures(features & ~hwFeatures | wanted & hwFeatures);
        if (next == features) {
            return;
        }
        net.rtnl().lock();
        try {
            ops.ndoSetFeatures(next);
            features = next;
        } finally {
            net.rtnl().unlock();
        }
        net.notifyChange(this, NetdevNotifier.Change.FEAT_CHANGE);
    }

    public boolean hasFeature(int feature) {
        return (features & feature) != 0;
    }

    /** Counters, refreshed by the driver. */
    public NetDeviceStats stats() {
        ops.ndoGetStats(stats);
        return stats;
    }

    /** The interface of a VLAN on top of this one, or null. */
    @Nullable
    NetDevice vlan(int vid) {
        @Nullable NetDevice[] known = vlans;
        return known == null ? null : known[vid];
    }

    void vlan(int vid, @Nullable NetDevice vlan) {
        if (vlans == null) {
            vlans = new @Nullable NetDevice[4096];
        }
        vlans[vid] = vlan;
    }

    // ---- carrier

    public void netifCarrierOn() {
        if (!carrier) {
            carrier = true;
            txQueue.restartWatchdog();
            carrierChanged();
        }
    }

    public void netifCarrierOff() {
        if (carrier) {
            carrier = false;
            txQueue.purge();
            carrierChanged();
        }
    }

    private void carrierChanged() {
        // A driver settles the carrier at probe, before anybody knows the interface.
        if (registered) {
            net.notifyChange(this, NetdevNotifier.Change.CHANGE);
        }
    }

    public boolean netifCarrierOk() {
        return carrier;
    }

    // ---- transmission

    /**
     * Sends a complete frame: data at the Ethernet header. Takes over {@code skb} whatever the result.
     *
     * @return 0, or a negated errno or positive NET_XMIT code when it was dropped
     */
    public int devQueueXmit(SkBuff skb) {
        skb.dev = this;
        return txQueue.xmit(skb);
    }

    public void netifStartQueue() {
        txQueue.start();
    }

    public void netifStopQueue() {
        txQueue.stop();
    }

    public void netifWakeQueue() {
        txQueue.wake();
    }

    public boolean netifQueueStopped() {
        return txQueue.isStopped();
    }

    /** In ndoStartXmit: another packet follows at once, so the doorbell may wait. */
    public boolean xmitMore() {
        return txQueue.xmitMore();
    }

    /**
     * __netdev_sent_queue.
     *
     * @return true when the doorbell must be rung now
     */
    public boolean netdevSentQueue(int bytes, boolean more) {
        return txQueue.sent(bytes, more);
    }

    /** netdev_completed_queue: what the hardware has sent. */
    public void netdevCompletedQueue(int packets, int bytes) {
        txQueue.completed(packets, bytes);
    }

    /** netdev_reset_queue: the ring was emptied. */
    public void netdevResetQueue() {
        txQueue.resetBql();
    }

    // ---- reception

    /** A NAPI instance of this device. */
    public Napi netifNapiAdd(Napi.Poll poll, int weight) {
        Napi napi = new Napi(name, net, poll, weight);
        napis.add(napi);
        return napi;
    }

    public void netifNapiDel(Napi napi) {
        if (napi.isEnabled()) {
            napi.disable();
        }
        napis.remove(napi);
    }

    public List<Napi> napis() {
        return napis;
    }

    /** A receive buffer with the IP header aligned, dev set; null: out of memory. */
    public @Nullable SkBuff allocSkbIpAlign(int bytes) {
        SkBuff skb = net.skbs().alloc(NET_SKB_PAD + NET_IP_ALIGN, bytes);
        if (skb != null) {
            skb.dev = this;
        }
        return skb;
    }

    /**
     * Looks at the Ethernet header, steps behind it and classifies the packet: sets macHeader, packetType, dev.
     * {@code skb} holds at least the 14 bytes, linear.
     *
     * @return the protocol, for {@code skb.protocol}
     */
    public int ethTypeTrans(SkBuff skb) {
        skb.dev = this;
        skb.macHeader = skb.data();
        ethernet.wrap(skb.memory(), skb.data(), EthernetHeader.LENGTH);
        long destination = ethernet.destination();
        if (destination == devAddr) {
            skb.packetType = SkBuff.PACKET_HOST;
        } else if ((destination & 1L << 40) != 0) {
            skb.packetType = destination == BROADCAST_MAC ? SkBuff.PACKET_BROADCAST : SkBuff.PACKET_MULTICAST;
        } else {
            skb.packetType = SkBuff.PACKET_OTHERHOST;
        }
        int type = ethernet.etherType();
        skb.pull(EthernetHeader.LENGTH);
        return type;
    }

    long ethernetDestination(GuestMemory memory, long macHeader) {
        return ethernet.wrap(memory, macHeader, EthernetHeader.LENGTH).destination();
    }

    /** As {@link NetCore#netifReceiveSkb}. */
    public void netifReceiveSkb(SkBuff skb) {
        net.netifReceiveSkb(skb);
    }

    @Override
    public String toString() {
        return name;
    }
}
