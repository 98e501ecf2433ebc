package dev.doorbell.kernel.net;

import dev.doorbell.kernel.netfilter.conntrack.Conntrack;
import dev.doorbell.kernel.netfilter.conntrack.ConntrackSettings;
import dev.doorbell.kernel.netfilter.conntrack.ConntrackTimeout;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.ObjIntConsumer;
import java.util.function.Predicate;
import java.util.function.ToIntFunction;

/** net.netfilter.nf_conntrack_*: one setting for the connections of both families, which have a table each. */
final class ConntrackSysctls {
    private static final String PREFIX = "net.netfilter.nf_conntrack_";
    private static final long SECOND_NS = 1_000_000_000L;
    /** As many times a segment may have been seen; Linux keeps it in a byte. */
    private static final int MAX_RETRANSMISSIONS = 255;

    private final List<Conntrack> both;
    private final Map<String, Sysctl> settings;

    private ConntrackSysctls(List<Conntrack> both, Map<String, Sysctl> settings) {
        this.both = both;
        this.settings = settings;
    }

    static void add(Conntrack v4, Conntrack v6, Map<String, Sysctl> settings) {
        ConntrackSysctls added = new ConntrackSysctls(List.of(v4, v6), settings);
        added.flag("tcp_loose", ConntrackSettings::isTcpLoose, ConntrackSettings::setTcpLoose);
        added.flag("tcp_be_liberal", ConntrackSettings::isTcpLiberal, ConntrackSettings::setTcpLiberal);
        added.flag("checksum", ConntrackSettings::isChecksumVerified, ConntrackSettings::setChecksumVerified);
        added.number(
                "max",
                1,
                Integer.MAX_VALUE,
                conntrack -> conntrack.table().maximum(),
                (conntrack, connections) -> conntrack.table().setMaximum(connections));
        added.number(
                "tcp_max_retrans",
                0,
                MAX_RETRANSMISSIONS,
                conntrack -> conntrack.settings().tcpMaxRetransmissions(),
                (conntrack, times) -> conntrack.settings().setTcpMaxRetransmissions(times));
        for (ConntrackTimeout timeout : ConntrackTimeout.values()) {
            added.timeout(timeout);
        }
    }

    private void flag(String name, Predicate<ConntrackSettings> getter, BiConsumer<ConntrackSettings, Boolean> setter) {
        settings.put(
                PREFIX + name,
                Sysctl.flag(
                        () -> getter.test(both.get(0).settings()),
                        value -> each(conntrack -> setter.accept(conntrack.settings(), value))));
    }

    private void number(
            String name, int min, int max, ToIntFunction<Conntrack> getter, ObjIntConsumer<Conntrack> setter) {
        settings.put(
                PREFIX + name,
                Sysctl.number(
                        min,
                        max,
                        () -> getter.applyAsInt(both.get(0)),
                        value -> each(conntrack -> setter.accept(conntrack, value))));
    }

    private void timeout(ConntrackTimeout timeout) {
        settings.put(
                PREFIX + timeout.sysctl(),
                Sysctl.duration(
                        0,
                        Integer.MAX_VALUE,
                        SECOND_NS,
                        () -> both.get(0).settings().timeoutNs(timeout),
                        ns -> each(conntrack -> conntrack.settings().setTimeoutNs(timeout, ns))));
    }

    private void each(Consumer<Conntrack> change) {
        both.forEach(change);
    }
}
