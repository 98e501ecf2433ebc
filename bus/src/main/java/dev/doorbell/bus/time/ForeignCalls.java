package dev.doorbell.bus.time;

import dev.doorbell.bus.time.BatonThreads.BatonThread;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/**
 * Foreign threads' calls into one world. Each call is carried by a baton thread, so it may block as any guest program
 * may; carriers without work park and are used again. Everything but {@link #call} runs on the world's thread.
 */
final class ForeignCalls {
    private final AbstractWorld world;
    private final ArrayDeque<Carrier> idle = new ArrayDeque<>();
    private final Set<Job> unfinished = new HashSet<>();
    private int carriers;

    ForeignCalls(AbstractWorld world) {
        this.world = world;
    }

    /** One call: written by the foreign thread before, by the world after; the queue and the future order the two. */
    private final class Job implements Runnable {
        final CompletableFuture<Object> result = new CompletableFuture<>();
        final World.Call<?, ?> body;

        Job(World.Call<?, ?> body) {
            this.body = body;
        }

        /** The call has crossed: finds it a carrier. */
        @Override
        public void run() {
            unfinished.add(this);
            Carrier carrier = idle.poll();
            while (carrier != null && !carrier.resume(this)) {
                carrier = idle.poll(); // that one was killed, as at the end of a kernel
            }
            if (carrier == null) {
                new Carrier().start(this);
            }
        }

        void execute() {
            try {
                result.complete(body.run());
            } catch (BatonThreads.Killed e) {
                result.completeExceptionally(closed());
                throw e;
            } catch (Throwable t) {
                result.completeExceptionally(t);
            } finally {
                unfinished.remove(this);
            }
        }
    }

    private final class Carrier implements Runnable {
        private @Nullable Job job;
        private @Nullable BatonThread thread;

        void start(Job first) {
            job = first;
            thread = world.threads().start("foreign " + ++carriers, this);
        }

        /** @return false: it is no more */
        boolean resume(Job next) {
            BatonThread own = thread;
            if (own == null || !own.isAlive()) {
                return false;
            }
            job = next;
            own.unpark();
            return true;
        }

        @Override
        public void run() {
            for (; ; ) {
                Job current = job;
                if (current != null) {
                    job = null;
                    current.execute();
                    idle.push(this);
                }
                BatonThread own = thread;
                if (own != null) {
                    own.park();
                }
            }
        }
    }

    /** From a foreign thread. */
    @SuppressWarnings("unchecked") // the result is the body's, the failure one of those that it declares
    <T, X extends Exception> T call(String name, World.Call<T, X> body) throws X {
        if (world.isWorldThread()) {
            throw new IllegalStateException(name + " by call() on the world's own thread: it would wait for itself");
        }
        Job job = new Job(body);
        world.submit(name, job);
        if (world.isClosed()) {
            job.result.completeExceptionally(closed());
        }
        try {
            return (T) job.result.join();
        } catch (CompletionException e) {
            Throwable cause = e.getCause();
            if (cause instanceof Error error) {
                throw error;
            }
            throw (X) (cause == null ? e : cause);
        }
    }

    /** The world ends: whoever still waits is told. */
    void close() {
        for (Job job : Set.copyOf(unfinished)) {
            job.result.completeExceptionally(closed());
        }
        unfinished.clear();
        idle.clear();
    }

    /** A call that never crossed. */
    static void refuse(Runnable submitted) {
        if (submitted instanceof Job job) {
            job.result.completeExceptionally(closed());
        }
    }

    private static IllegalStateException closed() {
        return new IllegalStateException("the world was closed during the call");
    }
}
