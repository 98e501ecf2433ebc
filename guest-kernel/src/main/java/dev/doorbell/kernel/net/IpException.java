package dev.doorbell.kernel.net;

/** A command of {@code ip} that cannot be done: one line that says why. */
public final class IpException extends Exception {
    private static final long serialVersionUID = 1;

    public IpException(String message) {
        super(message);
    }
}
