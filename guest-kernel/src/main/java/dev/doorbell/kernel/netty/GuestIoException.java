package dev.doorbell.kernel.netty;

import dev.doorbell.kernel.core.Errno;
import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;

/** A socket call that failed, as Java's networking would throw it. */
final class GuestIoException extends IOException {
    private static final long serialVersionUID = 1L;

    private GuestIoException(String message) {
        super(message);
    }

    /**
     * @param negated what the call returned
     * @return the exception of the kind Netty's users expect
     */
    static IOException of(String call, long negated) {
        Errno errno = Errno.of(negated);
        String message = call + ": " + errno.text() + " (" + errno + ")";
        return switch (errno) {
            case ECONNREFUSED, ETIMEDOUT -> new ConnectException(message);
            case EADDRINUSE, EADDRNOTAVAIL -> new BindException(message);
            case ENETUNREACH, EHOSTUNREACH -> new NoRouteToHostException(message);
            default -> new GuestIoException(message);
        };
    }
}
