package dev.doorbell.kernel.dhcp;

/** Options and message types, RFC 2132 and 3442. */
final class DhcpOption {
    static final int PAD = 0,
            SUBNET_MASK = 1,
            ROUTERS = 3,
            DNS_SERVERS = 6,
            HOST_NAME = 12,
            DOMAIN_NAME = 15,
            INTERFACE_MTU = 26,
            REQUESTED_ADDRESS = 50,
            LEASE_TIME = 51,
            OVERLOAD = 52,
            MESSAGE_TYPE = 53,
            SERVER_ID = 54,
            PARAMETER_LIST = 55,
            MESSAGE = 56,
            MAX_MESSAGE_SIZE = 57,
            RENEWAL_TIME = 58,
            REBINDING_TIME = 59,
            CLIENT_ID = 61,
            CLASSLESS_ROUTES = 121,
            END = 255;

    /** Values of {@link #MESSAGE_TYPE}. */
    static final int DISCOVER = 1, OFFER = 2, REQUEST = 3, DECLINE = 4, ACK = 5, NAK = 6, RELEASE = 7;

    private DhcpOption() {}
}
