package dev.doorbell.kernel.net;

import static org.assertj.core.api.Assertions.assertThat;

import dev.doorbell.bus.wire.Ipv4Address;
import dev.doorbell.kernel.TestKernel;
import dev.doorbell.kernel.core.ErrnoException;
import dev.doorbell.kernel.netdev.NetDevice;
import dev.doorbell.kernel.netdev.NetDeviceOps;
import dev.doorbell.kernel.netdev.NetdevTx;
import dev.doorbell.kernel.skb.DropReason;
import dev.doorbell.kernel.skb.SkBuff;
import dev.doorbell.kernel.socket.Syscalls;
import java.util.ArrayList;
import java.util.List;

/** A stack on one fake Ethernet card in virtual time: frames out are kept, frames in are injected. */
public final class StackFixture implements AutoCloseable {
    public static final long OUR_MAC = 0x02_00_00_00_00_01L, PEER_MAC = 0x02_00_00_00_00_02L;
    public static final int US = Ipv4Address.of(10, 0, 0, 1), PEER = Ipv4Address.of(10, 0, 0, 2);
    public static final long SECOND = 1_000_000_000L;

    public final TestKernel kernel = new TestKernel();
    public final NetStack stack;
    public final NetDevice dev;
    public final List<byte[]> sent = new ArrayList<>();
    /** Packets that the card holds back until {@link #completeTransmits}. */
    public final List<SkBuff> heldTransmits = new ArrayList<>();

    public boolean holdTransmits;
    /** The card keeps no copy of what it sends. */
    public boolean discardTransmits;

    public StackFixture() {
        try {
            stack = new NetStack(kernel.net);
            dev = addDevice("eth0", OUR_MAC, sent);
            stack.addAddress(dev, "10.0.0.1/24");
        } catch (ErrnoException e) {
            throw new AssertionError(e);
        }
    }

    /** With the peer's MAC address known, so that no ARP is in the way. */
    public static StackFixture withPeer() {
        StackFixture fixture = new StackFixture();
        fixture.stack.arp().neighbours().addPermanent(fixture.dev, PEER, PEER_MAC);
        return fixture;
    }

    public NetDevice addDevice(String name, long mac, List<byte[]> out) throws ErrnoException {
        NetDevice added = NetDevice.allocEtherdev(kernel.net, new Card(out), name);
        added.initAddress(mac);
        added.maxMtu = 9000;
        added.registerNetdev();
        added.devOpen();
        added.netifStartQueue();
        return added;
    }

    private final class Card implements NetDeviceOps {
        private final List<byte[]> out;

        Card(List<byte[]> out) {
            this.out = out;
        }

        @Override
        public void ndoOpen() {}

        @Override
        public void ndoStop() {}

        @Override
        public NetdevTx ndoStartXmit(SkBuff skb, NetDevice device) {
            if (discardTransmits) {
                skb.free();
                return NetdevTx.OK;
            }
            out.add(TestKernel.bytes(skb));
            if (holdTransmits) {
                heldTransmits.add(skb);
            } else {
                skb.free();
            }
            return NetdevTx.OK;
        }
    }

    public void completeTransmits() {
        heldTransmits.forEach(SkBuff::free);
        heldTransmits.clear();
    }

    /** A frame comes in on eth0, as from the driver's poll. */
    public void inject(byte[] frame) {
        inject(dev, frame);
    }

    public void inject(NetDevice on, byte[] frame) {
        receive(on, frame);
        kernel.settle();
    }

    /** Without letting anything else happen afterwards. */
    public void receive(NetDevice on, byte[] frame) {
        SkBuff skb = kernel.packet(66, frame);
        kernel.context.cpu().runInSoftirq(() -> {
            skb.protocol = on.ethTypeTrans(skb);
            on.netifReceiveSkb(skb);
        });
    }

    /** The frames sent since the last call. */
    public List<byte[]> takeSent() {
        kernel.settle();
        List<byte[]> taken = List.copyOf(sent);
        sent.clear();
        return taken;
    }

    /** The only frame sent since the last call. */
    public byte[] takeOne() {
        List<byte[]> frames = takeSent();
        assertThat(frames).hasSize(1);
        return frames.get(0);
    }

    public long drops(DropReason reason) {
        return kernel.skbs.drops().get(reason);
    }

    public Syscalls process() {
        return stack.newProcess();
    }

    public void run(long ns) {
        kernel.world.runFor(ns);
    }

    @Override
    public void close() {
        completeTransmits();
        kernel.settle();
        stack.close();
        for (NetDevice device : List.copyOf(kernel.net.devices())) {
            device.unregisterNetdev();
        }
        kernel.settle();
        assertThat(kernel.skbs.outstanding()).as("SkBuffs outstanding").isZero();
        assertThat(kernel.context.pendingTimers()).as("timers pending").isZero();
        kernel.close();
    }
}
