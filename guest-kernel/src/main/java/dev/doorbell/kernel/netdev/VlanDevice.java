package dev.doorbell.kernel.netdev;

import dev.doorbell.bus.wire.EthernetHeader;
import dev.doorbell.kernel.core.Errno;
import dev.doorbell.kernel.core.ErrnoException;
import dev.doorbell.kernel.probe.KernelProbe;
import dev.doorbell.kernel.skb.SkBuff;

/** An interface for one IEEE 802.1Q VLAN of another interface: {@code ip link add link eth0 name eth0.5 type vlan id 5}. */
public final class VlanDevice implements NetDeviceOps {
    private final NetDevice real;
    private final int vid;

    private VlanDevice(NetDevice real, int vid) {
        this.real = real;
        this.vid = vid;
    }

    /** Makes and registers NAME.VID on top of {@code real}; {@code vid} is 1 to 4094. */
    public static NetDevice create(NetDevice real, int vid) throws ErrnoException {
        if (vid < 1 || vid > 4094) {
            throw new ErrnoException("VLAN " + vid + " on " + real.name() + " (1 to 4094)", Errno.ERANGE);
        }
        if (real.vlan(vid) != null) {
            throw new ErrnoException("VLAN " + vid + " on " + real.name(), Errno.EEXIST);
        }
        NetDevice vlan = NetDevice.allocEtherdev(real.net(), new VlanDevice(real, vid), real.name() + "." + vid);
        vlan.initAddress(real.devAddr());
        vlan.initMtu(real.mtu());
        vlan.maxMtu = real.mtu();
        vlan.features = real.vlanFeatures | Features.VLAN_TX | Features.GSO;
        vlan.neededHeadroom = real.neededHeadroom + 4;
        vlan.txQueueLen = 0;
        real.ops().ndoVlanRxAddVid(vid);
        KernelProbe probe = real.net().kernel().probe();
        if (probe != null) {
            probe.vlanAdded(real.name(), vid);
        }
        vlan.registerNetdev();
        real.vlan(vid, vlan);
        return vlan;
    }

    /** Takes the interface down and forgets it. */
    public static void delete(NetDevice vlan) {
        if (vlan.ops() instanceof VlanDevice ops) {
            ops.real.vlan(ops.vid, null);
            vlan.unregisterNetdev();
            ops.real.ops().ndoVlanRxKillVid(ops.vid);
            KernelProbe probe = vlan.net().kernel().probe();
            if (probe != null) {
                probe.vlanKilled(ops.real.name(), ops.vid);
            }
        }
    }

    /** A packet of this VLAN: it was received by this interface. */
    static void receive(SkBuff skb, NetDevice vlan) {
        skb.dev = vlan;
        vlan.stats.rxPackets++;
        vlan.stats.rxBytes += skb.length();
        if (skb.packetType == SkBuff.PACKET_OTHERHOST
                && vlan.ethernetDestination(skb.memory(), skb.macHeader) == vlan.devAddr()) {
            // The VLAN interface has an address of its own.
            skb.packetType = SkBuff.PACKET_HOST;
        } else if (skb.packetType == SkBuff.PACKET_MULTICAST) {
            vlan.stats.multicast++;
        }
    }

    @Override
    public void ndoOpen() throws ErrnoException {
        if (!real.isUp()) {
            throw new ErrnoException("open VLAN " + vid + ": " + real.name() + " is down", Errno.ENETDOWN);
        }
    }

    @Override
    public void ndoStop() {}

    @Override
    public void ndoSetMacAddress(long mac) {
        if (mac != real.devAddr()) {
            real.devUcAdd(mac);
        }
    }

    @Override
    public NetdevTx ndoStartXmit(SkBuff skb, NetDevice dev) {
        int bytes = skb.length();
        skb.vlanPresent = true;
        skb.vlanTci = (skb.priority & 7) << 13 | vid;
        if (real.devQueueXmit(skb) == 0) {
            dev.stats.txPackets++;
            dev.stats.txBytes += Math.max(bytes, EthernetHeader.LENGTH);
        } else {
            dev.stats.txDropped++;
        }
        return NetdevTx.OK;
    }
}
