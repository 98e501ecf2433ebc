package dev.doorbell.bus.os;

import dev.doorbell.bus.mem.GuestMemory;

/** A file descriptor and the duty to close it. Not safe for use by several threads. */
public final class Fd implements AutoCloseable {
    private final String description;
    private int fd;

    private Fd(int fd, String description) {
        this.fd = fd;
        this.description = description;
    }

    /** Takes over a descriptor, or throws when {@code result} is a negated error number. */
    public static Fd of(int result, String description) {
        return new Fd(OsException.check(result, description), description);
    }

    /** Opens with close-on-exec. {@code flags}: {@code Libc.O_...} */
    public static Fd open(String path, int flags) {
        return of(Libc.open(path, flags | Libc.O_CLOEXEC, 0666), "open " + path);
    }

    /** A non-blocking event counter. */
    public static Fd eventfd() {
        return of(Libc.eventfd(0, Libc.EFD_NONBLOCK | Libc.EFD_CLOEXEC), "eventfd");
    }

    public static Fd socket(int domain, int type, int protocol) {
        return of(Libc.socket(domain, type | Libc.SOCK_CLOEXEC, protocol), "socket " + domain + ' ' + type);
    }

    /** Two connected sockets. {@code domain}, {@code type}: {@code Libc.AF_...}, {@code Libc.SOCK_...} */
    public static Fd[] socketpair(int domain, int type) {
        try (GuestMemory pair = GuestMemory.allocate(8)) {
            OsException.check(
                    Libc.socketpair(domain, type | Libc.SOCK_CLOEXEC, 0, pair.hostAddress(0, 8)), "socketpair");
            return new Fd[] {of(pair.readInt(0), "socket"), of(pair.readInt(4), "socket")};
        }
    }

    /** How many files this process may have open: every number is below this. */
    public static long limit() {
        try (GuestMemory limits = GuestMemory.allocate(16)) {
            OsException.check(Libc.getrlimit(Libc.RLIMIT_NOFILE, limits.hostAddress(0, 16)), "getrlimit");
            long most = limits.readLong(0);
            return most < 0 ? Long.MAX_VALUE : most;
        }
    }

    /** The number, for {@link Libc}. Throws when closed: the number may be somebody else's by now. */
    public int fd() {
        if (fd < 0) {
            throw new IllegalStateException(description + ": already closed");
        }
        return fd;
    }

    public boolean isOpen() {
        return fd >= 0;
    }

    public Fd nonBlocking() {
        int flags = OsException.check(Libc.fcntl(fd(), Libc.F_GETFL, 0), "fcntl F_GETFL " + description);
        OsException.check(Libc.fcntl(fd(), Libc.F_SETFL, flags | Libc.O_NONBLOCK), "fcntl F_SETFL " + description);
        return this;
    }

    /** Gives up ownership: the caller closes the number. */
    public int detach() {
        int number = fd();
        fd = -1;
        return number;
    }

    @Override
    public void close() {
        if (fd >= 0) {
            // Linux frees the number whatever close says; there is nothing to do about an error here.
            Libc.close(fd);
            fd = -1;
        }
    }

    @Override
    public String toString() {
        return description + " (" + (fd < 0 ? "closed" : "fd " + fd) + ")";
    }
}
