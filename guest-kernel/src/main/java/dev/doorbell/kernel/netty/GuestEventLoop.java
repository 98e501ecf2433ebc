package dev.doorbell.kernel.netty;

import dev.doorbell.bus.time.Event;
import dev.doorbell.bus.time.World;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelPromise;
import io.netty.channel.DefaultChannelPromise;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.util.concurrent.AbstractScheduledEventExecutor;
import io.netty.util.concurrent.DefaultPromise;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.GlobalEventExecutor;
import io.netty.util.concurrent.Promise;
import io.netty.util.concurrent.ScheduledFuture;
import io.netty.util.concurrent.Ticker;
import java.util.ArrayDeque;
import java.util.concurrent.Callable;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A Netty event loop whose thread is the world: tasks and timers run as the world's events, in virtual time as in real
 * time. Tasks from foreign threads cross over through {@link World#submit}.
 *
 * <p>On the world's own thread and outside of an event (a test that sets things up) a task runs at once, so that
 * {@code bind(port).sync()} returns. Inside an event {@code sync()} on what is not done yet throws, as on any Netty loop.
 */
public final class GuestEventLoop extends AbstractScheduledEventExecutor implements EventLoop {
    private final World world;
    private final Ticker ticker;
    private final Event run;
    private final Event timer;
    private final ArrayDeque<Runnable> tasks = new ArrayDeque<>();
    private final Promise<Void> terminated = new DefaultPromise<>(GlobalEventExecutor.INSTANCE);
    private boolean running;
    private boolean shutdown;

    public GuestEventLoop(World world) {
        this.world = world;
        this.ticker = new WorldTicker(world);
        this.run = world.event("netty tasks", this::runTasks);
        this.timer = world.event("netty timers", this::runTimers);
    }

    World world() {
        return world;
    }

    private record WorldTicker(World world) implements Ticker {
        @Override
        public long initialNanoTime() {
            return 0;
        }

        @Override
        public long nanoTime() {
            return world.nowNs();
        }

        @Override
        public void sleep(long delay, TimeUnit unit) {
            throw new UnsupportedOperationException("an event loop does not sleep");
        }
    }

    @Override
    public Ticker ticker() {
        return ticker;
    }

    // ---- tasks

    @Override
    public boolean inEventLoop(Thread thread) {
        return thread == Thread.currentThread() && world.isWorldThread();
    }

    @Override
    public void execute(Runnable task) {
        if (!world.isWorldThread()) {
            world.submit("netty task", () -> execute(task));
            return;
        }
        if (shutdown) {
            throw new RejectedExecutionException("event loop is shut down");
        }
        tasks.add(task);
        if (running) {
            return; // the loop below comes to it
        }
        if (world.isInsideEvent()) {
            if (!run.isScheduled()) {
                run.after(0);
            }
        } else {
            runTasks();
        }
    }

    private void runTasks() {
        if (running) {
            return;
        }
        running = true;
        try {
            Runnable task;
            while ((task = tasks.poll()) != null) {
                safeExecute(task);
            }
        } finally {
            running = false;
        }
        armTimer();
    }

    // ---- timers

    private void runTimers() {
        Runnable due;
        while ((due = pollScheduledTask(world.nowNs())) != null) {
            tasks.add(due);
        }
        runTasks();
    }

    private void armTimer() {
        long at = nextScheduledTaskDeadlineNanos();
        if (at < 0) {
            timer.cancel();
        } else if (!timer.isScheduled() || timer.timeNs() != at) {
            timer.at(at);
        }
    }

    private <F> F armed(F scheduled) {
        if (world.isWorldThread()) {
            armTimer();
        }
        return scheduled;
    }

    @Override
    public ScheduledFuture<?> schedule(Runnable command, long delay, TimeUnit unit) {
        return armed(super.schedule(command, delay, unit));
    }

    @Override
    public <V> ScheduledFuture<V> schedule(Callable<V> callable, long delay, TimeUnit unit) {
        return armed(super.schedule(callable, delay, unit));
    }

    @Override
    public ScheduledFuture<?> scheduleAtFixedRate(Runnable command, long initialDelay, long period, TimeUnit unit) {
        return armed(super.scheduleAtFixedRate(command, initialDelay, period, unit));
    }

    @Override
    public ScheduledFuture<?> scheduleWithFixedDelay(Runnable command, long initialDelay, long delay, TimeUnit unit) {
        return armed(super.scheduleWithFixedDelay(command, initialDelay, delay, unit));
    }

    // ---- a group of one

    @Override
    public @Nullable EventLoopGroup parent() {
        return null;
    }

    @Override
    public EventLoop next() {
        return this;
    }

    @Override
    public ChannelFuture register(Channel channel) {
        return register(new DefaultChannelPromise(channel, this));
    }

    @Override
    public ChannelFuture register(ChannelPromise promise) {
        promise.channel().unsafe().register(this, promise);
        return promise;
    }

    @Override
    @Deprecated
    public ChannelFuture register(Channel channel, ChannelPromise promise) {
        channel.unsafe().register(this, promise);
        return promise;
    }

    /**
     * Lets the world run until the future is done.
     *
     * @return false when {@code limitNs} passed first
     */
    public boolean await(Future<?> future, long limitNs) {
        return world.runUntil(future::isDone, limitNs);
    }

    // ---- end

    @Override
    public Future<?> shutdownGracefully(long quietPeriod, long timeout, TimeUnit unit) {
        shutdown();
        return terminated;
    }

    @Override
    @Deprecated
    public void shutdown() {
        if (!world.isWorldThread()) {
            world.submit("netty shutdown", this::shutdown);
            return;
        }
        if (!shutdown) {
            runTasks();
            shutdown = true;
            cancelScheduledTasks();
            timer.cancel();
            terminated.trySuccess(null);
        }
    }

    @Override
    public Future<?> terminationFuture() {
        return terminated;
    }

    @Override
    public boolean isShuttingDown() {
        return shutdown;
    }

    @Override
    public boolean isShutdown() {
        return shutdown;
    }

    @Override
    public boolean isTerminated() {
        return shutdown;
    }

    @Override
    public boolean awaitTermination(long timeout, TimeUnit unit) {
        return shutdown;
    }
}
