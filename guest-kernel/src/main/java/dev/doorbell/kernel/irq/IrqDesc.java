package dev.doorbell.kernel.irq;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One interrupt line or vector: who handles it, whether it is enabled, what it has seen. Owned by {@link IrqTable}. */
final class IrqDesc {
    /** A handler and what it belongs to. */
    record Action(IrqHandler handler, @Nullable ThreadedAction thread, String name, Object dev) {}

    /** Linux: disabled when all but 100 of 100,000 interrupts were nobody's. */
    private static final int SPURIOUS_WINDOW = 100_000;

    private static final int SPURIOUS_LIMIT = 99_900;

    final int irq;
    final boolean level;
    final IrqChip chip;
    final Runnable body = this::handle;
    private final List<Action> actions = new ArrayList<>();
    private final IrqTable table;
    private int depth = 1;
    private boolean masked = true;
    private boolean pending;
    private long count;
    private long unhandled;
    private int windowCount;
    private int windowUnhandled;
    private boolean dead;

    IrqDesc(IrqTable table, int irq, boolean level, IrqChip chip) {
        this.table = table;
        this.irq = irq;
        this.level = level;
        this.chip = chip;
    }

    void add(Action action) {
        actions.add(action);
        if (action.thread() != null && level) {
            action.thread().onDone(this::enable);
        }
        if (actions.size() == 1) {
            dead = false;
            pending = false;
            windowCount = 0;
            windowUnhandled = 0;
            depth = 0;
            unmask();
        }
    }

    boolean remove(Object dev) {
        for (int i = 0; i < actions.size(); i++) {
            Action action = actions.get(i);
            if (action.dev() == dev) {
                actions.remove(i);
                if (action.thread() != null) {
                    if (action.thread().cancel() && level) {
                        enable();
                    }
                    action.thread().end();
                }
                if (actions.isEmpty()) {
                    depth = 1;
                    mask();
                }
                return true;
            }
        }
        return false;
    }

    boolean hasActions() {
        return !actions.isEmpty();
    }

    boolean isDead() {
        return dead;
    }

    long count() {
        return count;
    }

    long unhandled() {
        return unhandled;
    }

    int depth() {
        return depth;
    }

    boolean isThreadRunning() {
        for (int i = 0; i < actions.size(); i++) {
            ThreadedAction thread = actions.get(i).thread();
            if (thread != null && thread.isRunning()) {
                return true;
            }
        }
        return false;
    }

    boolean isHandledFor(Object dev) {
        for (int i = 0; i < actions.size(); i++) {
            if (actions.get(i).dev() == dev) {
                return true;
            }
        }
        return false;
    }

    String names() {
        StringBuilder names = new StringBuilder();
        for (Action action : actions) {
            names.append(names.length() == 0 ? "" : ", ").append(action.name());
        }
        return names.toString();
    }

    void disable() {
        depth++;
    }

    /** @return false when it was not disabled */
    boolean enable() {
        if (depth == 0) {
            return false;
        }
        if (--depth == 0 && !dead) {
            unmask();
            if (pending) {
                pending = false;
                table.replay(this);
            }
        }
        return true;
    }

    /** An interrupt arrives. While disabled it is remembered and the source masked, as Linux's lazy disable does. */
    private void handle() {
        if (depth > 0) {
            pending = !level && !dead;
            mask();
            return;
        }
        count++;
        boolean handled = false;
        for (int i = 0; i < actions.size(); i++) {
            Action action = actions.get(i);
            IrqReturn result = table.call(irq, action);
            if (result == IrqReturn.WAKE_THREAD && action.thread() != null) {
                wake(action.thread());
            }
            handled |= result != IrqReturn.NONE;
        }
        note(handled);
    }

    /** A level stays asserted until the thread has served the device: masked until then, as IRQF_ONESHOT. */
    private void wake(ThreadedAction thread) {
        if (level) {
            disable();
            mask();
        }
        thread.wake();
    }

    private void note(boolean handled) {
        windowCount++;
        if (!handled) {
            unhandled++;
            windowUnhandled++;
        }
        if (windowCount == SPURIOUS_WINDOW) {
            if (windowUnhandled > SPURIOUS_LIMIT) {
                dead = true;
                depth++;
                mask();
                table.nobodyCared(this);
            }
            windowCount = 0;
            windowUnhandled = 0;
        }
    }

    private void mask() {
        if (!masked) {
            masked = true;
            chip.mask();
        }
    }

    private void unmask() {
        if (masked) {
            masked = false;
            chip.unmask();
        }
    }
}
