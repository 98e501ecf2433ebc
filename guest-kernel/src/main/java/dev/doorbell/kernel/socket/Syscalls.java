package dev.doorbell.kernel.socket;

import static dev.doorbell.kernel.socket.SocketConstants.*;

import dev.doorbell.kernel.core.Errno;
import dev.doorbell.kernel.core.ErrnoException;
import dev.doorbell.kernel.core.KernelContext;
import dev.doorbell.kernel.core.WaitQueue;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The socket system calls of one guest process, by descriptor. Calls block as POSIX says unless O_NONBLOCK or
 * MSG_DONTWAIT: on a baton thread they park it, on the world's own top-level thread they run the world; inside an event
 * they may only be used without blocking.
 *
 * <p>An error is thrown as {@link ErrnoException}. Code that cannot afford an exception for "not now" works on
 * {@link #sock} itself.
 */
public final class Syscalls {
    private static final int OPTION_BYTES = 4;
    private static final long MILLISECOND_NS = 1_000_000, SECOND_NS = 1_000_000_000;

    private final KernelContext kernel;
    private final SocketFamily[] families;
    private final FileTable files = new FileTable();
    private final List<Epoll> epolls = new ArrayList<>();
    private final Transfers transfers;
    private final PipeCalls pipes;
    private final Message message = new Message();

    public Syscalls(KernelContext kernel, SocketFamily... families) {
        this.kernel = kernel;
        this.families = families.clone();
        this.transfers = new Transfers(kernel);
        this.pipes = new PipeCalls(transfers);
    }

    /** What a process asks for, or got; nothing is built while nobody listens. */
    private void trace(String call, int fd, SocketFile file, long bytes) {
        if (kernel.tracer().isOn()) {
            String kind = file.sock.type() == SOCK_STREAM ? " stream " : " datagram ";
            String count = bytes >= 0 ? "bytes=" + bytes : "error=" + -bytes;
            kernel.tracer().event("syscall", call, "fd=" + fd + kind + file.sock.ports() + " " + count);
        }
    }

    // ---- making and ending

    /**
     * @param type SOCK_*, perhaps with SOCK_NONBLOCK
     * @param protocol IPPROTO_*, 0 is the type's own
     */
    public int socket(int domain, int type, int protocol) throws ErrnoException {
        SocketFamily family = family(domain);
        if (family == null) {
            throw failed("socket", domain, Errno.EAFNOSUPPORT.negated());
        }
        if ((type & ~(SOCK_TYPE_MASK | SOCK_NONBLOCK | SOCK_CLOEXEC)) != 0 || protocol < 0) {
            throw failed("socket", type, Errno.EINVAL.negated());
        }
        Sock sock = family.create(type & SOCK_TYPE_MASK, protocol);
        if (sock == null) {
            throw failed("socket", type, family.refusal());
        }
        return install("socket", sock, (type & SOCK_NONBLOCK) != 0);
    }

    private @Nullable SocketFamily family(int domain) {
        for (SocketFamily family : families) {
            if (family.domain() == domain) {
                return family;
            }
        }
        return null;
    }

    private int install(String call, Sock sock, boolean nonBlocking) throws ErrnoException {
        SocketFile file = new SocketFile(sock);
        file.nonBlocking = nonBlocking;
        return install(call, file, 0);
    }

    private int install(String call, File file, int lowest) throws ErrnoException {
        int fd = files.add(file, lowest);
        if (fd < 0) {
            file.put();
            throw failed(call, fd, Errno.EMFILE.negated());
        }
        return fd;
    }

    /** Lets go of the descriptor; with SO_LINGER on a blocking stream, waits for what was sent. */
    public void close(int fd) throws ErrnoException {
        File file = files.remove(fd);
        if (file == null) {
            throw failed("close", fd, Errno.EBADF.negated());
        }
        for (int i = 0; i < epolls.size(); i++) {
            epolls.get(i).closed(fd, file);
        }
        file.put();
        if (file instanceof Epoll epoll && epoll.isReleased()) {
            epolls.remove(epoll);
        }
        if (file instanceof SocketFile socket && socket.sock.lingerSeconds > 0 && socket.sock.isLingering()) {
            socket.sock.waitQueue().waitUntil(socket.lingered, socket.sock.lingerSeconds * SECOND_NS, "close");
        }
    }

    /** Closes whatever is open, as the end of a process does; waits for nothing. */
    public void closeAll() {
        for (int fd = files.limit() - 1; fd >= 0; fd--) {
            File file = files.remove(fd);
            if (file != null) {
                file.put();
            }
        }
        epolls.clear();
    }

    /** Descriptors that are open. */
    public int openFiles() {
        return files.open();
    }

    // ---- addresses and connections

    public void bind(int fd, SockAddr address) throws ErrnoException {
        check("bind", fd, sock(fd).bind(address));
    }

    public void listen(int fd, int backlog) throws ErrnoException {
        check("listen", fd, sock(fd).listen(backlog));
    }

    /**
     * Waits for a connection.
     *
     * @param flags SOCK_NONBLOCK, for the new descriptor
     * @return the new descriptor; {@link Sock#peerAddress} of it says who it is, also when it was reset meanwhile
     */
    public int accept4(int fd, int flags) throws ErrnoException {
        if ((flags & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)) != 0) {
            throw failed("accept4", fd, Errno.EINVAL.negated());
        }
        SocketFile file = socketFile("accept4", fd);
        Sock connection = transfers.accept(file);
        trace("sys.accept4", fd, file, connection == null ? transfers.acceptError() : 0);
        if (connection == null) {
            throw failed("accept4", fd, transfers.acceptError());
        }
        return install("accept4", connection, (flags & SOCK_NONBLOCK) != 0);
    }

    /** Connects; AF_UNSPEC addresses dissolve a datagram socket's association. */
    public void connect(int fd, SockAddr address) throws ErrnoException {
        SocketFile file = socketFile("connect", fd);
        trace("sys.connect", fd, file, 0);
        check("connect", fd, transfers.connect(file, address));
    }

    public void shutdown(int fd, int how) throws ErrnoException {
        Sock sock = sock(fd);
        if (how < SHUT_RD || how > SHUT_RDWR) {
            throw failed("shutdown", fd, Errno.EINVAL.negated());
        }
        check("shutdown", fd, sock.shutdown(how));
    }

    public @Nullable SockAddr getsockname(int fd) throws ErrnoException {
        return sock(fd).localAddress();
    }

    public SockAddr getpeername(int fd) throws ErrnoException {
        Sock sock = sock(fd);
        SockAddr peer = sock.peerAddress();
        if (peer == null || !sock.hasPeer()) {
            throw failed("getpeername", fd, Errno.ENOTCONN.negated());
        }
        return peer;
    }

    // ---- data

    /** @return bytes sent; a blocking stream sends all unless an error cuts it short */
    public long sendmsg(int fd, Message message, int flags) throws ErrnoException {
        SocketFile file = socketFile("sendmsg", fd);
        trace("sys.sendmsg", fd, file, message.data.remaining());
        return check("sendmsg", fd, transfers.send(file, message, flags));
    }

    public long send(int fd, ByteBuffer data, int flags) throws ErrnoException {
        return sendto(fd, data, flags, null);
    }

    public long sendto(int fd, ByteBuffer data, int flags, @Nullable SockAddr to) throws ErrnoException {
        Message borrowed = borrow(data, to);
        SocketFile file = socketFile("sendto", fd);
        trace("sys.sendto", fd, file, data.remaining());
        long sent = transfers.send(file, borrowed, flags);
        return check("sendto", fd, sent);
    }

    public long write(int fd, ByteBuffer data) throws ErrnoException {
        return files.get(fd) instanceof Pipe.End end
                ? check("write", fd, pipes.write(end, data))
                : sendto(fd, data, 0, null);
    }

    /** @return bytes received, 0 at the end of a stream; with MSG_TRUNC the datagram's true length */
    public long recvmsg(int fd, Message message, int flags) throws ErrnoException {
        SocketFile file = socketFile("recvmsg", fd);
        long received = transfers.receive(file, message, flags);
        trace("sys.recvmsg", fd, file, received);
        return check("recvmsg", fd, received);
    }

    public long recv(int fd, ByteBuffer into, int flags) throws ErrnoException {
        return recvfrom(fd, into, flags, null);
    }

    /** @param from filled with the sender's address; null: not wanted */
    public long recvfrom(int fd, ByteBuffer into, int flags, @Nullable SockAddr from) throws ErrnoException {
        Message borrowed = borrow(into, from);
        SocketFile file = socketFile("recvfrom", fd);
        long received = transfers.receive(file, borrowed, flags);
        trace("sys.recvfrom", fd, file, received);
        return check("recvfrom", fd, received);
    }

    public long read(int fd, ByteBuffer into) throws ErrnoException {
        return files.get(fd) instanceof Pipe.End end
                ? check("read", fd, pipes.read(end, into))
                : recvfrom(fd, into, 0, null);
    }

    /** @return the descriptor to read from in the low 32 bits, that to write to in the high ones */
    public long pipe() throws ErrnoException {
        Pipe pipe = new Pipe(kernel);
        int read = install("pipe", pipe.readEnd, 0);
        try {
            return (long) install("pipe", pipe.writeEnd, 0) << Integer.SIZE | read;
        } catch (ErrnoException e) {
            close(read);
            throw e;
        }
    }

    /**
     * Moves bytes between a pipe and a stream socket or another pipe without showing them to the caller.
     *
     * @param length most bytes to move
     * @param flags SPLICE_F_*
     * @return bytes moved, 0 at the end of the input
     */
    public long splice(int in, int out, long length, int flags) throws ErrnoException {
        File from = files.get(in);
        File to = files.get(out);
        if (from == null || to == null) {
            throw failed("splice", from == null ? in : out, Errno.EBADF.negated());
        }
        return check("splice", in, pipes.splice(from, to, length, flags));
    }

    /** The one reused message, unless a blocking call on another thread sits in it. */
    private Message borrow(ByteBuffer data, @Nullable SockAddr name) {
        return (transfers.isWaiting() ? new Message() : message).set(data, name);
    }

    // ---- readiness

    /**
     * @param timeoutMs -1 waits for ever, 0 only looks
     * @return how many of {@code fds} have a nonzero revents
     */
    public int poll(int timeoutMs, PollFd... fds) {
        int ready = look(fds);
        if (ready != 0 || timeoutMs == 0) {
            return ready;
        }
        PollWait wait = new PollWait(kernel, () -> look(fds) != 0);
        for (PollFd entry : fds) {
            wait.watch(files.get(entry.fd));
        }
        try {
            wait.await(timeoutNs(timeoutMs), "poll");
        } finally {
            wait.end();
        }
        return look(fds);
    }

    private int look(PollFd[] fds) {
        int ready = 0;
        for (PollFd entry : fds) {
            File file = files.get(entry.fd);
            entry.revents =
                    entry.fd < 0 ? 0 : file == null ? POLLNVAL : file.poll() & (entry.events | EPOLLERR | EPOLLHUP);
            if (entry.revents != 0) {
                ready++;
            }
        }
        return ready;
    }

    public int epollCreate() throws ErrnoException {
        Epoll epoll = new Epoll(kernel);
        int fd = install("epoll_create1", epoll, 0);
        epolls.add(epoll);
        return fd;
    }

    /**
     * @param operation EPOLL_CTL_ADD, MOD, DEL
     * @param events EPOLL* bits, EPOLLET, EPOLLONESHOT
     * @param data comes back with each event
     */
    public void epollCtl(int epfd, int operation, int fd, int events, long data) throws ErrnoException {
        Epoll epoll = epoll("epoll_ctl", epfd);
        File file = files.get(fd);
        if (file == null) {
            throw failed("epoll_ctl", fd, Errno.EBADF.negated());
        }
        int result = file == epoll
                ? Errno.EINVAL.negated()
                : switch (operation) {
                    case EPOLL_CTL_ADD -> epoll.add(fd, file, events, data);
                    case EPOLL_CTL_MOD -> epoll.modify(fd, events, data);
                    case EPOLL_CTL_DEL -> epoll.delete(fd);
                    default -> Errno.EINVAL.negated();
                };
        check("epoll_ctl", fd, result);
    }

    /**
     * @param timeoutMs -1 waits for ever, 0 only looks
     * @return how many events are in {@code into}
     */
    public int epollWait(int epfd, EpollEvents into, int timeoutMs) throws ErrnoException {
        Epoll epoll = epoll("epoll_wait", epfd);
        int ready = epoll.collect(into);
        if (ready != 0 || timeoutMs == 0) {
            return ready;
        }
        Waiting.on(epoll.waitQueue(), epoll.hasReady, timeoutNs(timeoutMs), "epoll_wait");
        return epoll.collect(into);
    }

    private Epoll epoll(String call, int fd) throws ErrnoException {
        File file = files.get(fd);
        if (file instanceof Epoll epoll) {
            return epoll;
        }
        throw failed(call, fd, (file == null ? Errno.EBADF : Errno.EINVAL).negated());
    }

    private static long timeoutNs(int timeoutMs) {
        return timeoutMs < 0 ? WaitQueue.FOREVER : timeoutMs * MILLISECOND_NS;
    }

    // ---- options

    public void setsockopt(int fd, int level, int name, ByteBuffer value) throws ErrnoException {
        check("setsockopt", fd, sock(fd).setsockopt(level, name, value));
    }

    /** For options that are an int. */
    public void setsockopt(int fd, int level, int name, int value) throws ErrnoException {
        setsockopt(fd, level, name, ByteBuffer.allocate(OPTION_BYTES).putInt(0, value));
    }

    /** @return bytes written into {@code into} */
    public int getsockopt(int fd, int level, int name, ByteBuffer into) throws ErrnoException {
        return (int) check("getsockopt", fd, sock(fd).getsockopt(level, name, into));
    }

    /** For options that are an int. */
    public int getsockopt(int fd, int level, int name) throws ErrnoException {
        ByteBuffer value = ByteBuffer.allocate(OPTION_BYTES);
        getsockopt(fd, level, name, value);
        return value.getInt(0);
    }

    /** @param command F_GETFL, F_SETFL (only O_NONBLOCK matters), F_GETFD, F_SETFD, F_DUPFD */
    public int fcntl(int fd, int command, int argument) throws ErrnoException {
        File file = files.get(fd);
        if (file == null) {
            throw failed("fcntl", fd, Errno.EBADF.negated());
        }
        switch (command) {
            case F_GETFL:
                return O_RDWR | (file.nonBlocking ? O_NONBLOCK : 0);
            case F_SETFL:
                file.nonBlocking = (argument & O_NONBLOCK) != 0;
                return 0;
            case F_GETFD, F_SETFD:
                return 0; // there is no exec that would look at close-on-exec
            case F_DUPFD:
                return install("fcntl", file.get(), argument);
            default:
                throw failed("fcntl", fd, Errno.EINVAL.negated());
        }
    }

    public int dup(int fd) throws ErrnoException {
        return fcntl(fd, F_DUPFD, 0);
    }

    /** @param request FIONREAD, SIOCOUTQ, SIOCATMARK (return the value), FIONBIO (takes {@code argument}) */
    public int ioctl(int fd, int request, int argument) throws ErrnoException {
        SocketFile file = socketFile("ioctl", fd);
        if (request == FIONBIO) {
            file.nonBlocking = argument != 0;
            return 0;
        }
        return (int) check("ioctl", fd, file.sock.ioctl(request));
    }

    /** True when the descriptor is open and a socket. */
    public boolean isSocket(int fd) throws ErrnoException {
        File file = files.get(fd);
        if (file == null) {
            throw failed("descriptor", fd, Errno.EBADF.negated());
        }
        return file instanceof SocketFile;
    }

    // ---- for code that works on the socket itself

    /** The socket behind a descriptor, whose calls never block. Stays the descriptor's. */
    public Sock sock(int fd) throws ErrnoException {
        return socketFile("socket call", fd).sock;
    }

    private SocketFile socketFile(String call, int fd) throws ErrnoException {
        File file = files.get(fd);
        if (file instanceof SocketFile socket) {
            return socket;
        }
        throw failed(call, fd, (file == null ? Errno.EBADF : Errno.ENOTSOCK).negated());
    }

    private static long check(String call, int fd, long result) throws ErrnoException {
        if (result < 0) {
            throw failed(call, fd, result);
        }
        return result;
    }

    private static ErrnoException failed(String call, int argument, long error) {
        return new ErrnoException(call + "(" + argument + ")", Errno.of(error));
    }
}
