package dev.doorbell.bus.time;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** An {@link IoLoop} that only waits, for worlds whose frames never leave the process. */
final class ParkingIoLoop implements IoLoop {
    private final AtomicBoolean woken = new AtomicBoolean();
    private volatile @Nullable Thread waiter;

    @Override
    public boolean pollNow() {
        return false;
    }

    @Override
    public void await(long maxNs) {
        waiter = Thread.currentThread();
        if (!woken.get()) {
            LockSupport.parkNanos(this, maxNs);
        }
        waiter = null;
        woken.set(false);
    }

    @Override
    public void wakeup() {
        woken.set(true);
        Thread thread = waiter;
        if (thread != null) {
            LockSupport.unpark(thread);
        }
    }
}
