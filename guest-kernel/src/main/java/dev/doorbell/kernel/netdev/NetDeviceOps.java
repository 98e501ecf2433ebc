package dev.doorbell.kernel.netdev;

import dev.doorbell.kernel.core.Errno;
import dev.doorbell.kernel.core.ErrnoException;
import dev.doorbell.kernel.skb.SkBuff;

/** What a network driver implements, net_device_ops. All in task context except {@link #ndoStartXmit} (softirq too). */
public interface NetDeviceOps {
    /** Interface goes up. */
    void ndoOpen() throws ErrnoException;

    /** Interface goes down: when this returns the driver touches no packet of this device any more. */
    void ndoStop();

    /** Sends. On OK the packet is the driver's; {@link NetDevice#xmitMore()} says whether to hold back the doorbell. */
    NetdevTx ndoStartXmit(SkBuff skb, NetDevice dev);

    /** Flags (promiscuous, all multicast) or the address lists have changed. */
    default void ndoSetRxMode() {}

    /** New MTU in bytes, already checked against {@link NetDevice#minMtu} and maxMtu; the device stores it afterwards. */
    default void ndoChangeMtu(int mtu) throws ErrnoException {}

    /** New station address; the device stores it afterwards. */
    default void ndoSetMacAddress(long mac) throws ErrnoException {
        throw new ErrnoException("ndo_set_mac_address", Errno.EOPNOTSUPP);
    }

    /** The queue has stood still for longer than the watchdog time. */
    default void ndoTxTimeout() {}

    /** netpoll, from any context: do what the interrupt handler would, now. */
    default void ndoPollController() {}

    /** Updates {@link NetDevice#stats} from hardware counters. */
    default void ndoGetStats(NetDeviceStats into) {}

    /** Switches features on and off; the device stores them afterwards. */
    default void ndoSetFeatures(int features) throws ErrnoException {}

    /** Removes from {@code features} what cannot be combined. */
    default int ndoFixFeatures(int features) {
        return features;
    }

    /** Admits a VLAN id through the filter. */
    default void ndoVlanRxAddVid(int vid) throws ErrnoException {}

    default void ndoVlanRxKillVid(int vid) {}
}
