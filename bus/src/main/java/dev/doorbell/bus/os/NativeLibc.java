package dev.doorbell.bus.os;

import jnr.ffi.Pointer;
import jnr.ffi.annotations.In;
import jnr.ffi.types.off_t;
import jnr.ffi.types.size_t;
import jnr.ffi.types.ssize_t;
import org.jspecify.annotations.Nullable;

/**
 * The C prototypes as JNR-FFI binds them. Pointers that the hot path passes are longs: no object, no conversion. Public
 * because the binding is generated outside this package; use {@link Libc}.
 */
public interface NativeLibc {
    int open(@In String path, int flags, int mode);

    int close(int fd);

    @ssize_t
    long read(int fd, long buffer, @size_t long bytes);

    @ssize_t
    long write(int fd, long buffer, @size_t long bytes);

    @ssize_t
    long pread(int fd, long buffer, @size_t long bytes, @off_t long offset);

    @ssize_t
    long pwrite(int fd, long buffer, @size_t long bytes, @off_t long offset);

    @ssize_t
    long readv(int fd, long iovec, int count);

    @ssize_t
    long writev(int fd, long iovec, int count);

    @ssize_t
    long recvmsg(int fd, long msghdr, int flags);

    @ssize_t
    long sendmsg(int fd, long msghdr, int flags);

    int ioctl(int fd, long request, long argument);

    int fcntl(int fd, int command, long argument);

    @Nullable
    Pointer mmap(@Nullable Pointer address, @size_t long bytes, int protection, int flags, int fd, @off_t long offset);

    int munmap(long address, @size_t long bytes);

    int memfd_create(@In String name, int flags);

    int ftruncate(int fd, @off_t long bytes);

    int eventfd(int initial, int flags);

    long signal(int number, long handler);

    int socket(int domain, int type, int protocol);

    int socketpair(int domain, int type, int protocol, long pair);

    @ssize_t
    long send(int fd, long buffer, @size_t long bytes, int flags);

    int bind(int fd, long address, int bytes);

    int connect(int fd, long address, int bytes);

    int listen(int fd, int backlog);

    int accept4(int fd, long address, long bytes, int flags);

    int poll(long pollfds, @size_t long count, int timeoutMs);

    int fchmod(int fd, int mode);

    int flock(int fd, int operation);

    int statx(int directory, @In String path, int flags, int mask, long buffer);

    int statx(int directory, long path, int flags, int mask, long buffer);

    int setpriority(int which, int who, int niceness);

    int getrlimit(int resource, long limits);

    int setns(int fd, int kind);

    int shutdown(int fd, int how);

    int sched_yield();

    int sched_setaffinity(int thread, @size_t long bytes, @In byte[] mask);
}
