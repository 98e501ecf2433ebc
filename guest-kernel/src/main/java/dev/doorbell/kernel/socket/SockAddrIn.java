package dev.doorbell.kernel.socket;

/** IPv4 address and port: struct sockaddr_in. The address has its first octet in the top byte. */
public final class SockAddrIn extends SockAddr {
    private int address;
    private int port;

    /** 0.0.0.0:0, to be filled in. */
    public SockAddrIn() {}

    public SockAddrIn(int address, int port) {
        set(address, port);
    }

    /**
     * Overwrites both.
     *
     * @return this
     */
    public SockAddrIn set(int address, int port) {
        this.address = address;
        this.port = port & 0xFFFF;
        return this;
    }

    @Override
    public int family() {
        return SocketConstants.AF_INET;
    }

    public int address() {
        return address;
    }

    @Override
    public int port() {
        return port;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof SockAddrIn that && that.address == address && that.port == port;
    }

    @Override
    public int hashCode() {
        return address * 31 + port;
    }

    /** Dotted quad, colon, port. */
    @Override
    public String toString() {
        return (address >>> 24) + "." + (address >>> 16 & 0xFF) + "." + (address >>> 8 & 0xFF) + "." + (address & 0xFF)
                + ":" + port;
    }
}
