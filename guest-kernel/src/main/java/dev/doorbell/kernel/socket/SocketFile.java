package dev.doorbell.kernel.socket;

import static dev.doorbell.kernel.socket.SocketConstants.*;

import java.util.function.BooleanSupplier;

/** A descriptor's socket. Holds the conditions that blocking calls wait for, bound once. */
final class SocketFile extends File {
    final Sock sock;
    /** A receive or accept would not return -EAGAIN. */
    final BooleanSupplier readable;
    /** A send would not return -EAGAIN; a connect is over. */
    final BooleanSupplier writable;
    /** What was sent before close is acknowledged, or given up. */
    final BooleanSupplier lingered;

    SocketFile(Sock sock) {
        this.sock = sock;
        this.readable =
                () -> sock.receivable() > 0 || (sock.poll() & (EPOLLIN | EPOLLERR | EPOLLHUP | EPOLLRDHUP)) != 0;
        this.writable = () -> (sock.poll() & (EPOLLOUT | EPOLLERR | EPOLLHUP)) != 0;
        this.lingered = () -> !sock.isLingering();
    }

    @Override
    int poll() {
        return sock.poll();
    }

    @Override
    void addWatcher(SockWatcher watcher) {
        sock.addWatcher(watcher);
    }

    @Override
    void removeWatcher(SockWatcher watcher) {
        sock.removeWatcher(watcher);
    }

    @Override
    void release() {
        sock.release();
    }
}
