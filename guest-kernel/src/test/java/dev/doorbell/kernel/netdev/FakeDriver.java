package dev.doorbell.kernel.netdev;

import dev.doorbell.kernel.TestKernel;
import dev.doorbell.kernel.core.ErrnoException;
import dev.doorbell.kernel.skb.SkBuff;
import java.util.ArrayList;
import java.util.List;

/** A driver with a ring of {@link #ringSize} packets that the test completes. */
final class FakeDriver implements NetDeviceOps {
    final NetDevice dev;
    final List<SkBuff> ring = new ArrayList<>();
    final List<Boolean> xmitMore = new ArrayList<>();
    final List<String> calls = new ArrayList<>();
    int ringSize = Integer.MAX_VALUE;
    boolean bql;
    boolean busy;

    FakeDriver(TestKernel kernel, int features) throws ErrnoException {
        dev = NetDevice.allocEtherdev(kernel.net, this, "eth%d");
        dev.initAddress(Frames.US);
        dev.features = features;
        dev.hwFeatures = features;
        dev.maxMtu = 9000;
        dev.registerNetdev();
        dev.devOpen();
        calls.clear();
    }

    @Override
    public void ndoOpen() {
        calls.add("open");
    }

    @Override
    public void ndoStop() {
        calls.add("stop");
    }

    @Override
    public void ndoSetRxMode() {
        calls.add("rx mode");
    }

    @Override
    public void ndoSetMacAddress(long mac) {
        calls.add("mac");
    }

    @Override
    public void ndoChangeMtu(int mtu) {
        calls.add("mtu " + mtu);
    }

    @Override
    public void ndoTxTimeout() {
        calls.add("tx timeout");
    }

    @Override
    public NetdevTx ndoStartXmit(SkBuff skb, NetDevice device) {
        if (busy) {
            return NetdevTx.BUSY;
        }
        ring.add(skb);
        xmitMore.add(device.xmitMore());
        if (bql) {
            device.netdevSentQueue(skb.length(), device.xmitMore());
        }
        if (ring.size() >= ringSize) {
            device.netifStopQueue();
        }
        return NetdevTx.OK;
    }

    /** The hardware has sent {@code packets} from the front of the ring. */
    void complete(int packets) {
        int bytes = 0;
        for (int i = 0; i < packets; i++) {
            SkBuff skb = ring.remove(0);
            bytes += skb.length();
            skb.free();
        }
        if (bql) {
            dev.netdevCompletedQueue(packets, bytes);
        }
        if (dev.netifQueueStopped() && ring.size() < ringSize) {
            dev.netifWakeQueue();
        }
    }
}
