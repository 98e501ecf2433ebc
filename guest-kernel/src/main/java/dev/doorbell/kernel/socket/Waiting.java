package dev.doorbell.kernel.socket;

import dev.doorbell.kernel.core.WaitQueue;
import java.util.function.BooleanSupplier;

/** Waits on behalf of system calls. */
final class Waiting {
    private Waiting() {}

    /**
     * @return whether the condition holds; false after the timeout
     * @throws IllegalStateException when it should wait for ever and nothing in the world can end it
     */
    static boolean on(WaitQueue queue, BooleanSupplier condition, long timeoutNs, String call) {
        boolean holds = queue.waitUntil(condition, timeoutNs, call);
        if (!holds && timeoutNs == WaitQueue.FOREVER) {
            throw new IllegalStateException(call + " waits for ever: nothing is left to happen in this world");
        }
        return holds;
    }
}
