package dev.doorbell.kernel.socket;

/**
 * An address of a socket: struct sockaddr. Mutable, as the struct is, so that a caller's instance can be filled in for
 * every datagram without allocating.
 */
public abstract class SockAddr {
    /** AF_UNSPEC: given to connect, it dissolves a datagram socket's association. */
    public static final SockAddr UNSPEC = new SockAddr() {
        @Override
        public int family() {
            return SocketConstants.AF_UNSPEC;
        }
    };

    /** AF_INET, ... */
    public abstract int family();

    /** Port in host byte order, 0 when the family has none. */
    public int port() {
        return 0;
    }
}
