package dev.doorbell.kernel.socket;

import static dev.doorbell.kernel.socket.SocketConstants.*;

import dev.doorbell.kernel.core.Errno;
import dev.doorbell.kernel.core.KernelContext;
import dev.doorbell.kernel.core.WaitQueue;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Makes the calls of {@link Sock} that cannot go on "now" into ones that wait: a loop of try, wait until ready or out
 * of time, try again. Results are those of the system call: counts or negated errnos.
 */
final class Transfers {
    private static final int AGAIN = Errno.EAGAIN.negated();
    private static final int IN_PROGRESS = Errno.EINPROGRESS.negated();

    private final KernelContext kernel;
    private int acceptError;
    private int waiting;

    Transfers(KernelContext kernel) {
        this.kernel = kernel;
    }

    /** True while some call of this process sits and waits. */
    boolean isWaiting() {
        return waiting != 0;
    }

    long receive(SocketFile file, Message message, int flags) {
        boolean dontWait = dontWait(file, flags);
        mightSleep(dontWait, "recvmsg");
        boolean stream = file.sock.type() == SOCK_STREAM;
        if (stream && (flags & MSG_PEEK) != 0) {
            return peek(file, message, flags);
        }
        Sock sock = file.sock;
        int target = stream ? target(sock, message.data.remaining(), flags) : 1;
        long got = sock.recvmsg(message, flags);
        long total = Math.max(got, 0);
        if (!needsMore(sock, got, total, target) || dontWait) {
            return got;
        }
        if (isOver(sock, got)) {
            return 0;
        }
        long deadline = deadline(sock.receiveTimeoutNs);
        file.get();
        try {
            while (needsMore(sock, got, total, target)
                    && !isOver(sock, got)
                    && await(file, file.readable, deadline, "recvmsg")) {
                int error = sock.pendingError();
                got = sock.recvmsg(message, flags);
                total += Math.max(got, 0);
                keepError(sock, error, got, total);
            }
        } finally {
            file.put();
        }
        return total > 0 ? total : isOver(sock, got) ? 0 : got;
    }

    /** A datagram socket that was shut down for reading has what came before; who would wait for more is told the end. */
    private static boolean isOver(Sock sock, long got) {
        return got == AGAIN && sock.type() != SOCK_STREAM && (sock.shutdownMask & Sock.RCV_SHUTDOWN) != 0;
    }

    /** Bytes that a receive waits for: all, or SO_RCVLOWAT of them. */
    private static int target(Sock sock, int wanted, int flags) {
        return (flags & MSG_WAITALL) != 0 ? wanted : Math.min(sock.receiveLowWater, wanted);
    }

    private static boolean needsMore(Sock sock, long got, long total, int target) {
        return got == AGAIN || got > 0 && total < target && sock.ioctl(SIOCATMARK) <= 0; // a read ends at the mark
    }

    /** Looks at the beginning of a stream, again and again until as much as is wanted is there. */
    private long peek(SocketFile file, Message message, int flags) {
        Sock sock = file.sock;
        int start = message.data.position();
        int target = target(sock, message.data.remaining(), flags);
        long got = sock.recvmsg(message, flags);
        if (got != AGAIN && (got <= 0 || got >= target) || dontWait(file, flags)) {
            return got;
        }
        long deadline = deadline(sock.receiveTimeoutNs);
        file.get();
        try {
            int wake = EPOLLERR | EPOLLHUP | EPOLLRDHUP | EPOLLPRI;
            BooleanSupplier enough = () -> sock.receivable() >= target || (sock.poll() & wake) != 0;
            await(file, enough, deadline, "recvmsg");
            message.data.position(start);
            return sock.recvmsg(message, flags);
        } finally {
            file.put();
        }
    }

    /** A call that moved something reports that; an error that it ran into behind is for the next one. */
    private static void keepError(Sock sock, int error, long result, long total) {
        if (total > 0 && error != 0 && result == -error) {
            sock.pendingError(error);
        }
    }

    long send(SocketFile file, Message message, int flags) {
        Sock sock = file.sock;
        boolean dontWait = dontWait(file, flags);
        mightSleep(dontWait, "sendmsg");
        boolean stream = sock.type() == SOCK_STREAM;
        long sent = sock.sendmsg(message, flags);
        // A send that opens the connection (MSG_FASTOPEN) waits until it is open, even with all its data on the way.
        boolean opening = stream && sock.isOpening() && (sent >= 0 || sent == IN_PROGRESS);
        boolean more = opening || sent == AGAIN || stream && sent >= 0 && message.data.hasRemaining();
        if (!more || dontWait) {
            return sent;
        }
        long deadline = deadline(sock.sendTimeoutNs);
        long total = Math.max(sent, 0);
        int writing = message.data.hasRemaining() ? 1 : 0;
        file.get();
        sock.writersWaiting += writing;
        try {
            while (more && await(file, file.writable, deadline, "sendmsg")) {
                int error = sock.pendingError();
                if (opening) {
                    opening = false;
                    if (error != 0) {
                        return sock.takeError();
                    }
                    sent = 0;
                    if (!message.data.hasRemaining()) {
                        break;
                    }
                }
                sent = sock.sendmsg(message, flags & ~MSG_FASTOPEN);
                total += Math.max(sent, 0);
                keepError(sock, error, sent, total);
                more = sent == AGAIN || stream && sent >= 0 && message.data.hasRemaining();
            }
        } finally {
            sock.writersWaiting -= writing;
            file.put();
        }
        return total > 0 ? total : sent;
    }

    /** @return null: see {@link #acceptError()} */
    @Nullable
    Sock accept(SocketFile file) {
        mightSleep(file.nonBlocking, "accept4");
        Sock sock = file.sock;
        Sock connection = sock.accept();
        acceptError = connection == null ? sock.acceptError() : 0;
        if (acceptError != AGAIN || file.nonBlocking) {
            return connection;
        }
        long deadline = deadline(sock.receiveTimeoutNs);
        file.get();
        try {
            while (connection == null
                    && sock.acceptError() == AGAIN
                    && await(file, file.readable, deadline, "accept4")) {
                connection = sock.accept();
            }
            // Another call may have accepted in the meantime: what counts is this call's outcome.
            acceptError = connection == null ? sock.acceptError() : 0;
        } finally {
            file.put();
        }
        return connection;
    }

    int acceptError() {
        return acceptError;
    }

    int connect(SocketFile file, SockAddr address) {
        mightSleep(file.nonBlocking, "connect");
        Sock sock = file.sock;
        int result = sock.connect(address, file.nonBlocking ? O_NONBLOCK : 0);
        boolean underWay = result == Errno.EINPROGRESS.negated() || result == Errno.EALREADY.negated();
        if (!underWay || file.nonBlocking) {
            return result;
        }
        file.get();
        try {
            boolean over = await(file, file.writable, deadline(sock.sendTimeoutNs), "connect");
            // Asked again, a socket gives the attempt's result.
            return over ? sock.connect(address, 0) : Errno.EINPROGRESS.negated();
        } finally {
            file.put();
        }
    }

    /** A call that may wait is a bug in atomic context, also when it happens not to have to. */
    private void mightSleep(boolean dontWait, String call) {
        if (!dontWait) {
            kernel.cpu().mightSleep(call);
        }
    }

    private static boolean dontWait(SocketFile file, int flags) {
        return file.nonBlocking || (flags & (MSG_DONTWAIT | MSG_ERRQUEUE | MSG_OOB)) != 0;
    }

    private long deadline(long timeoutNs) {
        return timeoutNs == 0 ? WaitQueue.FOREVER : kernel.nowNs() + timeoutNs;
    }

    private boolean await(SocketFile file, BooleanSupplier condition, long deadline, String call) {
        long limit = deadline == WaitQueue.FOREVER ? deadline : Math.max(0, deadline - kernel.nowNs());
        waiting++;
        try {
            return Waiting.on(file.sock.waitQueue(), condition, limit, call);
        } finally {
            waiting--;
        }
    }
}
