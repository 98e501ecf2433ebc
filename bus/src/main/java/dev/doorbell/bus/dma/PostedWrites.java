package dev.doorbell.bus.dma;

import dev.doorbell.bus.mem.GuestMemory;
import dev.doorbell.bus.time.Event;
import dev.doorbell.bus.time.Scheduler;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * What one function has sent and nobody has confirmed: DMA writes, interrupt messages and INTx level changes, in order
 * (PCI Express Base §2.4). Reads push it empty: reads by the function, and reads of the function by the CPU.
 *
 * <p>{@link #direct()} completes each at once. {@link #delayed} holds each for a seeded time, never changing the order.
 */
public final class PostedWrites implements AutoCloseable {
    /** Where writes end up; the bus side of the function. */
    public interface Completer {
        void completeWrite(long iova, GuestMemory from, long offset, int bytes);
    }

    /** Where messages and level changes end up. */
    public interface InterruptCompleter {
        void completeMessage(long address, int data);

        void completeIntx(boolean asserted);
    }

    private static final int ENTRIES = 1024;
    private static final int BUFFER_BYTES = 256 << 10;
    private static final int MESSAGE = -1;
    private static final int INTX = -2;

    private final @Nullable SplittableRandom random;
    private final @Nullable Event due;
    private final @Nullable Scheduler scheduler;
    private final @Nullable GuestMemory buffer;
    private final long maxDelayNs;
    private final long[] timeNs;
    private final long[] address;
    private final int[] argument;
    private final int[] bytes;
    private int head;
    private int count;
    private int bufferUsed;
    private long lastDueNs;
    private @Nullable Completer writes;
    private @Nullable InterruptCompleter interrupts;

    private PostedWrites(@Nullable Scheduler scheduler, @Nullable SplittableRandom random, long maxDelayNs) {
        this.scheduler = scheduler;
        this.random = random;
        this.maxDelayNs = maxDelayNs;
        int entries = scheduler == null ? 0 : ENTRIES;
        timeNs = new long[entries];
        address = new long[entries];
        argument = new int[entries];
        bytes = new int[entries];
        buffer = scheduler == null ? null : GuestMemory.allocate(BUFFER_BYTES);
        due = scheduler == null ? null : scheduler.event("posted write completes", this::completeDue);
    }

    /** Each write completes as it is made. */
    public static PostedWrites direct() {
        return new PostedWrites(null, null, 0);
    }

    /** Each write completes 0 to {@code maxDelayNs} after it was made, and not before its predecessor. */
    public static PostedWrites delayed(Scheduler scheduler, SplittableRandom random, long maxDelayNs) {
        return new PostedWrites(scheduler, random, maxDelayNs);
    }

    public boolean isDirect() {
        return scheduler == null;
    }

    /** Nothing is on its way. */
    public boolean isEmpty() {
        return count == 0;
    }

    public void completer(Completer completer) {
        writes = completer;
    }

    /** Names the receiver of interrupt messages; once. */
    public void completer(InterruptCompleter completer) {
        interrupts = completer;
    }

    /** Completes everything that is on its way, in order. */
    public void flush() {
        while (count > 0) {
            completeFirst();
        }
    }

    public void write(long iova, GuestMemory from, long offset, int length) {
        GuestMemory held = buffer;
        if (held == null || length > BUFFER_BYTES / 2) {
            flush();
            completeWrite(iova, from, offset, length);
            return;
        }
        int at = reserve(length);
        from.copyTo(offset, held, at, length);
        enqueue(iova, at, length);
    }

    /** Posts an interrupt message behind all writes made before it. */
    public void message(long messageAddress, int data) {
        if (isDirect()) {
            completeMessage(messageAddress, data);
        } else {
            enqueue(messageAddress, data, MESSAGE);
        }
    }

    /** Posts an INTx level change behind all writes made before it. */
    public void intx(boolean asserted) {
        if (isDirect()) {
            completeIntx(asserted);
        } else {
            enqueue(0, asserted ? 1 : 0, INTX);
        }
    }

    /** Forgets what is on its way: the function lost power or left the bus. */
    public void discard() {
        count = 0;
        head = 0;
        bufferUsed = 0;
        if (due != null) {
            due.cancel();
        }
    }

    /** Forgets what is on its way and gives the buffer back; for the end of the world. */
    @Override
    public void close() {
        discard();
        if (buffer != null) {
            buffer.close();
        }
    }

    /** Room in the buffer, which is used from its start and empties all at once. */
    private int reserve(int length) {
        if (count == 0) {
            bufferUsed = 0;
        } else if (bufferUsed + length > BUFFER_BYTES) {
            flush();
            bufferUsed = 0;
        }
        int at = bufferUsed;
        bufferUsed += length;
        return at;
    }

    private void enqueue(long to, int what, int length) {
        if (count == ENTRIES) {
            completeFirst();
        }
        if (scheduler == null || random == null || due == null) {
            throw new IllegalStateException("a direct queue holds nothing");
        }
        lastDueNs = dueNs(scheduler.nowNs(), random);
        int slot = head + count++ & ENTRIES - 1;
        timeNs[slot] = lastDueNs;
        address[slot] = to;
        argument[slot] = what;
        bytes[slot] = length;
        if (count == 1) {
            due.at(lastDueNs);
        }
    }

    /**
     * Some time after the entry before it and at most the longest delay from now. The range shrinks at random by powers of
     * two, so that entries made together arrive one by one as well as in bursts.
     */
    private long dueNs(long nowNs, SplittableRandom dice) {
        long earliest = count == 0 ? nowNs : Math.max(nowNs, lastDueNs);
        long range = Math.max(0, nowNs + maxDelayNs - earliest) >> dice.nextInt(6);
        return earliest + dice.nextLong(range + 1);
    }

    private void completeDue() {
        long nowNs = scheduler == null ? 0 : scheduler.nowNs();
        while (count > 0 && timeNs[head] <= nowNs) {
            completeFirst();
        }
        if (count > 0 && due != null) {
            due.at(timeNs[head]);
        }
    }

    /** Takes the entry out first: what its completion sets off may look at the queue, or flush it. */
    private void completeFirst() {
        long to = address[head];
        int what = argument[head];
        int length = bytes[head];
        head = head + 1 & ENTRIES - 1;
        if (--count == 0 && due != null) {
            due.cancel();
        }
        if (length == MESSAGE) {
            completeMessage(to, what);
        } else if (length == INTX) {
            completeIntx(what != 0);
        } else if (buffer != null) {
            completeWrite(to, buffer, what, length);
        }
    }

    private void completeWrite(long iova, GuestMemory from, long offset, int length) {
        if (writes != null) {
            writes.completeWrite(iova, from, offset, length);
        }
    }

    private void completeMessage(long messageAddress, int data) {
        if (interrupts != null) {
            interrupts.completeMessage(messageAddress, data);
        }
    }

    private void completeIntx(boolean asserted) {
        if (interrupts != null) {
            interrupts.completeIntx(asserted);
        }
    }
}
