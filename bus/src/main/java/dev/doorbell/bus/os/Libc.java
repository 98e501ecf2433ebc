package dev.doorbell.bus.os;

import jnr.ffi.LibraryLoader;
import jnr.ffi.Pointer;
import jnr.ffi.Runtime;

/**
 * System calls of Linux, with its convention instead of the C library's: the result, or the negated error number. None
 * throws, none allocates except those that take a string. Addresses are of this process, in the form that {@link
 * dev.doorbell.bus.mem.GuestMemory#hostAddress} returns.
 *
 * <p>For everything outside a hot path {@link Fd} is the convenient form.
 */
public final class Libc {
    public static final int O_RDONLY = 0,
            O_WRONLY = 1,
            O_RDWR = 2,
            O_ACCMODE = 3,
            O_CREAT = 0x40,
            O_TRUNC = 0x200,
            O_NONBLOCK = 0x800;
    public static final int O_CLOEXEC = 0x8_0000;
    public static final int F_GETFD = 1, F_SETFD = 2, F_GETFL = 3, F_SETFL = 4;
    public static final int PROT_READ = 1, PROT_WRITE = 2;
    public static final int MAP_SHARED = 1, MAP_PRIVATE = 2, MAP_ANONYMOUS = 0x20;
    public static final int MFD_CLOEXEC = 1, MFD_ALLOW_SEALING = 2;
    public static final int EFD_CLOEXEC = 0x8_0000, EFD_NONBLOCK = 0x800;
    public static final int AF_UNIX = 1, AF_INET = 2;
    public static final int SOCK_STREAM = 1, SOCK_DGRAM = 2, SOCK_NONBLOCK = 0x800, SOCK_CLOEXEC = 0x8_0000;
    public static final int SOL_SOCKET = 1, SCM_RIGHTS = 1;
    public static final int F_DUPFD_CLOEXEC = 1030, F_GET_SEALS = 1034, F_ADD_SEALS = 1033;
    public static final int F_SEAL_SHRINK = 2;
    public static final int LOCK_EX = 2, LOCK_NB = 4;
    public static final int POLLIN = 1, POLLOUT = 4;
    public static final int AT_FDCWD = -100, AT_SYMLINK_NOFOLLOW = 0x100, AT_EMPTY_PATH = 0x1000;
    public static final int PRIO_PROCESS = 0;
    public static final int RLIMIT_NOFILE = 7;
    public static final int SHUT_WR = 1;
    public static final int SIGINT = 2;
    private static final int SIG_DFL = 0;
    public static final int CLONE_NEWNET = 0x4000_0000;
    /** glibc's cpu_set_t: 1024 processors. */
    private static final int CPU_SET_BYTES = 128;

    public static final int MSG_CTRUNC = 8, MSG_DONTWAIT = 0x40, MSG_NOSIGNAL = 0x4000, MSG_CMSG_CLOEXEC = 0x4000_0000;

    private static final NativeLibc LIBC =
            LibraryLoader.create(NativeLibc.class).load("c");
    private static final Runtime RUNTIME = Runtime.getRuntime(LIBC);

    private Libc() {}

    public static int open(String path, int flags, int mode) {
        return result(LIBC.open(path, flags, mode));
    }

    public static int close(int fd) {
        return result(LIBC.close(fd));
    }

    public static long read(int fd, long address, long bytes) {
        return result(LIBC.read(fd, address, bytes));
    }

    public static long write(int fd, long address, long bytes) {
        return result(LIBC.write(fd, address, bytes));
    }

    public static long pread(int fd, long address, long bytes, long offset) {
        return result(LIBC.pread(fd, address, bytes, offset));
    }

    public static long pwrite(int fd, long address, long bytes, long offset) {
        return result(LIBC.pwrite(fd, address, bytes, offset));
    }

    /** @param iovec address of {@code count} pairs of 8-byte address and 8-byte length */
    public static long readv(int fd, long iovec, int count) {
        return result(LIBC.readv(fd, iovec, count));
    }

    /** @param iovec address of {@code count} pairs of 8-byte address and 8-byte length */
    public static long writev(int fd, long iovec, int count) {
        return result(LIBC.writev(fd, iovec, count));
    }

    /** @param msghdr address of a struct msghdr: 56 bytes on 64-bit machines */
    public static long recvmsg(int fd, long msghdr, int flags) {
        return result(LIBC.recvmsg(fd, msghdr, flags));
    }

    /** @param msghdr address of a struct msghdr: 56 bytes on 64-bit machines */
    public static long sendmsg(int fd, long msghdr, int flags) {
        return result(LIBC.sendmsg(fd, msghdr, flags));
    }

    /** @param argument a number, or the address of what the request reads or fills */
    public static int ioctl(int fd, long request, long argument) {
        return result(LIBC.ioctl(fd, request, argument));
    }

    public static int fcntl(int fd, int command, long argument) {
        return result(LIBC.fcntl(fd, command, argument));
    }

    /** Maps where the system likes; returns the address. */
    public static long mmap(long bytes, int protection, int flags, int fd, long offset) {
        Pointer mapped = LIBC.mmap(null, bytes, protection, flags, fd, offset);
        return result(mapped == null ? 0 : mapped.address());
    }

    public static int munmap(long address, long bytes) {
        return result(LIBC.munmap(address, bytes));
    }

    /** @param name for /proc/self/fd only */
    public static int memfdCreate(String name, int flags) {
        return result(LIBC.memfd_create(name, flags));
    }

    public static int ftruncate(int fd, long bytes) {
        return result(LIBC.ftruncate(fd, bytes));
    }

    /** A signal does what it does by default, also when this process was started with the signal ignored. */
    public static void defaultSignal(int number) {
        LIBC.signal(number, SIG_DFL);
    }

    public static int eventfd(int initial, int flags) {
        return result(LIBC.eventfd(initial, flags));
    }

    public static int socket(int domain, int type, int protocol) {
        return result(LIBC.socket(domain, type, protocol));
    }

    /** @param pair address of two ints, which become the descriptors */
    public static int socketpair(int domain, int type, int protocol, long pair) {
        return result(LIBC.socketpair(domain, type, protocol, pair));
    }

    public static long send(int fd, long address, long bytes, int flags) {
        return result(LIBC.send(fd, address, bytes, flags));
    }

    /** @param address of a struct sockaddr of {@code bytes} bytes */
    public static int bind(int fd, long address, int bytes) {
        return result(LIBC.bind(fd, address, bytes));
    }

    /** @param address of a struct sockaddr of {@code bytes} bytes */
    public static int connect(int fd, long address, int bytes) {
        return result(LIBC.connect(fd, address, bytes));
    }

    public static int listen(int fd, int backlog) {
        return result(LIBC.listen(fd, backlog));
    }

    /** The next connection, without its address. {@code flags}: SOCK_NONBLOCK, SOCK_CLOEXEC */
    public static int accept4(int fd, int flags) {
        return result(LIBC.accept4(fd, 0, 0, flags));
    }

    /** @param pollfds address of {@code count} structs: 4-byte descriptor, 2-byte events, 2-byte returned events */
    public static int poll(long pollfds, int count, int timeoutMs) {
        return result(LIBC.poll(pollfds, count, timeoutMs));
    }

    public static int fchmod(int fd, int mode) {
        return result(LIBC.fchmod(fd, mode));
    }

    public static int flock(int fd, int operation) {
        return result(LIBC.flock(fd, operation));
    }

    /** @param buffer address of a struct statx, 256 bytes; see {@link FileStatus} */
    public static int statx(int directory, String path, int flags, int mask, long buffer) {
        return result(LIBC.statx(directory, path, flags, mask, buffer));
    }

    /**
     * As {@link #statx(int, String, int, int, long)}, without converting anything.
     *
     * @param path address of a C string
     */
    public static int statx(int directory, long path, int flags, int mask, long buffer) {
        return result(LIBC.statx(directory, path, flags, mask, buffer));
    }

    /** @param which, who {@link #PRIO_PROCESS} and 0: the calling thread */
    public static int setpriority(int which, int who, int niceness) {
        return result(LIBC.setpriority(which, who, niceness));
    }

    /** @param limits address of a struct rlimit: two 64-bit numbers, the one that counts first */
    public static int getrlimit(int resource, long limits) {
        return result(LIBC.getrlimit(resource, limits));
    }

    /**
     * Moves the calling thread into the namespace behind {@code fd}.
     *
     * @param kind {@link #CLONE_NEWNET}
     */
    public static int setns(int fd, int kind) {
        return result(LIBC.setns(fd, kind));
    }

    /**
     * Closes one direction of a connection.
     *
     * @param how {@link #SHUT_WR}
     */
    public static int shutdown(int fd, int how) {
        return result(LIBC.shutdown(fd, how));
    }

    /** Lets other threads that wait for this processor run first. */
    public static int schedYield() {
        return LIBC.sched_yield();
    }

    /**
     * Binds the calling thread, and those it starts from now on, to one processor.
     *
     * @param cpu 0 to 1023
     */
    public static int schedSetaffinity(int cpu) {
        byte[] mask = new byte[CPU_SET_BYTES];
        mask[cpu >>> 3] = (byte) (1 << (cpu & 7));
        return result(LIBC.sched_setaffinity(0, mask.length, mask));
    }

    private static int result(int returned) {
        return returned == -1 ? -RUNTIME.getLastError() : returned;
    }

    private static long result(long returned) {
        return returned == -1 ? -RUNTIME.getLastError() : returned;
    }
}
