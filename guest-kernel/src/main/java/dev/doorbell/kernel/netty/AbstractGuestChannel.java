package dev.doorbell.kernel.netty;

import static dev.doorbell.kernel.socket.SocketConstants.*;

import dev.doorbell.bus.time.Event;
import dev.doorbell.kernel.socket.Sock;
import io.netty.channel.AbstractChannel;
import io.netty.channel.Channel;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.ChannelPromise;
import io.netty.channel.ConnectTimeoutException;
import io.netty.channel.EventLoop;
import java.net.SocketAddress;
import java.nio.channels.AlreadyConnectedException;
import java.nio.channels.ConnectionPendingException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What all guest channels share: a socket of the guest kernel, and its readiness as an event of the world. The kernel
 * tells of readiness in softirq context; handlers run afterwards, in an event of their own.
 */
abstract class AbstractGuestChannel extends AbstractChannel {
    final Sock sock;
    final GuestChannelConfig config;
    private @Nullable Event readiness;
    private boolean open = true;
    private boolean readPending;
    private boolean writeBlocked;

    private @Nullable ChannelPromise connectPromise;
    private @Nullable Future<?> connectTimeout;

    @SuppressWarnings("this-escape")
    AbstractGuestChannel(@Nullable Channel parent, Sock sock) {
        super(parent);
        this.sock = sock;
        this.config = makeConfig();
    }

    abstract GuestChannelConfig makeConfig();

    @Override
    public final GuestChannelConfig config() {
        return config;
    }

    @Override
    public final boolean isOpen() {
        return open;
    }

    @Override
    protected final boolean isCompatible(EventLoop loop) {
        return loop instanceof GuestEventLoop;
    }

    // ---- addresses

    @Override
    protected final @Nullable SocketAddress localAddress0() {
        return Addresses.toJava(sock.localAddress());
    }

    @Override
    protected final @Nullable SocketAddress remoteAddress0() {
        return Addresses.toJava(sock.peerAddress());
    }

    @Override
    protected void doBind(SocketAddress local) throws Exception {
        int result = sock.bind(Addresses.toKernel(local, sock.domain()));
        if (result < 0) {
            throw GuestIoException.of("bind " + local, result);
        }
    }

    // ---- readiness

    @Override
    protected final void doRegister() {
        GuestEventLoop loop = (GuestEventLoop) eventLoop();
        Event event = loop.world().event("netty channel", this::ready);
        readiness = event;
        sock.setListener(this::wake);
    }

    @Override
    protected final void doDeregister() {
        sock.setListener(null);
        if (readiness != null) {
            readiness.cancel();
        }
    }

    private void wake() {
        Event event = readiness;
        if (event != null && !event.isScheduled()) {
            event.after(0);
        }
    }

    @Override
    protected final void doBeginRead() {
        readPending = true;
        wake(); // data may wait already
    }

    /** Wants to go on reading at the next readiness; what is there already counts as readiness. */
    final void doBeginReadQuietly() {
        readPending = true;
        if ((sock.poll() & (EPOLLIN | EPOLLRDHUP | EPOLLHUP)) != 0) {
            wake();
        }
    }

    /** Readiness as the socket has it now: finish connecting, write, read, in Netty's order. */
    private void ready() {
        if (!open) {
            return;
        }
        int mask = sock.poll();
        if (connectPromise != null) {
            if ((mask & (EPOLLOUT | EPOLLERR | EPOLLHUP)) == 0) {
                return;
            }
            finishConnect();
            if (!open) {
                return;
            }
        }
        if (writeBlocked && (mask & (EPOLLOUT | EPOLLERR | EPOLLHUP)) != 0) {
            writeBlocked = false;
            ((GuestUnsafe) unsafe()).flushAgain();
        }
        if (open && readPending && (mask & (EPOLLIN | EPOLLERR | EPOLLHUP | EPOLLRDHUP)) != 0) {
            readPending = false;
            readNow();
        }
    }

    /** Reads what is there, within the limits of the receive buffer allocator, and tells the pipeline. */
    abstract void readNow();

    /** The last write could not take all: go on when there is room. */
    final void blockWrite() {
        writeBlocked = true;
    }

    @Override
    protected void doDisconnect() throws Exception {
        doClose();
    }

    @Override
    protected void doClose() throws Exception {
        if (!open) {
            return;
        }
        open = false;
        ChannelPromise promise = connectPromise;
        if (promise != null) {
            promise.tryFailure(new java.nio.channels.ClosedChannelException());
            connectPromise = null;
        }
        stopTimeout();
        sock.setListener(null);
        sock.release();
    }

    @Override
    protected void doWrite(ChannelOutboundBuffer in) throws Exception {
        throw new UnsupportedOperationException("a server channel sends nothing");
    }

    // ---- connecting

    private void stopTimeout() {
        Future<?> timeout = connectTimeout;
        if (timeout != null) {
            timeout.cancel(false);
            connectTimeout = null;
        }
    }

    private void finishConnect() {
        ChannelPromise promise = connectPromise;
        connectPromise = null;
        stopTimeout();
        if (promise != null) {
            int error = sock.takeError();
            ((GuestUnsafe) unsafe()).connected(promise, error);
        }
    }

    @Override
    protected final AbstractUnsafe newUnsafe() {
        return new GuestUnsafe();
    }

    final class GuestUnsafe extends AbstractUnsafe {
        void flushAgain() {
            super.flush0();
        }

        @Override
        protected void flush0() {
            if (!writeBlocked) { // else readiness will come back to it
                super.flush0();
            }
        }

        @Override
        public void connect(SocketAddress remote, @Nullable SocketAddress local, ChannelPromise promise) {
            if (!promise.setUncancellable() || !ensureOpen(promise)) {
                return;
            }
            try {
                if (connectPromise != null) {
                    throw new ConnectionPendingException();
                }
                if (isActive() && sock.type() == SOCK_STREAM) {
                    throw new AlreadyConnectedException();
                }
                if (local != null) {
                    doBind(local);
                }
                int result = sock.connect(Addresses.toKernel(remote, sock.domain()), O_NONBLOCK);
                if (result == 0) {
                    connected(promise, 0);
                } else if (result == dev.doorbell.kernel.core.Errno.EINPROGRESS.negated()) {
                    connectPromise = promise;
                    startTimeout(remote);
                    wake(); // it may be decided already
                } else {
                    throw GuestIoException.of("connect " + remote, result);
                }
            } catch (Exception e) {
                promise.tryFailure(annotateConnectException(e, remote));
                closeIfClosed();
            }
        }

        private void startTimeout(SocketAddress remote) {
            int limitMs = config.getConnectTimeoutMillis();
            if (limitMs > 0) {
                connectTimeout = eventLoop()
                        .schedule(
                                () -> {
                                    ChannelPromise waiting = connectPromise;
                                    if (waiting != null
                                            && waiting.tryFailure(new ConnectTimeoutException(
                                                    "connection timed out after " + limitMs + " ms: " + remote))) {
                                        connectPromise = null;
                                        close(voidPromise());
                                    }
                                },
                                limitMs,
                                TimeUnit.MILLISECONDS);
            }
        }

        void connected(ChannelPromise promise, int error) {
            if (error < 0) {
                promise.tryFailure(GuestIoException.of("connect", error));
                close(voidPromise());
                return;
            }
            boolean told = promise.trySuccess();
            if (isActive()) {
                pipeline().fireChannelActive();
            }
            if (!told) {
                close(voidPromise());
            }
        }
    }
}
