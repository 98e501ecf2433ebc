package dev.doorbell.kernel.net;

import dev.doorbell.kernel.tcp.TcpConfig;
import java.util.Map;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;

/** The settings net.ipv4.tcp_*, and those of other names that TCP alone obeys, with Linux's bounds. */
final class TcpSysctls {
    private static final long MICROSECOND_NS = 1_000, MS = 1_000_000, SECOND = 1_000_000_000;
    private static final int BYTE = 255, MANY = Integer.MAX_VALUE;
    /** MAX_TCP_SYNCNT. */
    private static final int MAX_SYN_COUNT = 127;

    private final TcpConfig config;
    private final Map<String, Sysctl> settings;

    private TcpSysctls(TcpConfig config, Map<String, Sysctl> settings) {
        this.config = config;
        this.settings = settings;
    }

    static void add(TcpConfig config, Map<String, Sysctl> settings) {
        TcpSysctls table = new TcpSysctls(config, settings);
        table.buffers();
        table.options();
        table.retries();
        table.timers();
        table.congestion();
        table.limits();
        table.probing();
    }

    private void tcp(String name, Sysctl setting) {
        settings.put("net.ipv4.tcp_" + name, setting);
    }

    private void buffers() {
        tcp("rmem", new SizesSysctl(() -> new int[] {config.rmemMin, config.rmemDefault, config.rmemMax}, v -> {
            config.rmemMin = v[0];
            config.rmemDefault = v[1];
            config.rmemMax = v[2];
        }));
        tcp("wmem", new SizesSysctl(() -> new int[] {config.wmemMin, config.wmemDefault, config.wmemMax}, v -> {
            config.wmemMin = v[0];
            config.wmemDefault = v[1];
            config.wmemMax = v[2];
        }));
        settings.put(
                "net.core.rmem_max", Sysctl.number(2304, MANY, () -> config.coreRmemMax, v -> config.coreRmemMax = v));
        tcp("moderate_rcvbuf", Sysctl.flag(() -> config.moderateRcvbuf, v -> config.moderateRcvbuf = v));
        tcp("notsent_lowat", Sysctl.unsigned(() -> config.notsentLowat, v -> config.notsentLowat = v));
        tcp(
                "limit_output_bytes",
                Sysctl.number(0, MANY, () -> config.limitOutputBytes, v -> config.limitOutputBytes = v));
    }

    private void options() {
        tcp("timestamps", Sysctl.flag(() -> config.timestamps, v -> config.timestamps = v));
        tcp("sack", Sysctl.flag(() -> config.sack, v -> config.sack = v));
        tcp("dsack", Sysctl.flag(() -> config.dsack, v -> config.dsack = v));
        // Linux keeps the name but has had no forward acknowledgement algorithm since RACK.
        tcp("fack", Sysctl.flag(() -> false, v -> {}));
        tcp("window_scaling", Sysctl.flag(() -> config.windowScaling, v -> config.windowScaling = v));
        tcp("ecn", Sysctl.number(0, 2, () -> config.ecn, v -> config.ecn = v));
        tcp("fastopen", Sysctl.number(0, MANY, () -> config.fastopen, v -> config.fastopen = v));
        tcp("fastopen_key", new FastOpenKeySysctl(config));
        duration(
                "fastopen_blackhole_timeout_sec",
                SECOND,
                () -> config.fastopenBlackholeTimeoutNs,
                v -> config.fastopenBlackholeTimeoutNs = v);
        tcp("min_snd_mss", Sysctl.number(48, 65535, () -> config.minSndMss, v -> config.minSndMss = v));
    }

    private void retries() {
        tcp("syn_retries", Sysctl.number(1, MAX_SYN_COUNT, () -> config.synRetries, v -> config.synRetries = v));
        tcp("synack_retries", Sysctl.number(0, BYTE, () -> config.synackRetries, v -> config.synackRetries = v));
        tcp(
                "syn_linear_timeouts",
                Sysctl.number(0, MAX_SYN_COUNT, () -> config.synLinearTimeouts, v -> config.synLinearTimeouts = v));
        tcp("retries1", Sysctl.number(0, BYTE, () -> config.retries1, v -> config.retries1 = v));
        tcp("retries2", Sysctl.number(0, BYTE, () -> config.retries2, v -> config.retries2 = v));
        tcp("orphan_retries", Sysctl.number(0, BYTE, () -> config.orphanRetries, v -> config.orphanRetries = v));
        tcp("keepalive_probes", Sysctl.number(0, BYTE, () -> config.keepaliveProbes, v -> config.keepaliveProbes = v));
    }

    private void timers() {
        duration("fin_timeout", SECOND, () -> config.finTimeoutNs, v -> config.finTimeoutNs = v);
        duration("keepalive_time", SECOND, () -> config.keepaliveTimeNs, v -> config.keepaliveTimeNs = v);
        duration("keepalive_intvl", SECOND, () -> config.keepaliveIntervalNs, v -> config.keepaliveIntervalNs = v);
        duration("invalid_ratelimit", MS, () -> config.invalidRateLimitNs, v -> config.invalidRateLimitNs = v);
        tcp("rto_max_ms", Sysctl.duration(1000, 120_000, MS, () -> config.rtoMaxNs, v -> config.rtoMaxNs = v));
        tcp("rto_min_us", Sysctl.duration(1, MANY, MICROSECOND_NS, () -> config.rtoMinNs, v -> config.rtoMinNs = v));
        settings.put(
                "net.ipv4.route.mtu_expires",
                Sysctl.duration(0, MANY, SECOND, () -> config.mtuExpiresNs, v -> config.mtuExpiresNs = v));
        settings.put(
                "net.ipv4.route.min_pmtu", Sysctl.number(68, 65535, () -> config.minPmtu, v -> config.minPmtu = v));
    }

    private void duration(String name, long unitNs, LongSupplier getter, LongConsumer setter) {
        tcp(name, Sysctl.duration(0, MANY, unitNs, getter, setter));
    }

    private void congestion() {
        tcp("congestion_control", new CongestionSysctl(config));
        tcp("available_congestion_control", CongestionSysctl.available());
        tcp("frto", Sysctl.flag(() -> config.frto, v -> config.frto = v));
        tcp("reordering", Sysctl.number(1, MANY, () -> config.reordering, v -> config.reordering = v));
        tcp("max_reordering", Sysctl.number(0, MANY, () -> config.maxReordering, v -> config.maxReordering = v));
        tcp("slow_start_after_idle", Sysctl.flag(() -> config.slowStartAfterIdle, v -> config.slowStartAfterIdle = v));
        tcp("early_retrans", Sysctl.number(0, 4, () -> config.earlyRetrans, v -> config.earlyRetrans = v));
        tcp("recovery", Sysctl.number(0, BYTE, () -> config.recovery, v -> config.recovery = v));
        tcp("tso_win_divisor", Sysctl.number(0, BYTE, () -> config.tsoWinDivisor, v -> config.tsoWinDivisor = v));
        tcp("tso_rtt_log", Sysctl.number(0, BYTE, () -> config.tsoRttLog, v -> config.tsoRttLog = v));
        tcp("min_tso_segs", Sysctl.number(1, BYTE, () -> config.minTsoSegs, v -> config.minTsoSegs = v));
        tcp("pacing_ss_ratio", Sysctl.number(0, 1000, () -> config.pacingSsRatio, v -> config.pacingSsRatio = v));
        tcp("pacing_ca_ratio", Sysctl.number(0, 1000, () -> config.pacingCaRatio, v -> config.pacingCaRatio = v));
    }

    private void probing() {
        tcp("mtu_probing", Sysctl.number(0, 2, () -> config.mtuProbing, v -> config.mtuProbing = v));
        tcp("base_mss", Sysctl.number(48, 65535, () -> config.baseMss, v -> config.baseMss = v));
        tcp("mtu_probe_floor", Sysctl.number(48, 65535, () -> config.mtuProbeFloor, v -> config.mtuProbeFloor = v));
        tcp("probe_threshold", Sysctl.number(0, 65535, () -> config.probeThreshold, v -> config.probeThreshold = v));
        duration("probe_interval", SECOND, () -> config.probeIntervalNs, v -> config.probeIntervalNs = v);
    }

    private void limits() {
        tcp("syncookies", Sysctl.number(0, BYTE, () -> config.synCookies, v -> config.synCookies = v));
        tcp("abort_on_overflow", Sysctl.flag(() -> config.abortOnOverflow, v -> config.abortOnOverflow = v));
        tcp(
                "challenge_ack_limit",
                Sysctl.number(0, MANY, () -> config.challengeAckLimit, v -> config.challengeAckLimit = v));
        tcp("tw_reuse", Sysctl.number(0, 2, () -> config.twReuse, v -> config.twReuse = v));
        tcp("max_tw_buckets", Sysctl.number(0, MANY, () -> config.maxTwBuckets, v -> config.maxTwBuckets = v));
        tcp("rfc1337", Sysctl.flag(() -> config.rfc1337, v -> config.rfc1337 = v));
        settings.put("net.core.somaxconn", Sysctl.number(0, MANY, () -> config.somaxconn, v -> config.somaxconn = v));
        settings.put("net.ipv4.ip_local_port_range", new PortRangeSysctl(config));
    }
}
