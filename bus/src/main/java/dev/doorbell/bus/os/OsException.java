package dev.doorbell.bus.os;

/** A system call of the host failed where the program cannot go on without it. */
public final class OsException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int errno;

    /**
     * @param call what was tried, with its arguments: {@code open /dev/net/tun}
     * @param errno positive
     */
    public OsException(String call, int errno) {
        super(call + ": " + HostErrno.describe(errno));
        this.errno = errno;
    }

    public int errno() {
        return errno;
    }

    public boolean is(HostErrno error) {
        return errno == error.number();
    }

    /** Passes a result through, or throws when it is a negated error number. */
    public static int check(int result, String call) {
        if (result < 0) {
            throw new OsException(call, -result);
        }
        return result;
    }

    public static long check(long result, String call) {
        if (result < 0) {
            throw new OsException(call, (int) -result);
        }
        return result;
    }
}
