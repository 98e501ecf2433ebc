package dev.doorbell.kernel.netfilter.conntrack;

import dev.doorbell.kernel.core.KernelContext;
import dev.doorbell.kernel.time.KernelTimer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Finds connections whose time is over: one slot a second, one timer for all. A packet only writes its connection's new
 * expiry; the connection moves when its slot comes round, or at once when it shall expire earlier than that. Nothing is
 * allocated.
 */
final class ExpiryWheel {
    private static final int SLOTS = 1024;
    private static final long SLOT_NS = 1_000_000_000L;

    private final KernelContext kernel;
    private final Consumer<Connection> expired;
    private final @Nullable Connection[] slots = new @Nullable Connection[SLOTS];
    private final KernelTimer timer;
    private int size;
    /** The next slot to be looked at, as a number of seconds that only grows. */
    private long position;

    ExpiryWheel(KernelContext kernel, Consumer<Connection> expired) {
        this.kernel = kernel;
        this.expired = expired;
        this.timer = new KernelTimer(kernel, "conntrack expiry", this::turn);
    }

    void add(Connection connection) {
        if (size == 0) {
            position = kernel.nowNs() / SLOT_NS;
        }
        size++;
        link(connection);
        arm();
    }

    void remove(Connection connection) {
        if (connection.wheelSlot < 0) {
            return;
        }
        unlink(connection);
        size--;
        if (size == 0) {
            timer.delTimer();
        }
    }

    /** The expiry of a connection changed. */
    void moved(Connection connection) {
        if (connection.wheelSlot < 0) {
            return;
        }
        int wanted = slotOf(connection);
        long ahead = connection.wheelSlot - position & SLOTS - 1;
        long wantedAhead = wanted - position & SLOTS - 1;
        if (wantedAhead < ahead) {
            unlink(connection);
            link(connection);
            arm();
        }
    }

    void clear() {
        timer.delTimer();
    }

    /** The slot that ends not before it expires, at most one round ahead. */
    private int slotOf(Connection connection) {
        long second = connection.expiresNs / SLOT_NS;
        long slot = Math.min(Math.max(second, position), position + SLOTS - 1);
        return (int) (slot & SLOTS - 1);
    }

    private void link(Connection connection) {
        int slot = slotOf(connection);
        Connection first = slots[slot];
        connection.wheelSlot = slot;
        connection.wheelPrevious = null;
        connection.wheelNext = first;
        if (first != null) {
            first.wheelPrevious = connection;
        }
        slots[slot] = connection;
    }

    private void unlink(Connection connection) {
        Connection before = connection.wheelPrevious;
        Connection after = connection.wheelNext;
        if (before == null) {
            slots[connection.wheelSlot] = after;
        } else {
            before.wheelNext = after;
        }
        if (after != null) {
            after.wheelPrevious = before;
        }
        connection.wheelNext = null;
        connection.wheelPrevious = null;
        connection.wheelSlot = -1;
    }

    /** For the next slot with somebody in it. */
    private void arm() {
        for (int i = 0; i < SLOTS; i++) {
            if (slots[(int) (position + i & SLOTS - 1)] != null) {
                long at = (position + i + 1) * SLOT_NS;
                if (!timer.isPending() || timer.expiresNs() > at) {
                    timer.modTimer(at);
                }
                return;
            }
        }
    }

    private void turn() {
        long now = kernel.nowNs();
        while (size > 0 && (position + 1) * SLOT_NS <= now) {
            int slot = (int) (position & SLOTS - 1);
            position++;
            Connection connection = slots[slot];
            slots[slot] = null;
            while (connection != null) {
                Connection following = connection.wheelNext;
                connection.wheelSlot = -1;
                connection.wheelNext = null;
                connection.wheelPrevious = null;
                if (connection.expiresNs <= now) {
                    size--;
                    expired.accept(connection);
                } else {
                    link(connection);
                }
                connection = following;
            }
        }
        if (size > 0) {
            arm();
        }
    }
}
