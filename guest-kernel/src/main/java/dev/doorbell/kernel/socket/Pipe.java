package dev.doorbell.kernel.socket;

import static dev.doorbell.kernel.socket.SocketConstants.*;

import dev.doorbell.kernel.core.Errno;
import dev.doorbell.kernel.core.KernelContext;
import dev.doorbell.kernel.core.WaitQueue;
import java.nio.ByteBuffer;
import java.util.function.BooleanSupplier;

/** A pipe: bytes in at one end, out at the other, with a bounded store between them. No call here blocks. */
final class Pipe {
    /** Default capacity of a Linux pipe: 16 pages. */
    static final int CAPACITY = 65_536;
    /** A write of up to so many bytes happens at once or not at all: PIPE_BUF. */
    private static final int ATOMIC_BYTES = 4096;

    private final byte[] ring = new byte[CAPACITY];
    private int first, length;
    final WaitQueue waitQueue;
    final End readEnd = new End(true), writeEnd = new End(false);
    /** A read would not return -EAGAIN; nor would a write. */
    final BooleanSupplier readable = () -> length > 0 || writeEnd.isReleased();

    final BooleanSupplier writable = () -> space() >= ATOMIC_BYTES || readEnd.isReleased();

    Pipe(KernelContext kernel) {
        this.waitQueue = new WaitQueue(kernel);
    }

    /** One of its two files. */
    final class End extends File {
        private final boolean reads;
        private final Watchers watchers = new Watchers();

        private End(boolean reads) {
            this.reads = reads;
        }

        Pipe pipe() {
            return Pipe.this;
        }

        boolean reads() {
            return reads;
        }

        @Override
        int poll() {
            if (reads) {
                return (length > 0 ? EPOLLIN | EPOLLRDNORM : 0) | (writeEnd.isReleased() ? EPOLLHUP : 0);
            }
            return (writable.getAsBoolean() ? EPOLLOUT | EPOLLWRNORM : 0) | (readEnd.isReleased() ? EPOLLERR : 0);
        }

        @Override
        void addWatcher(SockWatcher watcher) {
            watchers.add(watcher);
        }

        @Override
        void removeWatcher(SockWatcher watcher) {
            watchers.remove(watcher);
        }

        @Override
        void release() {
            changed(EPOLLHUP | EPOLLERR);
        }
    }

    int length() {
        return length;
    }

    int space() {
        return CAPACITY - length;
    }

    /** @return bytes taken out, 0 at the end of the stream, or -EAGAIN */
    long read(ByteBuffer into) {
        if (length == 0) {
            return writeEnd.isReleased() || !into.hasRemaining() ? 0 : Errno.EAGAIN.negated();
        }
        int bytes = Math.min(length, into.remaining());
        int run = Math.min(bytes, CAPACITY - first);
        into.put(ring, first, run).put(ring, 0, bytes - run);
        drop(bytes);
        return bytes;
    }

    /** Up to {@code limit} bytes from the front, in one piece of memory; they stay until {@link #drop}ped. */
    ByteBuffer front(int limit) {
        return ByteBuffer.wrap(ring, first, Math.min(Math.min(length, limit), CAPACITY - first));
    }

    void drop(int bytes) {
        first = (first + bytes) % CAPACITY;
        length -= bytes;
        if (bytes > 0) {
            changed(EPOLLOUT | EPOLLWRNORM);
        }
    }

    /** @return bytes put in, -EPIPE without a reader, or -EAGAIN */
    long write(ByteBuffer from) {
        if (readEnd.isReleased()) {
            return Errno.EPIPE.negated();
        }
        int wanted = from.remaining();
        int space = space();
        if (space == 0 && wanted > 0 || wanted <= ATOMIC_BYTES && wanted > space) {
            return Errno.EAGAIN.negated();
        }
        int bytes = Math.min(wanted, space);
        int at = (first + length) % CAPACITY;
        int run = Math.min(bytes, CAPACITY - at);
        from.get(ring, at, run).get(ring, 0, bytes - run);
        length += bytes;
        if (bytes > 0) {
            changed(EPOLLIN | EPOLLRDNORM);
        }
        return bytes;
    }

    private void changed(int mask) {
        waitQueue.wakeUp();
        readEnd.watchers.ready(mask);
        writeEnd.watchers.ready(mask);
    }
}
