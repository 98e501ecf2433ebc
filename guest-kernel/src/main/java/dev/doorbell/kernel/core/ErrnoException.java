package dev.doorbell.kernel.core;

/** A system call or a driver's set-up failed: which call, and why. */
public class ErrnoException extends Exception {
    private static final long serialVersionUID = 1L;
    private final Errno errno;

    /** @param call the call and its arguments, as strace would print them: "bind(3, 10.0.0.1:80)" */
    public ErrnoException(String call, Errno errno) {
        super(call + ": " + errno + " (" + errno.text() + ")");
        this.errno = errno;
    }

    public Errno errno() {
        return errno;
    }
}
