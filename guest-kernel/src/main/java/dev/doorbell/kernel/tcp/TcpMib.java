package dev.doorbell.kernel.tcp;

/** What the stack counts, with the names of /proc/net/snmp and /proc/net/netstat. */
public final class TcpMib {
    /** One counter each; the constant's position is its slot. */
    public enum Counter {
        ActiveOpens,
        PassiveOpens,
        AttemptFails,
        EstabResets,
        CurrEstab,
        InSegs,
        OutSegs,
        RetransSegs,
        InErrs,
        OutRsts,
        InCsumErrors,
        SyncookiesSent,
        SyncookiesRecv,
        SyncookiesFailed,
        EmbryonicRsts,
        TW,
        TWRecycled,
        TWKilled,
        PAWSActive,
        PAWSEstab,
        DelayedACKs,
        DelayedACKLocked,
        DelayedACKLost,
        ListenOverflows,
        ListenDrops,
        TCPHPHits,
        TCPPureAcks,
        TCPHPAcks,
        TCPRenoRecovery,
        TCPSackRecovery,
        TCPSACKReneging,
        TCPSACKReorder,
        TCPRenoReorder,
        TCPTSReorder,
        TCPFullUndo,
        TCPPartialUndo,
        TCPDSACKUndo,
        TCPLossUndo,
        TCPLostRetransmit,
        TCPRenoFailures,
        TCPSackFailures,
        TCPLossFailures,
        TCPFastRetrans,
        TCPSlowStartRetrans,
        TCPTimeouts,
        TCPLossProbes,
        TCPLossProbeRecovery,
        TCPRenoRecoveryFail,
        TCPSackRecoveryFail,
        TCPRcvCollapsed,
        TCPBacklogCoalesce,
        TCPDSACKOldSent,
        TCPDSACKOfoSent,
        TCPDSACKRecv,
        TCPDSACKOfoRecv,
        TCPAbortOnData,
        TCPAbortOnClose,
        TCPAbortOnMemory,
        TCPAbortOnTimeout,
        TCPAbortOnLinger,
        TCPAbortFailed,
        TCPMemoryPressures,
        TCPSACKDiscard,
        TCPDSACKIgnoredOld,
        TCPDSACKIgnoredNoUndo,
        TCPSpuriousRTOs,
        TCPTimeWaitOverflow,
        TCPReqQFullDoCookies,
        TCPReqQFullDrop,
        TCPRetransFail,
        TCPRcvCoalesce,
        TCPOFOQueue,
        TCPOFODrop,
        TCPOFOMerge,
        TCPChallengeACK,
        TCPSYNChallenge,
        TCPSpuriousRtxHostQueues,
        TCPAutoCorking,
        TCPFromZeroWindowAdv,
        TCPToZeroWindowAdv,
        TCPWantZeroWindowAdv,
        TCPSynRetrans,
        TCPOrigDataSent,
        TCPHystartTrainDetect,
        TCPHystartTrainCwnd,
        TCPHystartDelayDetect,
        TCPHystartDelayCwnd,
        TCPACKSkippedSynRecv,
        TCPACKSkippedPAWS,
        TCPACKSkippedSeq,
        TCPACKSkippedFinWait2,
        TCPACKSkippedTimeWait,
        TCPACKSkippedChallenge,
        TCPWinProbe,
        TCPKeepAlive,
        TCPDelivered,
        TCPDeliveredCE,
        TCPAckCompressed,
        TCPZeroWindowDrop,
        TCPRcvQDrop,
        TCPDeferAcceptDrop,
        PFMemallocDrop,
        LockDroppedIcmps,
        OutOfWindowIcmps,
        BeyondWindow,
        TCPMD5Unexpected,
        TCPTimeWaitReused,
        TCPMTUPFail,
        TCPMTUPSuccess,
        TCPFastOpenActive,
        TCPFastOpenActiveFail,
        TCPFastOpenPassive,
        TCPFastOpenPassiveFail,
        TCPFastOpenListenOverflow,
        TCPFastOpenCookieReqd,
        TCPFastOpenBlackhole,
        TCPFastOpenPassiveAltKey,
        TCPMinTTLDrop,
        TCPDSACKRecvSegs,
        TCPDSACKIgnoredDubious;

        /** The line it is in: "Tcp" of /proc/net/snmp, or "TcpExt" of /proc/net/netstat. */
        public String group() {
            return ordinal() <= InCsumErrors.ordinal() ? "Tcp" : "TcpExt";
        }
    }

    private static final Counter[] COUNTERS = Counter.values();
    private final long[] values = new long[COUNTERS.length];

    void inc(Counter counter) {
        values[counter.ordinal()]++;
    }

    void add(Counter counter, long n) {
        values[counter.ordinal()] += n;
    }

    public long get(Counter counter) {
        return values[counter.ordinal()];
    }
}
