package dev.doorbell.device.i82574;

import static dev.doorbell.device.i82574.MacRegisters.*;
import static org.assertj.core.api.Assertions.assertThat;

import dev.doorbell.bus.reg.RegisterFile;
import dev.doorbell.bus.time.VirtualTime;
import dev.doorbell.device.spi.Timing;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Which PAUSE frames leave, and in which order. */
class PauseUnitTest {
    private final VirtualTime world = new VirtualTime(1);
    private final RegisterFile regs = MacRegisters.newFile();
    private final TestCard.Wire wire = new TestCard.Wire();
    private PauseUnit unit;

    @BeforeEach
    void build() {
        StepTimer steps = new StepTimer(world, Timing.HOSTILE, new SplittableRandom(1));
        unit = new PauseUnit(regs, steps, wire, () -> {});
        regs.set(STATUS_LU, 1);
    }

    private List<Integer> quanta() {
        world.runFor(1_000_000);
        return wire.sent.stream()
                .map(s -> (s.bytes()[16] & 0xFF) << 8 | s.bytes()[17] & 0xFF)
                .toList();
    }

    /** The FIFO rose above the mark and fell below it again before the XOFF was on the wire. */
    @Test
    void xonGoesBehindTheXoffThatHasNotLeftYet() {
        unit.sendPause(0x0680);
        unit.sendPause(0);
        assertThat(quanta()).containsExactly(0x0680, 0);
        assertThat(regs.get(XOFFTXC)).isEqualTo(1);
        assertThat(regs.get(XONTXC)).isEqualTo(1);
    }

    @Test
    void newXoffReplacesWhatWaits() {
        unit.sendPause(0x0680);
        unit.sendPause(0);
        unit.sendPause(0x0700);
        assertThat(quanta()).containsExactly(0x0700);
    }

    @Test
    void nothingIsLeftOverAfterLinkLossOrReset() {
        regs.set(STATUS_LU, 0);
        unit.sendPause(0x0680);
        unit.sendPause(0);
        assertThat(quanta()).isEmpty();
        regs.set(STATUS_LU, 1);
        unit.sendPause(0x0680);
        unit.sendPause(0);
        unit.reset();
        assertThat(quanta()).isEmpty();
        unit.sendPause(0);
        assertThat(quanta()).containsExactly(0);
    }
}
