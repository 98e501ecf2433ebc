package dev.doorbell.kernel.tcp;

/**
 * The sysctls of net.ipv4.tcp_*, with Linux's names and defaults. One per stack; change it before sockets are made. Times
 * in nanoseconds, sizes in bytes.
 */
public final class TcpConfig {
    static final long MS = 1_000_000L, SECOND = 1_000_000_000L;
    public int rmemMin = 4096, rmemDefault = 131_072, rmemMax = 6 << 20;
    public int wmemDefault = 16_384, wmemMax = 4 << 20;
    /** net.core.rmem_max: with rmemMax, what the window scale must be able to express. */
    public int coreRmemMax = 212_992;

    public boolean timestamps = true, sack = true, dsack = true, windowScaling = true, moderateRcvbuf = true;
    /** 0: never; 1: also ask for it; 2: only when asked (Linux's default). */
    public int ecn = 2;

    public int synRetries = 6, synackRetries = 5, retries2 = 15, orphanRetries = 0;
    public boolean synCookies = true;
    public int somaxconn = 4096;
    public boolean abortOnOverflow;

    public long finTimeoutNs = 60 * SECOND, timeWaitNs = 60 * SECOND;
    public long keepaliveTimeNs = 7200 * SECOND, keepaliveIntervalNs = 75 * SECOND;
    public int keepaliveProbes = 9;

    public long rtoMinNs = 200 * MS, rtoMaxNs = 120 * SECOND, rtoInitialNs = SECOND, rtoInitialFallbackNs = 3 * SECOND;
    public long delackMinNs = 40 * MS, delackMaxNs = 200 * MS;
    public int initialCwnd = 10;
    public int reordering = 3, maxReordering = 300;
    public boolean frto = true, slowStartAfterIdle = true, tlp = true, rack = true;
    public int tsoWinDivisor = 3, minTsoSegs = 2, notsentLowat = -1;
    /** Bytes of packets, overhead included, that one connection may have in qdisc and ring. */
    public int limitOutputBytes = 1 << 20;

    public int minSndMss = 48;
    /** Challenge ACKs per second of the whole stack (Linux: unlimited), and the least gap per connection. */
    public int challengeAckLimit = Integer.MAX_VALUE;

    public long invalidRateLimitNs = 500 * MS;
    public String congestionControl = "cubic";
    /** TIME-WAIT may be left early by a connection we open ourselves: 0 never, 1 always, 2 loopback only. */
    public int twReuse = 2;

    public int maxTwBuckets = 131_072;
    public boolean rfc1337;
    /** Learned path MTUs are forgotten after this time; none goes below the floor. */
    public long mtuExpiresNs = 600 * SECOND;

    public int minPmtu = 552;
    public int ephemeralLow = 32_768, ephemeralHigh = 60_999;
    public boolean hystart = true;
}
