package dev.doorbell.kernel.netdev;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.doorbell.bus.wire.EtherType;
import dev.doorbell.bus.wire.EthernetHeader;
import dev.doorbell.bus.wire.TcpHeader;
import dev.doorbell.kernel.TestKernel;
import dev.doorbell.kernel.core.ErrnoException;
import dev.doorbell.kernel.irq.Softirq;
import dev.doorbell.kernel.netdev.NetdevNotifier.Change;
import dev.doorbell.kernel.skb.DropReason;
import dev.doorbell.kernel.skb.SkBuff;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class NetCoreTest {
    private final TestKernel kernel = new TestKernel();
    private final Frames frames = new Frames(kernel);
    private final List<SkBuff> up = new ArrayList<>();
    private FakeDriver driver;
    private NetDevice dev;

    @BeforeEach
    void start() throws ErrnoException {
        driver = new FakeDriver(kernel, 0);
        dev = driver.dev;
        kernel.net.handlers().add(EtherType.IPV4, up::add);
    }

    @AfterEach
    void close() {
        up.forEach(SkBuff::free);
        driver.ring.forEach(SkBuff::free);
        kernel.close();
    }

    private SkBuff received(SkBuff skb) {
        skb.protocol = dev.ethTypeTrans(skb);
        return skb;
    }

    private long drops(DropReason reason) {
        return kernel.skbs.drops().get(reason);
    }

    // ---- reception

    @Test
    void destinationDecidesThePacketType() {
        long[] destination = {Frames.US, Frames.PEER, NetDevice.BROADCAST_MAC, 0x0100_5E00_0001L};
        int[] type = {SkBuff.PACKET_HOST, SkBuff.PACKET_OTHERHOST, SkBuff.PACKET_BROADCAST, SkBuff.PACKET_MULTICAST};
        for (int i = 0; i < type.length; i++) {
            SkBuff skb = frames.frame(0, 10, TcpHeader.ACK);
            new EthernetHeader().wrap(kernel.ram, skb.data(), 14).destination(destination[i]);
            received(skb);
            assertThat(skb.packetType).isEqualTo(type[i]);
            assertThat(skb.protocol).isEqualTo(EtherType.IPV4);
            assertThat(skb.data()).isEqualTo(skb.macHeader + 14);
            skb.free();
        }
    }

    @Test
    void theHandlerGetsThePacketAtItsNetworkHeader() {
        dev.netifReceiveSkb(received(frames.frame(0, 10, TcpHeader.ACK)));
        assertThat(up).singleElement().satisfies(skb -> {
            assertThat(skb.networkHeader).isEqualTo(skb.data());
            assertThat(skb.dev).isSameAs(dev);
        });
    }

    @Test
    void unknownProtocolsAreDroppedAndCounted() {
        SkBuff skb = received(frames.frame(0, 10, TcpHeader.ACK));
        skb.protocol = EtherType.LLDP;
        dev.netifReceiveSkb(skb);
        assertThat(drops(DropReason.UNHANDLED_PROTO)).isEqualTo(1);
        assertThat(dev.stats.rxDropped).isEqualTo(1);
    }

    @Test
    void anInterfaceThatIsDownReceivesNothing() {
        dev.devClose();
        dev.netifReceiveSkb(received(frames.frame(0, 10, TcpHeader.ACK)));
        assertThat(up).isEmpty();
        assertThat(drops(DropReason.DEV_READY)).isEqualTo(1);
    }

    @Test
    void tapsSeeBothDirectionsOfTheirDevice() {
        List<String> seen = new ArrayList<>();
        PacketTap tap = (skb, device, outgoing) -> seen.add(device + " " + outgoing + " " + skb.length());
        kernel.net.handlers().addTap(dev, tap);
        dev.netifReceiveSkb(received(frames.frame(0, 10, TcpHeader.ACK)));
        dev.devQueueXmit(frames.frame(0, 20, TcpHeader.ACK));
        assertThat(seen).containsExactly("eth0 false 62", "eth0 true 86");
        kernel.net.handlers().removeTap(tap);
        dev.netifReceiveSkb(received(frames.frame(0, 10, TcpHeader.ACK)));
        assertThat(seen).hasSize(2);
    }

    @Test
    void aSecondHandlerForATypeIsABug() {
        assertThatThrownBy(() -> kernel.net.handlers().add(EtherType.IPV4, up::add))
                .hasMessageContaining("0x800");
    }

    // ---- VLAN

    @Test
    void aTaggedPacketReachesTheInterfaceOfItsVlanWithoutTheTag() throws ErrnoException {
        NetDevice vlan = VlanDevice.create(dev, 5);
        vlan.devOpen();
        SkBuff skb = frames.frame(0, 10, TcpHeader.ACK);
        byte[] untagged = TestKernel.bytes(skb);
        VlanTags.insert(skb, 0x6005);
        dev.netifReceiveSkb(received(skb));
        assertThat(up).containsExactly(skb);
        assertThat(skb.dev).isSameAs(vlan);
        assertThat(skb.priority).isEqualTo(3);
        assertThat(kernel.ram.bytes(skb.macHeader, untagged.length)).isEqualTo(untagged);
        assertThat(vlan.stats.rxPackets).isEqualTo(1);
    }

    @Test
    void aTagWithoutAnInterfaceIsDroppedAndAPriorityTagIsNot() {
        SkBuff foreign = frames.frame(0, 10, TcpHeader.ACK);
        VlanTags.insert(foreign, 6);
        dev.netifReceiveSkb(received(foreign));
        assertThat(drops(DropReason.VLAN_UNKNOWN)).isEqualTo(1);
        SkBuff priority = frames.frame(0, 10, TcpHeader.ACK);
        VlanTags.insert(priority, 0xE000);
        dev.netifReceiveSkb(received(priority));
        assertThat(up).containsExactly(priority);
        assertThat(priority.dev).isSameAs(dev);
    }

    @Test
    void aTruncatedTagIsDropped() {
        SkBuff skb = frames.frame(0, 10, TcpHeader.ACK);
        VlanTags.insert(skb, 6);
        skb.trim(16);
        dev.netifReceiveSkb(received(skb));
        assertThat(drops(DropReason.VLAN_BAD_HEADER)).isEqualTo(1);
    }

    @Test
    void whatAVlanInterfaceSendsLeavesTagged() throws ErrnoException {
        NetDevice vlan = VlanDevice.create(dev, 5);
        vlan.devOpen();
        SkBuff skb = frames.frame(0, 10, TcpHeader.ACK);
        assertThat(vlan.devQueueXmit(skb)).isZero();
        assertThat(TestKernel.bytes(driver.ring.get(0))).containsSequence(0x81, 0x00, 0x00, 0x05, 0x08, 0x00);
        VlanDevice.delete(vlan);
        assertThat(kernel.net.devices()).containsExactly(dev);
    }

    // ---- loopback

    @Test
    void loopbackReturnsThePacketInASoftirqAndLeavesTheSendersCopyAlone() throws ErrnoException {
        NetDevice lo = Loopback.create(kernel.net);
        SkBuff kept = frames.frame(0, 10, TcpHeader.ACK);
        SkBuff sent = kept.cloneSkb();
        assertThat(sent).isNotNull();
        boolean[] orphaned = new boolean[1];
        sent.destructor = skb -> orphaned[0] = true;
        assertThat(lo.devQueueXmit(sent)).isZero();
        assertThat(up).isEmpty();
        assertThat(orphaned[0]).isTrue();
        kernel.settle();
        assertThat(up).containsExactly(sent);
        kernel.ram.fill(sent.data(), sent.headLength(), 0);
        assertThat(TestKernel.bytes(kept)[14]).isEqualTo((byte) 0x45);
        assertThat(lo.stats.rxPackets).isEqualTo(1);
        kept.free();
    }

    @Test
    void aFullBacklogDrops() throws ErrnoException {
        NetDevice lo = Loopback.create(kernel.net);
        for (int i = 0; i < NetCore.MAX_BACKLOG + 1; i++) {
            lo.devQueueXmit(frames.frame(0, 10, TcpHeader.ACK));
        }
        assertThat(drops(DropReason.CPU_BACKLOG)).isEqualTo(1);
        kernel.settle();
        assertThat(up).hasSize(NetCore.MAX_BACKLOG);
        assertThat(kernel.softirqs.runs(Softirq.NET_RX))
                .as("budget of 300 per run")
                .isEqualTo(4);
    }

    // ---- interfaces

    @Test
    void lifeOfAnInterfaceIsAnnounced() throws ErrnoException {
        List<Change> changes = new ArrayList<>();
        kernel.net.registerNotifier((device, change) -> changes.add(change));
        dev.netifCarrierOff();
        dev.netifCarrierOff();
        dev.devSetMtu(4000);
        dev.devSetMacAddress(Frames.PEER);
        dev.devClose();
        dev.unregisterNetdev();
        assertThat(changes)
                .containsExactly(
                        Change.REGISTER,
                        Change.UP,
                        Change.CHANGE,
                        Change.CHANGEMTU,
                        Change.CHANGEADDR,
                        Change.GOING_DOWN,
                        Change.DOWN,
                        Change.UNREGISTER);
        assertThat(driver.calls).containsExactly("mtu 4000", "mac", "stop");
    }

    @Test
    void mtuOutsideTheDevicesRangeIsRefused() {
        assertThatThrownBy(() -> dev.devSetMtu(9001))
                .hasMessageContaining("9001")
                .hasMessageContaining("68 to 9000");
        assertThat(dev.mtu()).isEqualTo(1500);
    }

    @Test
    void multicastListAndModesAreCounted() {
        dev.devMcAdd(0x0100_5E00_0001L);
        dev.devMcAdd(0x0100_5E00_0001L);
        dev.devMcDel(0x0100_5E00_0001L);
        assertThat(dev.multicast().contains(0x0100_5E00_0001L)).isTrue();
        dev.devMcDel(0x0100_5E00_0001L);
        assertThat(dev.multicast().size()).isZero();
        dev.devSetPromiscuity(2);
        dev.devSetPromiscuity(-1);
        assertThat(dev.flags() & NetDevice.IFF_PROMISC).isNotZero();
        dev.devSetPromiscuity(-1);
        assertThat(dev.flags() & NetDevice.IFF_PROMISC).isZero();
        assertThat(driver.calls).containsOnly("rx mode");
    }

    @Test
    void namesAreNumberedAndUnique() throws ErrnoException {
        assertThat(new FakeDriver(kernel, 0).dev.name()).isEqualTo("eth1");
        assertThat(kernel.net.deviceByName("eth1")).isSameAs(kernel.net.deviceByIndex(2));
        NetDevice twin = NetDevice.allocEtherdev(kernel.net, driver, "eth0");
        assertThatThrownBy(twin::registerNetdev).hasMessageContaining("EEXIST");
    }

    // ---- NAPI

    @Test
    void napiIsPolledUntilItCompletesAndAtMostItsWeightAtATime() {
        int[] left = {150};
        List<Integer> work = new ArrayList<>();
        Napi[] napi = new Napi[1];
        napi[0] = dev.netifNapiAdd(
                budget -> {
                    int done = Math.min(budget, left[0]);
                    left[0] -= done;
                    work.add(done);
                    if (done < budget) {
                        napi[0].completeDone(done);
                    }
                    return done;
                },
                Napi.NAPI_POLL_WEIGHT);
        assertThat(napi[0].schedule()).as("not enabled").isFalse();
        napi[0].enable();
        assertThat(napi[0].schedule()).isTrue();
        assertThat(napi[0].schedule()).isFalse();
        kernel.settle();
        assertThat(work).containsExactly(64, 64, 22);
        assertThat(napi[0].isScheduled()).isFalse();
    }

    @Test
    void aBusyNapiLetsDeviceEventsRunBetweenBudgets() {
        int[] received = new int[1];
        Napi napi = dev.netifNapiAdd(
                budget -> {
                    received[0] += budget;
                    return budget;
                },
                Napi.NAPI_POLL_WEIGHT);
        napi.enable();
        napi.schedule();
        List<Integer> at = new ArrayList<>();
        kernel.world.after(0, "device", () -> {
            at.add(received[0]);
            kernel.world.after(0, "device", () -> {
                at.add(received[0]);
                napi.disable();
            });
        });
        kernel.settle();
        assertThat(at).containsExactly(320, 640);
    }

    @Test
    void aScheduleDuringThePollIsNotLost() {
        Napi[] napi = new Napi[1];
        List<Boolean> completed = new ArrayList<>();
        napi[0] = dev.netifNapiAdd(
                budget -> {
                    if (completed.isEmpty()) {
                        napi[0].schedule();
                    }
                    completed.add(napi[0].completeDone(0));
                    return 0;
                },
                Napi.NAPI_POLL_WEIGHT);
        napi[0].enable();
        napi[0].schedule();
        kernel.settle();
        assertThat(completed).containsExactly(false, true);
    }

    @Test
    void busyPollRunsThePollFunctionAtOnce() {
        int[] polls = new int[1];
        Napi[] napi = new Napi[1];
        napi[0] = dev.netifNapiAdd(
                budget -> {
                    polls[0]++;
                    napi[0].completeDone(3);
                    return 3;
                },
                Napi.NAPI_POLL_WEIGHT);
        assertThat(napi[0].busyPoll(8)).isZero();
        napi[0].enable();
        assertThat(napi[0].busyPoll(8)).isEqualTo(3);
        assertThat(polls[0]).isEqualTo(1);
    }
}
