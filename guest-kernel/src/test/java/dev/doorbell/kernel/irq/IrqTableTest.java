package dev.doorbell.kernel.irq;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.doorbell.bus.irq.InterruptController;
import dev.doorbell.bus.mem.GuestMemory;
import dev.doorbell.bus.time.VirtualTime;
import dev.doorbell.bus.trace.Tracer;
import dev.doorbell.kernel.core.Errno;
import dev.doorbell.kernel.core.ErrnoException;
import dev.doorbell.kernel.core.KernelContext;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class IrqTableTest {
    private final VirtualTime time = new VirtualTime(1);
    private final GuestMemory ram = GuestMemory.allocate(4 << 20);
    private final KernelContext kernel = new KernelContext("guest", time, ram, Tracer.OFF, 1);
    private final InterruptController controller = new InterruptController(time, Tracer.OFF);
    private final IrqTable irqs = new IrqTable(kernel, controller);
    private final List<String> log = new ArrayList<>();

    private final IrqChip chip = new IrqChip() {
        @Override
        public void mask() {
            log.add("mask");
        }

        @Override
        public void unmask() {
            log.add("unmask");
        }
    };

    @AfterEach
    void close() {
        ram.close();
    }

    private IrqReturn handled() {
        log.add("handled in " + kernel.cpu().context());
        return IrqReturn.HANDLED;
    }

    private void message(int irq) {
        controller.message(0, InterruptController.WINDOW_BASE, IrqTable.vectorOf(irq));
        time.runFor(0);
    }

    @Test
    void messageRunsItsHandlerInHardIrqContext() throws ErrnoException {
        int irq = irqs.allocateMessage(chip);
        irqs.requestIrq(irq, this::handled, "nic", this);
        message(irq);
        assertThat(log).containsExactly("unmask", "handled in HARDIRQ");
        assertThat(irqs.count(irq)).isEqualTo(1);
        assertThat(irqs.unhandled(irq)).isZero();
    }

    @Test
    void handlerMayNotSleep() throws ErrnoException {
        int irq = irqs.allocateMessage(chip);
        irqs.requestIrq(
                irq,
                () -> {
                    assertThatThrownBy(() -> kernel.cpu().mightSleep("msleep")).hasMessageContaining("msleep");
                    return handled();
                },
                "nic",
                this);
        message(irq);
        assertThat(irqs.count(irq)).isEqualTo(1);
    }

    @Test
    void interruptWhileDisabledIsMaskedAndReplayedOnce() throws ErrnoException {
        int irq = irqs.allocateMessage(chip);
        irqs.requestIrq(irq, this::handled, "nic", this);
        irqs.disableIrq(irq);
        irqs.disableIrq(irq);
        message(irq);
        irqs.enableIrq(irq);
        time.runFor(0);
        assertThat(log).containsExactly("unmask", "mask");
        irqs.enableIrq(irq);
        time.runFor(0);
        assertThat(log).containsExactly("unmask", "mask", "unmask", "handled in HARDIRQ");
    }

    @Test
    void edgeVectorHasOneHandlerAndLinesAreShared() throws ErrnoException {
        int irq = irqs.allocateMessage(chip);
        irqs.requestIrq(irq, this::handled, "first", this);
        assertThatThrownBy(() -> irqs.requestIrq(irq, this::handled, "second", log))
                .hasMessageContaining("taken by first")
                .extracting(e -> ((ErrnoException) e).errno())
                .isEqualTo(Errno.EBUSY);
        irqs.requestIrq(IrqTable.FIRST_INTX, () -> IrqReturn.NONE, "one", this);
        irqs.requestIrq(
                IrqTable.FIRST_INTX,
                () -> {
                    controller.intx(0, false);
                    return handled();
                },
                "two",
                log);
        controller.intx(0, true);
        time.runFor(1_000_000);
        assertThat(irqs.count(IrqTable.FIRST_INTX)).isEqualTo(1);
        irqs.freeIrq(IrqTable.FIRST_INTX, log);
        assertThat(irqs.depth(IrqTable.FIRST_INTX)).isZero();
        irqs.freeIrq(IrqTable.FIRST_INTX, this);
        assertThat(irqs.depth(IrqTable.FIRST_INTX)).isEqualTo(1);
    }

    @Test
    void levelWhileDisabledIsDeliveredByItsUnmask() throws ErrnoException {
        irqs.requestIrq(
                IrqTable.FIRST_INTX + 1,
                () -> {
                    controller.intx(1, false);
                    return handled();
                },
                "nic",
                this);
        irqs.disableIrq(IrqTable.FIRST_INTX + 1);
        controller.intx(1, true);
        time.runFor(1_000_000);
        assertThat(log).isEmpty();
        irqs.enableIrq(IrqTable.FIRST_INTX + 1);
        time.runFor(1_000_000);
        assertThat(log).containsExactly("handled in HARDIRQ");
    }

    @Test
    void lineThatNobodyCaresForIsSwitchedOffAfterAHundredThousand() throws ErrnoException {
        int[] calls = {0};
        irqs.requestIrq(
                IrqTable.FIRST_INTX,
                () -> {
                    calls[0]++;
                    return IrqReturn.NONE;
                },
                "nic",
                this);
        controller.intx(0, true);
        time.runFor(1_000_000_000L);
        assertThat(calls[0]).isEqualTo(100_000);
        assertThat(irqs.isDead(IrqTable.FIRST_INTX)).isTrue();
        assertThat(irqs.unhandled(IrqTable.FIRST_INTX)).isEqualTo(100_000);
    }

    @Test
    void threadedHandlerRunsInTaskContext() throws ErrnoException {
        int irq = irqs.allocateMessage(chip);
        irqs.requestThreadedIrq(
                irq,
                () -> {
                    log.add("hard");
                    return IrqReturn.WAKE_THREAD;
                },
                () -> log.add("thread in " + kernel.cpu().context()),
                "phy",
                this);
        message(irq);
        time.runFor(1000);
        assertThat(log).containsExactly("unmask", "hard", "thread in TASK");
        time.threads().killAll();
    }

    @Test
    void levelStaysMaskedUntilItsThreadHasServedTheDevice() throws ErrnoException {
        int irq = IrqTable.FIRST_INTX + 2;
        irqs.requestThreadedIrq(
                irq,
                () -> {
                    log.add("hard");
                    return IrqReturn.WAKE_THREAD;
                },
                () -> {
                    kernel.sleep(5_000_000, "thread");
                    controller.intx(2, false);
                    log.add("served");
                },
                "phy",
                this);
        controller.intx(2, true);
        time.runFor(20_000_000);
        assertThat(log).containsExactly("hard", "served");
        assertThat(irqs.depth(irq)).isZero();
        controller.intx(2, true);
        time.runFor(1_000_000);
        irqs.freeIrq(irq, this);
        assertThat(irqs.depth(irq)).isEqualTo(1);
        time.runFor(20_000_000);
        assertThat(irqs.depth(irq)).isEqualTo(1);
        assertThat(log).containsExactly("hard", "served", "hard", "served");
        time.threads().killAll();
    }

    @Test
    void vectorsThatNobodyAllocatedAreSpurious() {
        controller.message(0, InterruptController.WINDOW_BASE, 0x99);
        time.runFor(0);
        assertThat(irqs.spurious()).isEqualTo(1);
    }

    @Test
    void vectorsRunOutAndComeBack() throws ErrnoException {
        int first = irqs.allocateMessage(chip);
        int taken = 1;
        while (irqs.allocateMessage(chip) > 0) {
            taken++;
        }
        assertThat(taken).isEqualTo(176);
        assertThat(irqs.allocateMessage(chip)).isEqualTo(Errno.ENOSPC.negated());
        irqs.releaseMessage(first);
        assertThat(irqs.allocateMessage(chip)).isEqualTo(first);
        irqs.requestIrq(first, this::handled, "nic", this);
        assertThatThrownBy(() -> irqs.releaseMessage(first)).hasMessageContaining("still handled by nic");
        assertThatThrownBy(() -> irqs.requestIrq(-22, this::handled, "nic", this))
                .isInstanceOf(ErrnoException.class);
    }
}
