package dev.doorbell.kernel.irq;

import dev.doorbell.bus.irq.InterruptController;
import dev.doorbell.bus.irq.IrqSink;
import dev.doorbell.kernel.core.Errno;
import dev.doorbell.kernel.core.ErrnoException;
import dev.doorbell.kernel.core.KernelContext;
import dev.doorbell.kernel.probe.KernelGate;
import dev.doorbell.kernel.probe.KernelProbe;
import org.jspecify.annotations.Nullable;

/**
 * The kernel's interrupt descriptors: vectors of the interrupt controller become calls of handlers in hard IRQ context.
 *
 * <p>An IRQ number is its vector less 32: 16 to 19 are the INTx lines, level-triggered and shared; messages are allocated
 * from 32 on, edge-triggered, one handler each.
 */
public final class IrqTable implements IrqSink {
    /** IRQ number of INTx line 0. */
    public static final int FIRST_INTX = InterruptController.INTX_VECTOR - InterruptController.FIRST_VECTOR;

    public static final int FIRST_MESSAGE = 32;
    /** Vectors from 0xF0 on are the CPU's own. */
    private static final int END = 0xF0 - InterruptController.FIRST_VECTOR;

    private static final long THREAD_POLL_NS = 10_000;

    private final KernelContext kernel;
    private final @Nullable IrqDesc[] descs = new @Nullable IrqDesc[END];
    private final @Nullable KernelProbe probe;
    private long spurious;
    private long delivered;
    private boolean forcedThreading;
    /** IRQ whose handler runs now, in hard interrupt context; -1: none. */
    private int handling = -1;

    /** Takes the controller's interrupts from now on. */
    public IrqTable(KernelContext kernel, InterruptController controller) {
        this.kernel = kernel;
        this.probe = kernel.probe();
        for (int line = 0; line < InterruptController.INTX_LINES; line++) {
            descs[FIRST_INTX + line] = new IrqDesc(this, FIRST_INTX + line, true, lineChip(controller, line));
            controller.maskLine(line, true);
        }
        controller.connect(this);
    }

    private static IrqChip lineChip(InterruptController controller, int line) {
        return new IrqChip() {
            @Override
            public void mask() {
                controller.maskLine(line, true);
            }

            @Override
            public void unmask() {
                controller.maskLine(line, false);
            }
        };
    }

    /**
     * Allocates an edge-triggered IRQ for a message; it starts masked.
     *
     * @return its number, or below 0 ({@code -ENOSPC}) when all are taken
     */
    public int allocateMessage(IrqChip chip) {
        for (int irq = FIRST_MESSAGE; irq < END; irq++) {
            if (descs[irq] == null) {
                descs[irq] = new IrqDesc(this, irq, false, chip);
                return irq;
            }
        }
        return Errno.ENOSPC.negated();
    }

    /** Gives back an IRQ from {@link #allocateMessage}; its handler must be gone. */
    public void releaseMessage(int irq) {
        IrqDesc desc = desc(irq);
        if (desc == null || irq < FIRST_MESSAGE || desc.hasActions()) {
            throw new IllegalStateException("release of IRQ " + irq + ": "
                    + (desc == null ? "not allocated" : "still handled by " + desc.names()));
        }
        descs[irq] = null;
    }

    /** The controller's vector of an IRQ. */
    public static int vectorOf(int irq) {
        return irq + InterruptController.FIRST_VECTOR;
    }

    /**
     * Installs a handler and enables the IRQ.
     *
     * @param name as in /proc/interrupts: "eth0-rx-0"
     * @param dev identifies the handler to {@link #freeIrq} on a shared line
     * @throws ErrnoException EINVAL: no such IRQ; EBUSY: not shared, and taken
     */
    public void requestIrq(int irq, IrqHandler handler, String name, Object dev) throws ErrnoException {
        if (forcedThreading) {
            requestThreadedIrq(irq, () -> IrqReturn.WAKE_THREAD, () -> runThreaded(irq, handler, name), name, dev);
            return;
        }
        request(irq, new IrqDesc.Action(handler, null, name, dev));
    }

    /** As {@link #requestIrq}, with a second half that runs in task context when the first says WAKE_THREAD. */
    public void requestThreadedIrq(int irq, IrqHandler handler, Runnable thread, String name, Object dev)
            throws ErrnoException {
        request(irq, new IrqDesc.Action(handler, new ThreadedAction(kernel, irq + "-" + name, thread), name, dev));
    }

    /**
     * The kernel parameter threadirqs: handlers that are requested from now on run in task context, each on a thread of its
     * own, with interrupts enabled.
     */
    public void threadIrqs(boolean on) {
        forcedThreading = on;
    }

    private void request(int irq, IrqDesc.Action action) throws ErrnoException {
        kernel.cpu().mightSleep("request_irq");
        IrqDesc desc = desc(irq);
        KernelGate gate = kernel.gate();
        if (gate != null && gate.refusesIrq(irq, action.name())) {
            throw new ErrnoException("request_irq(" + irq + ", " + action.name() + ")", Errno.ENOMEM);
        }
        if (desc == null) {
            throw new ErrnoException("request_irq(" + irq + ", " + action.name() + ")", Errno.EINVAL);
        }
        if (desc.hasActions() && !desc.level) {
            throw new ErrnoException(
                    "request_irq(" + irq + ", " + action.name() + "), taken by " + desc.names(), Errno.EBUSY);
        }
        if (probe != null) {
            probe.irqRequested(irq, action.name(), action.dev());
        }
        desc.add(action);
    }

    private void runThreaded(int irq, IrqHandler handler, String name) {
        if (probe == null) {
            handler.handle();
            return;
        }
        probe.handlerBegins(irq, name);
        boolean handled = false;
        try {
            handled = handler.handle() != IrqReturn.NONE;
        } finally {
            probe.handlerEnds(irq, name, handled);
        }
    }

    /** A handler is called by its descriptor. */
    IrqReturn call(int irq, IrqDesc.Action action) {
        int outer = handling;
        handling = irq;
        if (probe != null && action.thread() == null) {
            probe.handlerBegins(irq, action.name());
        }
        IrqReturn result = IrqReturn.NONE;
        try {
            result = action.handler().handle();
            return result;
        } finally {
            handling = outer;
            if (probe != null && action.thread() == null) {
                probe.handlerEnds(irq, action.name(), result != IrqReturn.NONE);
            }
        }
    }

    /** What waits for a handler must not be called from it, nor from anything else that may not sleep. */
    private void awaitHandler(int irq, String call) {
        boolean hopeless = handling == irq || kernel.cpu().irqsDisabled();
        if (probe != null) {
            probe.irqDisabled(irq, call, true, hopeless);
        }
        if (hopeless) {
            throw new IllegalStateException(
                    call + "(" + irq + ") in a handler, or with interrupts off, would never return");
        }
        kernel.cpu().mightSleep(call);
        IrqDesc desc = desc(irq);
        while (desc != null && desc.isThreadRunning()) {
            kernel.sleep(THREAD_POLL_NS, call);
        }
    }

    /** Removes the handler that was installed for {@code dev}. Task context. */
    public void freeIrq(int irq, Object dev) {
        IrqDesc desc = desc(irq);
        if (probe != null) {
            probe.irqFreed(irq, dev, desc != null && desc.isHandledFor(dev));
        }
        awaitHandler(irq, "free_irq");
        if (desc == null || !desc.remove(dev)) {
            warn("free_irq(" + irq + "): trying to free already-free IRQ");
        }
    }

    /**
     * Nests: as many {@link #enableIrq} calls let it through again. What arrives meanwhile is delivered then. Waits until the
     * handler does not run: task context, not from the handler itself.
     */
    public void disableIrq(int irq) {
        awaitHandler(irq, "disable_irq");
        IrqDesc desc = desc(irq);
        if (desc != null) {
            desc.disable();
        }
    }

    /** synchronize_irq: waits until the handler does not run. Task context, not from the handler itself. */
    public void synchronizeIrq(int irq) {
        awaitHandler(irq, "synchronize_irq");
    }

    /** disable_hardirq: as {@link #disableIrqNosync}. @return false when the handler runs now */
    public boolean disableHardirq(int irq) {
        disableIrqNosync(irq);
        IrqDesc desc = desc(irq);
        return handling != irq && (desc == null || !desc.isThreadRunning());
    }

    /** As {@link #disableIrq}, without waiting: from any context. */
    public void disableIrqNosync(int irq) {
        IrqDesc desc = desc(irq);
        if (probe != null) {
            probe.irqDisabled(irq, "disable_irq_nosync", false, handling == irq);
        }
        if (desc != null) {
            desc.disable();
        }
    }

    public void enableIrq(int irq) {
        IrqDesc desc = desc(irq);
        if (probe != null) {
            probe.irqEnabled(irq, desc != null && desc.depth() > 0);
        }
        if (desc == null || !desc.enable()) {
            warn("enable_irq(" + irq + "): unbalanced");
        }
    }

    /** The controller delivers: runs the handlers in hard IRQ context. */
    @Override
    public void interrupt(int vector) {
        int irq = vector - InterruptController.FIRST_VECTOR;
        IrqDesc desc = irq >= 0 && irq < END ? descs[irq] : null;
        if (desc == null) {
            spurious++;
            return;
        }
        if (kernel.tracer().isOn()) {
            kernel.tracer().event("irq", "deliver", "vector=" + vector + " irq=" + irq + " handlers=" + desc.names());
        }
        delivered++;
        kernel.cpu().runInHardIrq(desc.body);
    }

    /** Hard interrupts that this processor has taken so far, of all IRQs. */
    public long delivered() {
        return delivered;
    }

    void replay(IrqDesc desc) {
        kernel.world().at(kernel.nowNs(), "IRQ " + desc.irq + " replay", () -> {
            if (descs[desc.irq] == desc) {
                kernel.cpu().runInHardIrq(desc.body);
            }
        });
    }

    void nobodyCared(IrqDesc desc) {
        warn("irq " + desc.irq + ": nobody cared, disabled; handlers: " + desc.names());
    }

    private void warn(String text) {
        if (kernel.tracer().isOn()) {
            kernel.tracer().event("irq", "warning", text);
        }
    }

    /** How often the handlers of an IRQ ran. */
    public long count(int irq) {
        IrqDesc desc = desc(irq);
        return desc == null ? 0 : desc.count();
    }

    /** Whether somebody has installed a handler for it. */
    public boolean isHandled(int irq) {
        IrqDesc desc = desc(irq);
        return desc != null && desc.hasActions();
    }

    /** Of these, how often no handler said it was its own. */
    public long unhandled(int irq) {
        IrqDesc desc = desc(irq);
        return desc == null ? 0 : desc.unhandled();
    }

    /** True once the IRQ was switched off because nobody cared. */
    public boolean isDead(int irq) {
        IrqDesc desc = desc(irq);
        return desc != null && desc.isDead();
    }

    /** Disable calls that wait for their enable; 1 for an IRQ without handler. */
    public int depth(int irq) {
        IrqDesc desc = desc(irq);
        return desc == null ? 0 : desc.depth();
    }

    /** Interrupts on vectors that nobody allocated. */
    public long spurious() {
        return spurious;
    }

    private @Nullable IrqDesc desc(int irq) {
        return irq >= 0 && irq < END ? descs[irq] : null;
    }
}
