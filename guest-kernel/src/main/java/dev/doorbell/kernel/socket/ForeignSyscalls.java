package dev.doorbell.kernel.socket;

import dev.doorbell.bus.time.World;
import dev.doorbell.kernel.core.ErrnoException;
import java.nio.ByteBuffer;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The system calls of a guest process for threads of the host that are no part of its world: each call crosses over,
 * blocks inside for as long as it must, and comes back with its result. Any number of threads may call at once; whoever
 * runs the world keeps running it. For real time: in virtual time, when a call gets in would differ from run to run.
 *
 * <p>Buffers belong to the call until it returns. The process's own calls, on the world's thread, may be mixed with
 * these. {@link #call} is the way for whatever has no method here, and saves crossings when several calls go together.
 */
public final class ForeignSyscalls {
    private final World world;
    private final Syscalls process;

    public ForeignSyscalls(World world, Syscalls process) {
        this.world = world;
        this.process = process;
    }

    /** What to do inside. */
    @FunctionalInterface
    public interface Body<T> {
        T run(Syscalls process) throws ErrnoException;
    }

    /** Runs {@code body} inside the world and waits for it. */
    public <T> T call(String name, Body<T> body) throws ErrnoException {
        return world.<T, ErrnoException>call(name, () -> body.run(process));
    }

    /** @see Syscalls#socket */
    public int socket(int domain, int type, int protocol) throws ErrnoException {
        return call("socket", p -> p.socket(domain, type, protocol));
    }

    /** @see Syscalls#bind */
    public void bind(int fd, SockAddr address) throws ErrnoException {
        call("bind", p -> {
            p.bind(fd, address);
            return 0;
        });
    }

    /** @see Syscalls#listen */
    public void listen(int fd, int backlog) throws ErrnoException {
        call("listen", p -> {
            p.listen(fd, backlog);
            return 0;
        });
    }

    /** @see Syscalls#accept4 */
    public int accept4(int fd, int flags) throws ErrnoException {
        return call("accept4", p -> p.accept4(fd, flags));
    }

    /** @see Syscalls#connect */
    public void connect(int fd, SockAddr address) throws ErrnoException {
        call("connect", p -> {
            p.connect(fd, address);
            return 0;
        });
    }

    /** @see Syscalls#getsockname */
    public @Nullable SockAddr getsockname(int fd) throws ErrnoException {
        return call("getsockname", p -> Optional.ofNullable(p.getsockname(fd))).orElse(null);
    }

    /** @see Syscalls#getpeername */
    public SockAddr getpeername(int fd) throws ErrnoException {
        return call("getpeername", p -> p.getpeername(fd));
    }

    /** @see Syscalls#sendto */
    public long sendto(int fd, ByteBuffer data, int flags, @Nullable SockAddr to) throws ErrnoException {
        return call("sendto", p -> p.sendto(fd, data, flags, to));
    }

    /** @see Syscalls#send */
    public long send(int fd, ByteBuffer data, int flags) throws ErrnoException {
        return sendto(fd, data, flags, null);
    }

    /** @see Syscalls#write */
    public long write(int fd, ByteBuffer data) throws ErrnoException {
        return sendto(fd, data, 0, null);
    }

    /** @see Syscalls#recvfrom */
    public long recvfrom(int fd, ByteBuffer into, int flags, @Nullable SockAddr from) throws ErrnoException {
        return call("recvfrom", p -> p.recvfrom(fd, into, flags, from));
    }

    /** @see Syscalls#recv */
    public long recv(int fd, ByteBuffer into, int flags) throws ErrnoException {
        return recvfrom(fd, into, flags, null);
    }

    /** @see Syscalls#read */
    public long read(int fd, ByteBuffer into) throws ErrnoException {
        return recvfrom(fd, into, 0, null);
    }

    /** @see Syscalls#poll */
    public int poll(int timeoutMs, PollFd... fds) throws ErrnoException {
        return call("poll", p -> p.poll(timeoutMs, fds));
    }

    /** @see Syscalls#setsockopt(int, int, int, int) */
    public void setsockopt(int fd, int level, int name, int value) throws ErrnoException {
        call("setsockopt", p -> {
            p.setsockopt(fd, level, name, value);
            return 0;
        });
    }

    /** @see Syscalls#getsockopt(int, int, int) */
    public int getsockopt(int fd, int level, int name) throws ErrnoException {
        return call("getsockopt", p -> p.getsockopt(fd, level, name));
    }

    /** @see Syscalls#shutdown */
    public void shutdown(int fd, int how) throws ErrnoException {
        call("shutdown", p -> {
            p.shutdown(fd, how);
            return 0;
        });
    }

    /** @see Syscalls#close */
    public void close(int fd) throws ErrnoException {
        call("close", p -> {
            p.close(fd);
            return 0;
        });
    }
}
