package dev.doorbell.kernel.core;

/** Error numbers with Linux's names and values. In-kernel functions return them negated; system calls throw them. */
public enum Errno {
    EPERM(1, "operation not permitted"),
    ENOENT(2, "no such file or directory"),
    EINTR(4, "interrupted system call"),
    EIO(5, "input/output error"),
    ENXIO(6, "no such device or address"),
    E2BIG(7, "argument list too long"),
    EBADF(9, "bad file descriptor"),
    EAGAIN(11, "resource temporarily unavailable"),
    ENOMEM(12, "cannot allocate memory"),
    EACCES(13, "permission denied"),
    EFAULT(14, "bad address"),
    EBUSY(16, "device or resource busy"),
    EEXIST(17, "file exists"),
    ENODEV(19, "no such device"),
    EINVAL(22, "invalid argument"),
    ENFILE(23, "too many open files in system"),
    EMFILE(24, "too many open files"),
    ENOTTY(25, "inappropriate ioctl"),
    ENOSPC(28, "no space left"),
    EPIPE(32, "broken pipe"),
    EDOM(33, "numerical argument out of domain"),
    ERANGE(34, "numerical result out of range"),
    EDEADLK(35, "resource deadlock would occur"),
    ENOSYS(38, "function not implemented"),
    ELOOP(40, "too many levels"),
    ENOMSG(42, "no message of desired type"),
    ENONET(64, "machine is not on the network"),
    EPROTO(71, "protocol error"),
    EBADMSG(74, "bad message"),
    ENOTSOCK(88, "socket operation on non-socket"),
    EDESTADDRREQ(89, "destination address required"),
    EMSGSIZE(90, "message too long"),
    EPROTOTYPE(91, "protocol wrong type for socket"),
    ENOPROTOOPT(92, "protocol not available"),
    EPROTONOSUPPORT(93, "protocol not supported"),
    ESOCKTNOSUPPORT(94, "socket type not supported"),
    EOPNOTSUPP(95, "operation not supported"),
    EAFNOSUPPORT(97, "address family not supported"),
    EADDRINUSE(98, "address already in use"),
    EADDRNOTAVAIL(99, "cannot assign requested address"),
    ENETDOWN(100, "network is down"),
    ENETUNREACH(101, "network is unreachable"),
    ECONNABORTED(103, "software caused connection abort"),
    ECONNRESET(104, "connection reset by peer"),
    ENOBUFS(105, "no buffer space available"),
    EISCONN(106, "transport endpoint is already connected"),
    ENOTCONN(107, "transport endpoint is not connected"),
    ETIMEDOUT(110, "connection timed out"),
    ECONNREFUSED(111, "connection refused"),
    EHOSTDOWN(112, "host is down"),
    EHOSTUNREACH(113, "no route to host"),
    EALREADY(114, "operation already in progress"),
    EINPROGRESS(115, "operation now in progress");

    private static final Errno[] BY_NUMBER = new Errno[128];

    static {
        for (Errno e : values()) {
            BY_NUMBER[e.number] = e;
        }
    }

    private final int number;
    private final String text;

    Errno(int number, String text) {
        this.number = number;
        this.text = text;
    }

    public int number() {
        return number;
    }

    public String text() {
        return text;
    }

    /** What an in-kernel function returns for this error: the negated number. */
    public int negated() {
        return -number;
    }

    /** @param negated a return value below 0 */
    public static Errno of(long negated) {
        Errno e = negated < 0 && negated > -BY_NUMBER.length ? BY_NUMBER[(int) -negated] : null;
        if (e == null) {
            throw new IllegalArgumentException("not an errno: " + negated);
        }
        return e;
    }
}
