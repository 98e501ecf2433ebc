package dev.doorbell.kernel.tcp;

import dev.doorbell.kernel.ipv4.SendOptions;
import org.jspecify.annotations.Nullable;

/**
 * The options of level SOL_TCP, and those of lower levels that a connection needs after its socket is gone. A listener's
 * are copied to its children. Times in nanoseconds; 0 means the system's default unless said otherwise.
 */
final class TcpSettings {
    boolean noDelay, cork, keepAlive, outOfBandInline;
    /** TCP_MAXSEG by the user. */
    int userMss;

    long keepIdleNs, keepIntervalNs;
    int keepCount;
    int synCount;
    /** TCP_LINGER2; below 0: no FIN-WAIT-2 at all. */
    long linger2Ns;

    long userTimeoutNs;
    /** TCP_DEFER_ACCEPT in SYN-ACK retransmissions; 0: off. */
    int deferAccept;

    int windowClamp;
    /** TCP_NOTSENT_LOWAT in bytes, unsigned; 0: the system's. */
    int notsentLowat;

    /** TCP_SAVE_SYN: headers of SYNs are kept for the application; see {@link SavedSyn}. */
    int saveSyn;

    boolean thinLinearTimeouts;
    /** TCP_RTO_MAX_MS, TCP_RTO_MIN_US, TCP_DELACK_MAX_US. */
    long rtoMaxNs, rtoMinNs, delackMaxNs;
    /** TCP_FASTOPEN_CONNECT, TCP_FASTOPEN_NO_COOKIE. */
    boolean fastOpenConnect, fastOpenNoCookie;
    /** TCP_FASTOPEN_KEY; empty: the system's. */
    int[] fastOpenKey = {};
    /** SO_MAX_PACING_RATE, bytes per second, unsigned; once set, sending is paced. */
    long maxPacingRate = Pacing.UNLIMITED;

    boolean paced;
    String congestion;
    /** IP_MINTTL, IPV6_MINHOPCOUNT: segments that came further are not taken, RFC 5082. */
    int minHops;

    /** IP_OPTIONS: on every segment. Not copied to children, which answer the options of their own SYN. */
    @Nullable
    SendOptions ipOptions;

    int tos, ttl, priority, mark, outInterface;
    /** SO_ZEROCOPY; SO_TIMESTAMPING's bits, and the sequence number that its counts begin with. */
    boolean zeroCopy;

    int timestamping, timestampBase;
    boolean sendBufferLocked, receiveBufferLocked;
    int sendBufferBytes, receiveBufferBytes;
    int receiveLowWater = 1;

    TcpSettings(TcpConfig config) {
        congestion = config.congestionControl;
        sendBufferBytes = config.wmemDefault;
        receiveBufferBytes = config.rmemDefault;
    }

    TcpSettings(TcpSettings from) {
        noDelay = from.noDelay;
        cork = from.cork;
        keepAlive = from.keepAlive;
        outOfBandInline = from.outOfBandInline;
        userMss = from.userMss;
        keepIdleNs = from.keepIdleNs;
        keepIntervalNs = from.keepIntervalNs;
        keepCount = from.keepCount;
        synCount = from.synCount;
        linger2Ns = from.linger2Ns;
        userTimeoutNs = from.userTimeoutNs;
        deferAccept = from.deferAccept;
        windowClamp = from.windowClamp;
        notsentLowat = from.notsentLowat;
        saveSyn = from.saveSyn;
        thinLinearTimeouts = from.thinLinearTimeouts;
        rtoMaxNs = from.rtoMaxNs;
        rtoMinNs = from.rtoMinNs;
        delackMaxNs = from.delackMaxNs;
        fastOpenNoCookie = from.fastOpenNoCookie;
        maxPacingRate = from.maxPacingRate;
        paced = from.paced;
        congestion = from.congestion;
        tos = from.tos;
        ttl = from.ttl;
        minHops = from.minHops;
        priority = from.priority;
        mark = from.mark;
        outInterface = from.outInterface;
        zeroCopy = from.zeroCopy;
        timestamping = from.timestamping;
        sendBufferLocked = from.sendBufferLocked;
        receiveBufferLocked = from.receiveBufferLocked;
        sendBufferBytes = from.sendBufferBytes;
        receiveBufferBytes = from.receiveBufferBytes;
        receiveLowWater = from.receiveLowWater;
    }

    long rtoMaxNs(TcpConfig config) {
        return rtoMaxNs != 0 ? rtoMaxNs : config.rtoMaxNs;
    }

    long rtoMinNs(TcpConfig config) {
        return rtoMinNs != 0 ? rtoMinNs : config.rtoMinNs;
    }

    long delackMaxNs(TcpConfig config) {
        return delackMaxNs != 0 ? delackMaxNs : config.delackMaxNs;
    }

    long keepIdleNs(TcpConfig config) {
        return keepIdleNs != 0 ? keepIdleNs : config.keepaliveTimeNs;
    }

    long keepIntervalNs(TcpConfig config) {
        return keepIntervalNs != 0 ? keepIntervalNs : config.keepaliveIntervalNs;
    }

    int keepCount(TcpConfig config) {
        return keepCount != 0 ? keepCount : config.keepaliveProbes;
    }
}
