package dev.doorbell.kernel.socket;

import static dev.doorbell.kernel.socket.SocketConstants.*;

import dev.doorbell.kernel.core.Errno;
import dev.doorbell.kernel.core.WaitQueue;
import java.nio.ByteBuffer;

/** Reads and writes of pipes that wait, and splice. Results are counts or negated errnos. */
final class PipeCalls {
    /** Flags of splice. */
    private static final int SPLICE_F_NONBLOCK = 2, SPLICE_F_MORE = 4, SPLICE_FLAGS = 0xF;

    private static final int AGAIN = Errno.EAGAIN.negated();

    private final Transfers transfers;

    PipeCalls(Transfers transfers) {
        this.transfers = transfers;
    }

    long read(Pipe.End end, ByteBuffer into) {
        if (!end.reads()) {
            return Errno.EBADF.negated();
        }
        Pipe pipe = end.pipe();
        long got = pipe.read(into);
        while (got == AGAIN && !end.nonBlocking) {
            Waiting.on(pipe.waitQueue, pipe.readable, WaitQueue.FOREVER, "read");
            got = pipe.read(into);
        }
        return got;
    }

    long write(Pipe.End end, ByteBuffer from) {
        if (end.reads()) {
            return Errno.EBADF.negated();
        }
        Pipe pipe = end.pipe();
        long total = 0;
        while (true) {
            long put = pipe.write(from);
            total += Math.max(put, 0);
            if (put < 0 && put != AGAIN || !from.hasRemaining() || end.nonBlocking) {
                return total > 0 ? total : put;
            }
            Waiting.on(pipe.waitQueue, pipe.writable, WaitQueue.FOREVER, "write");
        }
    }

    /** Moves up to {@code length} bytes from one file to the other; one of them is a pipe, the other a pipe or a stream. */
    long splice(File in, File out, long length, int flags) {
        if ((flags & ~SPLICE_FLAGS) != 0) {
            return Errno.EINVAL.negated();
        }
        boolean dontWait = (flags & SPLICE_F_NONBLOCK) != 0;
        int limit = (int) Math.min(Math.max(length, 0), Pipe.CAPACITY);
        if (in instanceof Pipe.End from && !from.reads() || out instanceof Pipe.End to && to.reads()) {
            return Errno.EBADF.negated();
        }
        if (length == 0) {
            return 0;
        }
        if (in instanceof Pipe.End from && out instanceof SocketFile socket) {
            return toSocket(from, socket, limit, dontWait, (flags & SPLICE_F_MORE) != 0 ? MSG_MORE : 0);
        }
        if (in instanceof SocketFile socket && out instanceof Pipe.End to) {
            return fromSocket(socket, to, limit, dontWait);
        }
        if (in instanceof Pipe.End from && out instanceof Pipe.End to && from.pipe() != to.pipe()) {
            return between(from, to, limit, dontWait);
        }
        return Errno.EINVAL.negated();
    }

    private long toSocket(Pipe.End from, SocketFile socket, int limit, boolean dontWait, int more) {
        Pipe pipe = from.pipe();
        if (!awaitBytes(from, dontWait)) {
            return AGAIN;
        }
        long total = 0;
        while (total < limit && pipe.length() > 0) {
            ByteBuffer bytes = pipe.front(limit - (int) total);
            long sent = transfers.send(socket, new Message().set(bytes), more | (dontWait ? MSG_DONTWAIT : 0));
            if (sent <= 0) {
                return total > 0 ? total : sent;
            }
            pipe.drop((int) sent);
            total += sent;
            if (bytes.hasRemaining()) {
                break;
            }
        }
        return total;
    }

    private long fromSocket(SocketFile socket, Pipe.End to, int limit, boolean dontWait) {
        Pipe pipe = to.pipe();
        if (!awaitSpace(to, dontWait)) {
            return AGAIN;
        }
        if (pipe.readEnd.isReleased()) {
            return Errno.EPIPE.negated();
        }
        if (socket.sock.receivable() > 0 && socket.sock.ioctl(FIONREAD) == 0) {
            return 0; // an urgent byte is next, which is not part of the stream for a reader like this
        }
        ByteBuffer bytes = ByteBuffer.allocate(Math.min(limit, pipe.space()));
        long got = transfers.receive(socket, new Message().set(bytes), dontWait ? MSG_DONTWAIT : 0);
        return got <= 0 ? got : pipe.write(bytes.flip());
    }

    private static long between(Pipe.End from, Pipe.End to, int limit, boolean dontWait) {
        if (!awaitBytes(from, dontWait) || !awaitSpace(to, dontWait)) {
            return AGAIN;
        }
        if (from.pipe().length() == 0) {
            return 0;
        }
        ByteBuffer bytes = from.pipe().front(Math.min(limit, to.pipe().space()));
        long moved = to.pipe().write(bytes);
        if (moved > 0) {
            from.pipe().drop((int) moved);
        }
        return moved;
    }

    private static boolean awaitBytes(Pipe.End end, boolean dontWait) {
        Pipe pipe = end.pipe();
        if (!pipe.readable.getAsBoolean() && !dontWait && !end.nonBlocking) {
            Waiting.on(pipe.waitQueue, pipe.readable, WaitQueue.FOREVER, "splice");
        }
        return pipe.readable.getAsBoolean();
    }

    private static boolean awaitSpace(Pipe.End end, boolean dontWait) {
        Pipe pipe = end.pipe();
        if (!pipe.writable.getAsBoolean() && !dontWait && !end.nonBlocking) {
            Waiting.on(pipe.waitQueue, pipe.writable, WaitQueue.FOREVER, "splice");
        }
        return pipe.writable.getAsBoolean();
    }
}
