package dev.doorbell.kernel.socket;

/** Numbers of the socket interface, as Linux on x86-64 has them. */
public final class SocketConstants {
    /** Address families. */
    public static final int AF_UNSPEC = 0, AF_INET = 2, AF_INET6 = 10, AF_PACKET = 17;

    /** Socket types; flags that may be or-ed to a type. */
    public static final int SOCK_STREAM = 1,
            SOCK_DGRAM = 2,
            SOCK_RAW = 3,
            SOCK_TYPE_MASK = 0xF,
            SOCK_NONBLOCK = 0x800,
            SOCK_CLOEXEC = 0x80000;

    /** Protocols of AF_INET. */
    public static final int IPPROTO_IP = 0,
            IPPROTO_ICMP = 1,
            IPPROTO_IGMP = 2,
            IPPROTO_TCP = 6,
            IPPROTO_UDP = 17,
            IPPROTO_IPV6 = 41,
            IPPROTO_ICMPV6 = 58,
            IPPROTO_RAW = 255;

    /** Addresses, first octet in the top byte. */
    public static final int INADDR_ANY = 0, INADDR_BROADCAST = -1, INADDR_LOOPBACK = 0x7F00_0001;

    /** Flags of send and receive. */
    /** Ancillary data of level SOL_TCP. */
    public static final int TCP_CM_INQ = 36;

    public static final int MSG_OOB = 0x1,
            MSG_PEEK = 0x2,
            MSG_DONTROUTE = 0x4,
            MSG_CTRUNC = 0x8,
            MSG_TRUNC = 0x20,
            MSG_DONTWAIT = 0x40,
            MSG_EOR = 0x80,
            MSG_WAITALL = 0x100,
            MSG_CONFIRM = 0x800,
            MSG_ERRQUEUE = 0x2000,
            MSG_NOSIGNAL = 0x4000,
            MSG_MORE = 0x8000,
            MSG_ZEROCOPY = 0x400_0000,
            MSG_FASTOPEN = 0x2000_0000;

    /** How to shut down. */
    public static final int SHUT_RD = 0, SHUT_WR = 1, SHUT_RDWR = 2;

    /** Option levels. */
    public static final int SOL_IP = 0,
            SOL_SOCKET = 1,
            SOL_TCP = 6,
            SOL_UDP = 17,
            SOL_IPV6 = 41,
            SOL_ICMPV6 = 58,
            SOL_RAW = 255,
            SOL_PACKET = 263;

    /** Options of SOL_UDP. */
    public static final int UDP_CORK = 1,
            UDP_NO_CHECK6_TX = 101,
            UDP_NO_CHECK6_RX = 102,
            UDP_SEGMENT = 103,
            UDP_GRO = 104;

    /** Options of SOL_SOCKET. */
    public static final int SO_DEBUG = 1,
            SO_REUSEADDR = 2,
            SO_TYPE = 3,
            SO_ERROR = 4,
            SO_DONTROUTE = 5,
            SO_BROADCAST = 6,
            SO_SNDBUF = 7,
            SO_RCVBUF = 8,
            SO_KEEPALIVE = 9,
            SO_OOBINLINE = 10,
            SO_NO_CHECK = 11,
            SO_PRIORITY = 12,
            SO_MAX_PACING_RATE = 47,
            SO_LINGER = 13,
            SO_REUSEPORT = 15,
            SO_RCVLOWAT = 18,
            SO_SNDLOWAT = 19,
            SO_RCVTIMEO = 20,
            SO_SNDTIMEO = 21,
            SO_BINDTODEVICE = 25,
            SO_TIMESTAMP = 29,
            SO_ACCEPTCONN = 30,
            SO_SNDBUFFORCE = 32,
            SO_RCVBUFFORCE = 33,
            SO_TIMESTAMPNS = 35,
            SO_MARK = 36,
            SO_TIMESTAMPING = 37,
            SO_ZEROCOPY = 60,
            SO_PROTOCOL = 38,
            SO_DOMAIN = 39,
            SO_RXQ_OVFL = 40,
            SO_BUSY_POLL = 46,
            SO_MEMINFO = 55,
            SO_BINDTOIFINDEX = 62;

    /** Options of SOL_IP. */
    public static final int IP_TOS = 1,
            IP_TTL = 2,
            IP_HDRINCL = 3,
            IP_OPTIONS = 4,
            IP_RECVOPTS = 6,
            IP_RETOPTS = 7,
            IP_PKTINFO = 8,
            IP_MTU_DISCOVER = 10,
            IP_RECVERR = 11,
            IP_RECVTTL = 12,
            IP_RECVTOS = 13,
            IP_MTU = 14,
            IP_FREEBIND = 15,
            IP_TRANSPARENT = 19,
            IP_MINTTL = 21,
            IP_BIND_ADDRESS_NO_PORT = 24,
            IP_MULTICAST_IF = 32,
            IP_MULTICAST_TTL = 33,
            IP_MULTICAST_LOOP = 34,
            IP_ADD_MEMBERSHIP = 35,
            IP_DROP_MEMBERSHIP = 36,
            IP_UNBLOCK_SOURCE = 37,
            IP_BLOCK_SOURCE = 38,
            IP_ADD_SOURCE_MEMBERSHIP = 39,
            IP_DROP_SOURCE_MEMBERSHIP = 40,
            IP_MSFILTER = 41,
            MCAST_JOIN_GROUP = 42,
            MCAST_BLOCK_SOURCE = 43,
            MCAST_UNBLOCK_SOURCE = 44,
            MCAST_LEAVE_GROUP = 45,
            MCAST_JOIN_SOURCE_GROUP = 46,
            MCAST_LEAVE_SOURCE_GROUP = 47,
            MCAST_MSFILTER = 48,
            IP_MULTICAST_ALL = 49,
            IP_UNICAST_IF = 50;

    /** Filter modes of IP_MSFILTER and MCAST_MSFILTER. */
    public static final int MCAST_EXCLUDE = 0, MCAST_INCLUDE = 1;

    /** Options of SOL_IPV6. */
    public static final int IPV6_ADDRFORM = 1,
            IPV6_2292PKTINFO = 2,
            IPV6_CHECKSUM = 7,
            IPV6_2292HOPLIMIT = 8,
            IPV6_FLOWINFO = 11,
            IPV6_UNICAST_HOPS = 16,
            IPV6_MULTICAST_IF = 17,
            IPV6_MULTICAST_HOPS = 18,
            IPV6_MULTICAST_LOOP = 19,
            IPV6_JOIN_GROUP = 20,
            IPV6_LEAVE_GROUP = 21,
            IPV6_MTU_DISCOVER = 23,
            IPV6_MTU = 24,
            IPV6_RECVERR = 25,
            IPV6_V6ONLY = 26,
            IPV6_MULTICAST_ALL = 29,
            IPV6_FLOWINFO_SEND = 33,
            IPV6_HDRINCL = 36,
            IPV6_RECVPKTINFO = 49,
            IPV6_PKTINFO = 50,
            IPV6_RECVHOPLIMIT = 51,
            IPV6_HOPLIMIT = 52,
            IPV6_RECVHOPOPTS = 53,
            IPV6_HOPOPTS = 54,
            IPV6_RTHDRDSTOPTS = 55,
            IPV6_RECVRTHDR = 56,
            IPV6_RTHDR = 57,
            IPV6_RECVDSTOPTS = 58,
            IPV6_DSTOPTS = 59,
            IPV6_RECVPATHMTU = 60,
            IPV6_PATHMTU = 61,
            IPV6_DONTFRAG = 62,
            IPV6_RECVTCLASS = 66,
            IPV6_TCLASS = 67,
            IPV6_AUTOFLOWLABEL = 70,
            IPV6_MINHOPCOUNT = 73,
            IPV6_TRANSPARENT = 75,
            IPV6_UNICAST_IF = 76,
            IPV6_FREEBIND = 78;

    /** Option of SOL_ICMPV6: 256 bits, one per type that is not wanted. */
    public static final int ICMP6_FILTER = 1;

    /** Values of IP_MTU_DISCOVER. */
    public static final int IP_PMTUDISC_DONT = 0, IP_PMTUDISC_WANT = 1, IP_PMTUDISC_DO = 2, IP_PMTUDISC_PROBE = 3;

    /** As none of those: the interface's MTU counts, not the path's; fragments are made where needed. */
    public static final int IP_PMTUDISC_INTERFACE = 4, IP_PMTUDISC_OMIT = 5;

    /** Option of SOL_RAW: a bit per ICMP type that is not wanted. */
    public static final int ICMP_FILTER = 1;

    /** Options of SOL_PACKET. */
    public static final int PACKET_ADD_MEMBERSHIP = 1, PACKET_DROP_MEMBERSHIP = 2, PACKET_STATISTICS = 6;

    /** Kinds of PACKET_ADD_MEMBERSHIP. */
    public static final int PACKET_MR_MULTICAST = 0, PACKET_MR_PROMISC = 1, PACKET_MR_ALLMULTI = 2;

    /** Readiness, poll and epoll alike. */
    public static final int EPOLLIN = 0x1,
            EPOLLPRI = 0x2,
            EPOLLOUT = 0x4,
            EPOLLERR = 0x8,
            EPOLLHUP = 0x10,
            POLLNVAL = 0x20,
            EPOLLRDNORM = 0x40,
            EPOLLRDBAND = 0x80,
            EPOLLWRNORM = 0x100,
            EPOLLWRBAND = 0x200,
            EPOLLRDHUP = 0x2000;

    /** Modes of an epoll entry. */
    public static final int EPOLLEXCLUSIVE = 1 << 28, EPOLLONESHOT = 1 << 30, EPOLLET = 1 << 31;

    /** Operations of epoll_ctl. */
    public static final int EPOLL_CTL_ADD = 1, EPOLL_CTL_DEL = 2, EPOLL_CTL_MOD = 3;

    /** Commands and flags of fcntl. */
    public static final int F_DUPFD = 0, F_GETFD = 1, F_SETFD = 2, F_GETFL = 3, F_SETFL = 4, FD_CLOEXEC = 1;

    /** File status flags. */
    public static final int O_RDWR = 2, O_NONBLOCK = 0x800;

    /** Requests of ioctl. */
    public static final int FIONREAD = 0x541B, FIONBIO = 0x5421, SIOCOUTQ = 0x5411, SIOCATMARK = 0x8905;

    /** Origins in an extended error. */
    public static final int SO_EE_ORIGIN_NONE = 0,
            SO_EE_ORIGIN_LOCAL = 1,
            SO_EE_ORIGIN_ICMP = 2,
            SO_EE_ORIGIN_ICMP6 = 3,
            SO_EE_ORIGIN_TIMESTAMPING = 4,
            SO_EE_ORIGIN_ZEROCOPY = 5;

    /** ee_code of a zero-copy notice: the bytes were copied after all. */
    public static final int SO_EE_CODE_ZEROCOPY_COPIED = 1;

    /** Largest backlog of listen. */
    public static final int SOMAXCONN = 4096;

    private SocketConstants() {}
}
