package dev.doorbell.kernel.netdev;

import dev.doorbell.bus.wire.EthernetHeader;
import dev.doorbell.kernel.core.ErrnoException;
import dev.doorbell.kernel.skb.DropReason;
import dev.doorbell.kernel.skb.SkBuff;

/** The interface {@code lo}: what is sent comes back, in a softirq of its own. */
public final class Loopback implements NetDeviceOps {
    public static final int MTU = 65536;

    private final NetCore net;

    private Loopback(NetCore net) {
        this.net = net;
    }

    /** Makes {@code lo}, registers it and brings it up. */
    public static NetDevice create(NetCore net) throws ErrnoException {
        NetDevice lo = NetDevice.allocEtherdev(net, new Loopback(net), "lo");
        lo.initFlags(NetDevice.IFF_LOOPBACK);
        lo.maxMtu = Integer.MAX_VALUE;
        lo.minMtu = 0;
        lo.initMtu(MTU);
        lo.txQueueLen = 0;
        lo.features = Features.LOOPBACK
                | Features.SG
                | Features.HW_CSUM
                | Features.RXCSUM
                | Features.ALL_TSO
                | Features.VLAN_TX
                | Features.HIGHDMA;
        lo.hwFeatures = Features.ALL_TSO | Features.SG | Features.HW_CSUM;
        lo.gsoMaxSize = MTU + EthernetHeader.LENGTH;
        lo.registerNetdev();
        lo.devOpen();
        return lo;
    }

    @Override
    public void ndoOpen() {}

    @Override
    public void ndoStop() {}

    @Override
    public NetdevTx ndoStartXmit(SkBuff skb, NetDevice dev) {
        int bytes = skb.length();
        skb.orphan();
        skb.dst = null;
        skb.timestampNs = 0;
        // TCP keeps its copy for retransmission, and writes other headers in front of it then.
        if (!skb.pskbMayPull(EthernetHeader.LENGTH) || !skb.cow(0)) {
            dev.stats.txDropped++;
            skb.drop(DropReason.NOMEM);
            return NetdevTx.OK;
        }
        skb.protocol = dev.ethTypeTrans(skb);
        dev.stats.txPackets++;
        dev.stats.txBytes += bytes;
        if (net.netifRx(skb)) {
            dev.stats.rxPackets++;
            dev.stats.rxBytes += bytes;
        } else {
            dev.stats.rxDropped++;
        }
        return NetdevTx.OK;
    }
}
