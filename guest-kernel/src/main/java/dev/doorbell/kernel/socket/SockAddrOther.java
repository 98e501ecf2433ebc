package dev.doorbell.kernel.socket;

/**
 * A struct sockaddr as a program may hand it in that no socket here has as its own: of no family or of a foreign one, or
 * too short for its family. What is wrong with it, if anything, depends on the call and the socket.
 */
public final class SockAddrOther extends SockAddr {
    private final int family, bytes, address, port;

    /**
     * @param family AF_*
     * @param bytes of the struct
     * @param address the IPv4 address where a sockaddr_in would have it; 0 when the struct is too short
     * @param port likewise
     */
    public SockAddrOther(int family, int bytes, int address, int port) {
        this.family = family;
        this.bytes = bytes;
        this.address = address;
        this.port = port;
    }

    @Override
    public int family() {
        return family;
    }

    @Override
    public int port() {
        return port;
    }

    /** Where a sockaddr_in has its address. */
    public int address() {
        return address;
    }

    /** Length of the struct. */
    public int bytes() {
        return bytes;
    }
}
