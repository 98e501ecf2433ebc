package dev.doorbell.kernel.tcp;

import java.util.List;

/**
 * The sysctls of net.ipv4.tcp_*, with Linux's names and defaults. One per stack; change it before sockets are made. Times
 * in nanoseconds, sizes in bytes.
 */
public final class TcpConfig {
    /** The algorithms that TCP_CONGESTION takes. */
    public static final List<String> CONGESTION_CONTROLS = List.of("cubic", "reno", "bbr");

    /** Value of {@link #synCookies}: for every SYN. */
    static final int COOKIES_ALWAYS = 2;

    static final long MS = 1_000_000L, SECOND = 1_000_000_000L;
    public int rmemMin = 4096, rmemDefault = 131_072, rmemMax = 6 << 20;
    public int wmemMin = 4096, wmemDefault = 16_384, wmemMax = 4 << 20;
    /** net.core.rmem_max: with rmemMax, what the window scale must be able to express. */
    public int coreRmemMax = 212_992;

    public boolean timestamps = true, sack = true, dsack = true, windowScaling = true, moderateRcvbuf = true;
    /** 0: never; 1: also ask for it; 2: only when asked (Linux's default). */
    public int ecn = 2;

    public int synRetries = 6, synackRetries = 5, retries2 = 15, orphanRetries = 0;
    /** So many retransmissions of a SYN come at the first distance before it doubles. */
    public int synLinearTimeouts = 4;
    /** 0: never; 1: when the queue of half-open connections overflows; 2: always. */
    public int synCookies = 1;

    public int somaxconn = 4096;
    public boolean abortOnOverflow;

    public long finTimeoutNs = 60 * SECOND, timeWaitNs = 60 * SECOND;
    public long keepaliveTimeNs = 7200 * SECOND, keepaliveIntervalNs = 75 * SECOND;
    public int keepaliveProbes = 9;

    public long rtoMinNs = 200 * MS, rtoMaxNs = 120 * SECOND, rtoInitialNs = SECOND, rtoInitialFallbackNs = 3 * SECOND;
    public long delackMinNs = 40 * MS, delackMaxNs = 200 * MS;
    public int initialCwnd = 10;
    public int reordering = 3, maxReordering = 300;
    public boolean frto = true, slowStartAfterIdle = true;
    /** Loss probes are sent with 3 and 4; the lower values, which chose kinds of early retransmit, are without them. */
    public int earlyRetrans = 3;
    /** Bit 0: RACK. */
    public int recovery = 1;

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
    /**
     * Path MTU discovery without ICMP, RFC 4821: 0 off, 1 when full segments keep being lost, 2 always. Linux's default is
     * 0, which leaves a connection through a black hole to its timeout.
     */
    public int mtuProbing = 1;
    /** Data bytes to begin the search with, and never to go below. */
    public int baseMss = 1024, mtuProbeFloor = 48;
    /** The search ends when its bounds are so close, bytes, and begins again after so long. */
    public int probeThreshold = 8;

    public long probeIntervalNs = 600 * SECOND;
    /** Paths with a round trip below 2^n microseconds get full buffers whatever the rate. */
    public int tsoRttLog = 9;
    /** Retransmissions after which the path is doubted: R1 of RFC 9293 §3.8.3. */
    public int retries1 = 3;

    public int ephemeralLow = 32_768, ephemeralHigh = 60_999;
    public boolean hystart = true;

    /** Bits: 1 client, 2 server, 4 data in a SYN without a cookie, 0x200 accept without a cookie, 0x400 all listeners. */
    public int fastopen = 1;
    /** How long fast open is suspended when it seems to be swallowed on the way; 0: never. */
    public long fastopenBlackholeTimeoutNs = 0;
    /** Words of the key from which fast open cookies are made: 4, with a backup key 8; empty: drawn at random. */
    public int[] fastopenKey = {};
    /** Pacing rate in percent of window per round trip, in slow start and in congestion avoidance. */
    public int pacingSsRatio = 200, pacingCaRatio = 120;

    boolean tlp() {
        return earlyRetrans == 3 || earlyRetrans == 4;
    }

    boolean rack() {
        return (recovery & 1) != 0;
    }
}
