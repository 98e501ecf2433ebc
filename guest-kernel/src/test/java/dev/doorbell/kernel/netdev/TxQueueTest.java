package dev.doorbell.kernel.netdev;

import static org.assertj.core.api.Assertions.assertThat;

import dev.doorbell.kernel.TestKernel;
import dev.doorbell.kernel.core.Errno;
import dev.doorbell.kernel.core.ErrnoException;
import dev.doorbell.kernel.irq.Softirq;
import dev.doorbell.kernel.skb.DropReason;
import dev.doorbell.kernel.skb.SkBuff;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class TxQueueTest {
    private static final long SECOND = 1_000_000_000;
    private final TestKernel kernel = new TestKernel();
    private FakeDriver driver;
    private NetDevice dev;

    @BeforeEach
    void start() throws ErrnoException {
        driver = new FakeDriver(kernel, Features.SG | Features.HW_CSUM);
        dev = driver.dev;
    }

    @AfterEach
    void close() {
        driver.ring.forEach(SkBuff::free);
        dev.unregisterNetdev();
        assertThat(kernel.context.pendingTimers()).isZero();
        kernel.close();
    }

    private SkBuff packet(int mark) {
        SkBuff skb = kernel.alloc(0, 100);
        skb.put(100);
        skb.mark = mark;
        return skb;
    }

    private int send(int mark) {
        return dev.devQueueXmit(packet(mark));
    }

    private List<Integer> marks() {
        return driver.ring.stream().map(skb -> skb.mark).toList();
    }

    private long drops(DropReason reason) {
        return kernel.skbs.drops().get(reason);
    }

    @Test
    void anIdleQueueIsBypassed() {
        assertThat(send(1)).isZero();
        assertThat(marks()).containsExactly(1);
        assertThat(driver.xmitMore).containsExactly(false);
    }

    @Test
    void aStoppedQueueHoldsPacketsUntilItIsWoken() {
        driver.ringSize = 2;
        for (int i = 1; i <= 5; i++) {
            assertThat(send(i)).isZero();
        }
        assertThat(marks()).containsExactly(1, 2);
        assertThat(dev.txQueue().waiting()).isEqualTo(3);
        driver.complete(2);
        kernel.settle();
        assertThat(marks()).containsExactly(3, 4);
        driver.complete(2);
        kernel.settle();
        assertThat(marks()).containsExactly(5);
    }

    @Test
    void bandsGoByPriority() {
        dev.netifStopQueue();
        int[] priorities = {2, 0, 6};
        for (int i = 0; i < 3; i++) {
            SkBuff skb = packet(i);
            skb.priority = priorities[i];
            dev.devQueueXmit(skb);
        }
        dev.netifWakeQueue();
        kernel.settle();
        assertThat(marks()).as("interactive, best effort, bulk").containsExactly(2, 1, 0);
    }

    @Test
    void aFullBandDropsAndSaysSo() {
        dev.txQueueLen = 2;
        dev.netifStopQueue();
        assertThat(send(1)).isZero();
        assertThat(send(2)).isZero();
        assertThat(send(3)).isEqualTo(TxQueue.NET_XMIT_DROP);
        assertThat(drops(DropReason.QDISC_DROP)).isEqualTo(1);
        assertThat(dev.stats.txDropped).isEqualTo(1);
    }

    @Test
    void byteLimitStopsTheQueueAndCompletionsGrowIt() {
        driver.bql = true;
        for (int i = 0; i < 400; i++) {
            send(i);
        }
        assertThat(marks()).as("the limit begins at nothing").containsExactly(0);
        int rounds = 0;
        while (dev.txQueue().waiting() > 0 || !driver.ring.isEmpty()) {
            driver.complete(driver.ring.size());
            kernel.settle();
            assertThat(++rounds).isLessThan(60);
        }
        assertThat(dev.txQueue().bql().limit()).isGreaterThan(200);
        assertThat(dev.txQueue().bql().inFlight()).isZero();
    }

    @Test
    void packetsDequeuedTogetherAnnounceTheNextOne() {
        driver.bql = true;
        for (int round = 0; round < 8; round++) {
            for (int i = 0; i < 20; i++) {
                send(i);
            }
            driver.complete(driver.ring.size());
            kernel.settle();
        }
        assertThat(driver.xmitMore).contains(true);
        assertThat(driver.xmitMore).last().isEqualTo(false);
    }

    @Test
    void aBusyDriverGetsTheSamePacketAgainLater() {
        driver.busy = true;
        send(1);
        send(2);
        driver.busy = false;
        kernel.world.runFor(2_000_000);
        assertThat(marks()).containsExactly(1, 2);
    }

    @Test
    void theWatchdogBarksWhileTheQueueStandsStill() {
        driver.ringSize = 1;
        send(1);
        kernel.world.runFor(4 * SECOND);
        assertThat(driver.calls).isEmpty();
        kernel.world.runFor(SECOND);
        assertThat(driver.calls).containsExactly("tx timeout");
        kernel.world.runFor(5 * SECOND);
        assertThat(driver.calls).hasSize(2);
        assertThat(dev.txQueue().timeouts()).isEqualTo(2);
        driver.complete(1);
        kernel.world.runFor(20 * SECOND);
        assertThat(driver.calls).hasSize(2);
    }

    @Test
    void theWatchdogStaysQuietWhileSomethingMoves() {
        driver.ringSize = 1;
        send(0);
        for (int i = 0; i < 10; i++) {
            send(i);
            kernel.world.runFor(3 * SECOND);
            driver.complete(1);
            kernel.settle();
        }
        assertThat(driver.calls).isEmpty();
    }

    @Test
    void aLongQueueIsServedInSeveralSoftirqs() {
        dev.netifStopQueue();
        for (int i = 0; i < 200; i++) {
            send(i);
        }
        dev.netifWakeQueue();
        kernel.settle();
        assertThat(driver.ring).hasSize(200);
        assertThat(kernel.softirqs.runs(Softirq.NET_TX)).isGreaterThanOrEqualTo(3);
    }

    @Test
    void lossOfCarrierDropsWhatWaitsAndWhatComes() {
        dev.netifStopQueue();
        send(1);
        dev.netifCarrierOff();
        assertThat(drops(DropReason.QDISC_PURGED)).isEqualTo(1);
        assertThat(send(2)).isEqualTo(TxQueue.NET_XMIT_CN);
        assertThat(drops(DropReason.DEV_NO_CARRIER)).isEqualTo(1);
    }

    @Test
    void aDownInterfaceRefuses() {
        dev.devClose();
        assertThat(send(1)).isEqualTo(-Errno.ENETDOWN.number());
        assertThat(drops(DropReason.DEV_DOWN)).isEqualTo(1);
    }

    @Test
    void sendingFromWithinTheDriverIsNotNested() {
        boolean[] once = new boolean[1];
        SkBuff first = packet(1);
        first.destructor = skb -> {
            once[0] = true;
            send(2);
        };
        driver.ringSize = Integer.MAX_VALUE;
        dev.devQueueXmit(first);
        driver.complete(1);
        kernel.settle();
        assertThat(once[0]).isTrue();
        assertThat(marks()).containsExactly(2);
    }
}
