package dev.doorbell.device.i82574;

import static dev.doorbell.device.i82574.MacRegisters.*;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.doorbell.device.spi.Frame;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** In steady state a received frame costs no allocation, whatever is switched on. */
class RxCostTest {
    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private final RxBed bed = new RxBed();
    private int head;

    @ParameterizedTest
    @CsvSource({"60, 0x04000000", "1514, 0x04000000", "1514, 0", "9000, 0x04000020", "1600, 0x04000000"})
    void framesAllocateNothing(int bytes, String rctl) {
        bed.write(RFCTL, 1 << 15).write(RXCSUM, 0x2300).write(MRQC, 0x0037_0001).write(RSSRK.get(0), 12345);
        bed.up(64, Integer.decode(rctl));
        byte[] ip = RxBed.frame(bytes);
        ip[12] = 8;
        ip[13] = 0;
        ip[14] = 0x45;
        ip[16] = 0;
        ip[17] = 40;
        ip[23] = 6;
        Frame frame = bed.on(ip);
        receive(frame, 5_000);
        long before = threads.getCurrentThreadAllocatedBytes();
        receive(frame, 5_000);
        assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(2_000);
    }

    private void receive(Frame frame, int times) {
        for (int i = 0; i < times; i++) {
            bed.rx.receive(frame);
            bed.time.runFor(1_000);
            while (head != bed.regs.get(RDH0)) {
                bed.ram.writeLong(RxBed.RING + head * 16L, RxBed.buffer(head));
                bed.ram.writeLong(RxBed.RING + head * 16L + 8, 0);
                bed.write(RDT0, head);
                head = (head + 1) % 64;
            }
        }
    }
}
