package dev.doorbell.kernel.socket;

import dev.doorbell.kernel.core.KernelContext;
import dev.doorbell.kernel.core.WaitQueue;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** One poll call that waits for several files. */
final class PollWait implements SockWatcher {
    private final WaitQueue queue;
    private final BooleanSupplier anyReady;
    private final List<File> files = new ArrayList<>();

    PollWait(KernelContext kernel, BooleanSupplier anyReady) {
        this.queue = new WaitQueue(kernel);
        this.anyReady = anyReady;
    }

    void watch(@Nullable File file) {
        if (file != null) {
            files.add(file.get());
            file.addWatcher(this);
        }
    }

    void await(long timeoutNs, String call) {
        Waiting.on(queue, anyReady, timeoutNs, call);
    }

    void end() {
        for (File file : files) {
            file.removeWatcher(this);
            file.put();
        }
    }

    @Override
    public void ready(int mask) {
        queue.wakeUp();
    }
}
