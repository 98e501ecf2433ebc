package dev.doorbell.kernel.socket;

import dev.doorbell.kernel.core.Errno;
import dev.doorbell.kernel.core.KernelContext;
import dev.doorbell.kernel.core.WaitQueue;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * One socket: struct sock and its protocol's operations, one subclass per protocol. No call here blocks: each returns
 * 0 or a count, or a negated errno (-EAGAIN, -EINPROGRESS); blocking is built on top, in {@link Syscalls}, from
 * {@link #poll()} and {@link #waitQueue()}.
 *
 * <p>Runs on its world's thread, from tasks (calls) and softirqs (packets). Fields that options set are public as the
 * struct's are.
 */
public abstract class Sock {
    /** Bits of {@link #shutdownMask}. */
    public static final int RCV_SHUTDOWN = 1, SEND_SHUTDOWN = 2;

    /** Default of SO_RCVBUF and SO_SNDBUF in bytes: net.core.rmem_default. */
    public static final int DEFAULT_BUFFER_BYTES = 212_992;

    private static final Runnable NO_LISTENER = () -> {};

    private final KernelContext kernel;
    private final int domain;
    private final int type;
    private final int protocol;
    private final WaitQueue waitQueue;
    private final Watchers watchers = new Watchers();
    private Runnable listener = NO_LISTENER;

    /** Options of SOL_SOCKET. */
    public boolean reuseAddress, reusePort, broadcast, keepAlive, dontRoute, outOfBandInline, noCheck;

    /** SO_TIMESTAMP or SO_TIMESTAMPNS; SO_RXQ_OVFL. */
    public boolean receiveTimestamp, receiveDropCount;
    /** True while it listens: SO_ACCEPTCONN. */
    public boolean acceptsConnections;
    /** Limits of the queues in bytes of truesize; twice what the option was set to, as in Linux. */
    public int receiveBufferBytes = DEFAULT_BUFFER_BYTES, sendBufferBytes = DEFAULT_BUFFER_BYTES;
    /** Set by the application: the protocol must not tune these itself any more. */
    public boolean receiveBufferLocked, sendBufferLocked;

    public int receiveLowWater = 1;
    /** Blocking limits; 0 means for ever. */
    public long receiveTimeoutNs, sendTimeoutNs;
    /** SO_LINGER in seconds; -1 is off. */
    public int lingerSeconds = -1;

    /** SO_MAX_PACING_RATE in bytes per second, unsigned; -1 (all ones) is no limit. */
    public long maxPacingRate = -1;

    public int mark, priority;
    /** SO_DEBUG, SO_BUSY_POLL: kept and shown, and without effect. */
    public boolean debug;

    public int busyPoll;
    /** Interface index that packets must use; 0 is any. */
    public int boundInterface;
    /** RCV_SHUTDOWN, SEND_SHUTDOWN. */
    public int shutdownMask;
    /** Packets dropped because the receive queue was full. */
    public int drops;

    /** Blocking sends that have data and wait for room, or for the connection. */
    public int writersWaiting;

    /** Pending error, positive; SO_ERROR and the next call return and clear it. */
    private int pendingError;

    /**
     * @param domain AF_*
     * @param type SOCK_*
     * @param protocol IPPROTO_*
     */
    protected Sock(KernelContext kernel, int domain, int type, int protocol) {
        this.kernel = kernel;
        this.domain = domain;
        this.type = type;
        this.protocol = protocol;
        this.waitQueue = new WaitQueue(kernel);
    }

    // ---- operations of the protocol

    public abstract int bind(SockAddr address);

    /** @param flags O_NONBLOCK or 0; -EINPROGRESS when the result will show up as writability and SO_ERROR */
    public abstract int connect(SockAddr address, int flags);

    public int listen(int backlog) {
        return Errno.EOPNOTSUPP.negated();
    }

    /** Takes the first established connection; null: see {@link #acceptError()}. */
    public @Nullable Sock accept() {
        return null;
    }

    /** Why {@link #accept()} gave null, negated: -EAGAIN when none is there yet. */
    public int acceptError() {
        return Errno.EOPNOTSUPP.negated();
    }

    /**
     * @param flags MSG_*
     * @return bytes taken, or a negated errno
     */
    public abstract long sendmsg(Message message, int flags);

    /**
     * @param flags MSG_*
     * @return bytes delivered (with MSG_TRUNC: the datagram's true length), or a negated errno
     */
    public abstract long recvmsg(Message message, int flags);

    /** What is ready: EPOLLIN, EPOLLOUT, EPOLLERR, EPOLLHUP, EPOLLRDHUP, EPOLLPRI, EPOLLRDNORM, EPOLLWRNORM. */
    public abstract int poll();

    /** @param how SHUT_RD, SHUT_WR, SHUT_RDWR */
    public abstract int shutdown(int how);

    /** The last descriptor is gone. The protocol may live on for a while; no call comes any more. */
    public abstract void release();

    /** After {@link #release()}: data sent before is not acknowledged yet. A close with SO_LINGER waits for it. */
    public boolean isLingering() {
        return false;
    }

    /** A send has begun to open the connection; a blocking one returns when it is open. */
    public boolean isOpening() {
        return false;
    }

    /** Bytes of a stream that a receive call would find now. */
    public int receivable() {
        return 0;
    }

    /** Bytes of truesize that wait to be read. */
    public int receiveMemoryBytes() {
        return 0;
    }

    /** Bytes of truesize that are queued to be sent, or sent and not acknowledged. */
    public int sendMemoryBytes() {
        return 0;
    }

    /** Where it is bound; null when the family has no such thing. Allocates. */
    public abstract @Nullable SockAddr localAddress();

    /** Whom it is connected to, or null. Allocates. */
    public abstract @Nullable SockAddr peerAddress();

    /** Whether getpeername tells it. */
    public boolean hasPeer() {
        return peerAddress() != null;
    }

    /**
     * Sets an option. Integers are read in the buffer's byte order, addresses (struct ip_mreq) in network byte order.
     *
     * @param value the option's value, from position to limit
     * @return 0 or a negated errno
     */
    public int setsockopt(int level, int name, ByteBuffer value) {
        return level == SocketConstants.SOL_SOCKET ? SocketOptions.set(this, name, value) : Errno.ENOPROTOOPT.negated();
    }

    /**
     * Writes an option's value into {@code into}, cut to what has room.
     *
     * @return bytes written (the position moves by as many) or a negated errno
     */
    public int getsockopt(int level, int name, ByteBuffer into) {
        return level == SocketConstants.SOL_SOCKET ? SocketOptions.get(this, name, into) : Errno.ENOPROTOOPT.negated();
    }

    /**
     * @param request FIONREAD, SIOCOUTQ, SIOCATMARK
     * @return the value, or a negated errno
     */
    public int ioctl(int request) {
        return Errno.ENOTTY.negated();
    }

    /**
     * Turns the interface's name into its index for SO_BINDTODEVICE.
     *
     * @return 0 or less: a negated errno
     */
    protected int interfaceIndex(String name) {
        return Errno.ENODEV.negated();
    }

    /** The interface's name by its index, for SO_BINDTODEVICE; null: it is gone. */
    protected @Nullable String interfaceName(int index) {
        return null;
    }

    // ---- what all sockets share

    public final int domain() {
        return domain;
    }

    public final int type() {
        return type;
    }

    public final int protocol() {
        return protocol;
    }

    /** Where calls that must wait do so. */
    public final WaitQueue waitQueue() {
        return waitQueue;
    }

    /** Pending error, positive, or 0. */
    public final int pendingError() {
        return pendingError;
    }

    /** Sets the pending error (sk_err) and tells everybody. */
    public final void reportError(Errno error) {
        pendingError = error.number();
        stateChanged(SocketConstants.EPOLLERR | SocketConstants.EPOLLIN | SocketConstants.EPOLLOUT);
    }

    /** Sets the pending error, positive, without telling anybody; 0 forgets it. */
    public final void pendingError(int number) {
        pendingError = number;
    }

    /** Takes the pending error: negated, 0 when there is none. */
    public final int takeError() {
        int error = pendingError;
        pendingError = 0;
        return -error;
    }

    /** An error that did not end the connection and may be over: positive, cleared; only SO_ERROR tells it. */
    protected int takeSoftError() {
        return 0;
    }

    /**
     * Readiness may have changed: wakes waiting calls, epoll entries and the listener. Every protocol calls it after
     * each change that {@link #poll()} would show.
     *
     * @param mask EPOLL* bits that may have become set
     */
    public final void stateChanged(int mask) {
        if (kernel.tracer().isOn()) {
            if ((mask & SocketConstants.EPOLLIN) != 0) {
                kernel.tracer().event("sock", "readable", ports());
            }
            kernel.tracer()
                    .event("sock", "state_change", "protocol=" + protocol + " ready=0x" + Integer.toHexString(mask));
        }
        waitQueue.wakeUp();
        watchers.ready(mask);
        listener.run();
    }

    /**
     * Something is ready that was so before: new only to epoll entries that are edge triggered, and to nobody who waits.
     *
     * @param mask EPOLL* bits
     */
    protected final void readyOnceMore(int mask) {
        watchers.ready(mask);
    }

    /** Its own port and its peer's, 0 where there is none: for traces. */
    final String ports() {
        SockAddr local = localAddress(), peer = peerAddress();
        return "port=" + (local == null ? 0 : local.port()) + "/" + (peer == null ? 0 : peer.port());
    }

    /** One in-kernel listener that runs at every {@link #stateChanged}: asynchronous users of sockets. Null: none. */
    public final void setListener(@Nullable Runnable listener) {
        this.listener = listener == null ? NO_LISTENER : listener;
    }

    final void addWatcher(SockWatcher watcher) {
        watchers.add(watcher);
    }

    final void removeWatcher(SockWatcher watcher) {
        watchers.remove(watcher);
    }
}
