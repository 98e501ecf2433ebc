package dev.doorbell.device.i82574;

import static dev.doorbell.device.i82574.MacRegisters.*;
import static dev.doorbell.device.i82574.TxScript.*;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** In steady state a frame costs no allocation, whatever its offloads, on its way through every step. */
class TransmitCostTest {
    private static final int ENTRIES = 240;

    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private final TestCard bench = new TestCard().linkUp();
    private final TxScript tx = new TxScript(bench, 0, ENTRIES).enable();
    private int tail;

    /** Goes round the ring as it stands: the descriptors are used again and again. */
    private void send(int descriptors, int times) {
        for (int i = 0; i < times; i++) {
            tail = (tail + descriptors) % ENTRIES;
            bench.write(TDT0, tail);
            bench.settle();
            bench.read(ICR);
        }
    }

    private long allocatedBy(int descriptors, int times) {
        bench.wire.deaf = true;
        send(descriptors, times);
        long before = threads.getCurrentThreadAllocatedBytes();
        send(descriptors, times);
        return threads.getCurrentThreadAllocatedBytes() - before;
    }

    @Test
    void plainFramesAllocateNothing() {
        for (int i = 0; i < ENTRIES; i++) {
            tx.legacy(frame(1514), EOP | IFCS | RS);
        }
        bench.write(IMS, Interrupts.TXDW);
        assertThat(allocatedBy(16, 2_000)).isLessThan(2_000);
        assertThat(bench.wire.frames).isEqualTo(64_000);
    }

    @Test
    void segmentationAllocatesNothing() {
        byte[] request = TransmitTest.tcpRequest(60_000);
        for (int i = 0; i < ENTRIES; i += 3) {
            tx.context(14, 24, 33, 34, 50, 0, 60_000, TSE | CONTEXT_TCP | CONTEXT_IPV4, 54, 1448);
            if (i == 0) {
                tx.data(Arrays.copyOf(request, 54), IFCS | TSE, IXSM | TXSM, 0);
                tx.data(Arrays.copyOfRange(request, 54, 60_054), EOP | IFCS | TSE | RS, IXSM | TXSM, 0);
            } else {
                tx.again(3).again(3);
            }
        }
        assertThat(allocatedBy(3, 200)).isLessThan(2_000);
        bench.wire.maxTrainBytes = 65_536;
        assertThat(allocatedBy(3, 200)).isLessThan(2_000);
        assertThat(bench.wire.frames).isEqualTo(400 * 42 + 400);
        assertThat(bench.read(TSCTC)).isEqualTo(800);
    }

    @Test
    void loopBackAllocatesNothing() {
        bench.write(RCTL, 1 << 6);
        for (int i = 0; i < ENTRIES; i++) {
            tx.legacy(frame(200), EOP | IFCS | RS);
        }
        assertThat(allocatedBy(64, 500)).isLessThan(2_000);
    }
}
