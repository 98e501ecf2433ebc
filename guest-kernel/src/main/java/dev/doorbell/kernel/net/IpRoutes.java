package dev.doorbell.kernel.net;

import dev.doorbell.bus.wire.Ipv4Address;
import dev.doorbell.kernel.ipv4.Ipv4;
import dev.doorbell.kernel.ipv4.Route;
import dev.doorbell.kernel.ipv4.RouteEntry;
import dev.doorbell.kernel.ipv4.RouteType;
import dev.doorbell.kernel.netdev.NetDevice;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * {@code ip route}:
 *
 * <pre>
 * add|append|replace|change|del [unicast|blackhole|unreachable|prohibit] PREFIX|default
 *         [via ADDRESS] [dev NAME] [src ADDRESS] [metric N] [mtu N] [scope SCOPE] [proto PROTO]
 * show [PREFIX] [dev NAME] [table main|local|all],  flush PREFIX|dev NAME,  get ADDRESS [from ADDRESS] [oif NAME]
 * </pre>
 */
final class IpRoutes {
    private static final int MIN_MTU = 68, MAX_MTU = 65_536;

    private final Ipv4 ipv4;

    IpRoutes(NetStack stack) {
        this.ipv4 = stack.ipv4();
    }

    String run(IpWords words) throws IpException {
        String verb = words.hasNext() ? words.next("") : "show";
        if (IpCommand.isBeginning(verb, "show") || IpCommand.isBeginning(verb, "list")) {
            Spec spec = parse(words, false);
            StringBuilder out = new StringBuilder();
            if (spec.table != IpWords.Table.LOCAL) {
                sorted().stream().filter(spec::selects).forEach(entry -> line(out, entry));
            }
            if (spec.table != IpWords.Table.MAIN) {
                out.append(LocalRoutes.show(ipv4, spec.dev, spec.table == IpWords.Table.ALL));
            }
            return out.toString();
        }
        if (IpCommand.isBeginning(verb, "get")) {
            return get(words);
        }
        if (IpCommand.isBeginning(verb, "flush")) {
            Spec spec = parse(words, false);
            spec.table.mustBeMain();
            if (!spec.hasPrefix && spec.dev == null) {
                throw new IpException("ip route flush: which? say a prefix or dev NAME");
            }
            sorted().stream().filter(spec::selects).forEach(ipv4.routes()::remove);
            return "";
        }
        Spec spec = parse(words, true);
        spec.table.mustBeMain();
        if (IpCommand.isBeginning(verb, "delete")) {
            delete(spec);
            return "";
        }
        RouteEntry entry = entry(spec);
        RouteEntry same = find(spec, true);
        switch (verb) {
            case "add", "a" -> {
                if (same != null) {
                    throw new IpException("RTNETLINK answers: File exists");
                }
            }
            case "append" -> {}
            case "replace" -> removeIfAny(same);
            case "change" -> {
                if (same == null) {
                    throw new IpException("RTNETLINK answers: No such file or directory");
                }
                removeIfAny(same);
            }
            default ->
                throw new IpException("ip route: unknown command \"" + verb
                        + "\", there are add, append, replace, change, del, show, flush, get");
        }
        ipv4.routes().add(entry);
        return "";
    }

    /** What the words of a route said. */
    private static final class Spec {
        private RouteType type = RouteType.UNICAST;
        private IpWords.Table table = IpWords.Table.MAIN;
        private boolean hasType, hasPrefix, hasMetric;
        private int destination, prefixLength, gateway, source, metric, mtu;
        private @Nullable NetDevice dev;

        private boolean isFor(RouteEntry entry) {
            return entry.destination() == destination && entry.prefixLength() == prefixLength;
        }

        private boolean selects(RouteEntry entry) {
            return (!hasPrefix || isFor(entry))
                    && (dev == null || entry.dev() == dev)
                    && (!hasType || entry.type() == type)
                    && (gateway == 0 || entry.gateway() == gateway)
                    && (!hasMetric || entry.metric() == metric);
        }
    }

    private Spec parse(IpWords words, boolean needsPrefix) throws IpException {
        Spec spec = new Spec();
        while (words.hasNext()) {
            String word = words.next("");
            switch (word) {
                case "via" -> {
                    words.skip("inet");
                    spec.gateway = IpWords.address(words.next("the address of a router"));
                }
                case "dev", "oif" -> spec.dev = words.device(ipv4.net());
                case "src" -> spec.source = IpWords.address(words.next("an address"));
                case "metric", "priority", "preference" -> {
                    spec.metric = IpWords.number("metric", words.next("a number"), 0, Integer.MAX_VALUE);
                    spec.hasMetric = true;
                }
                case "mtu" -> {
                    words.skip("lock");
                    spec.mtu = IpWords.number("mtu", words.next("a number"), MIN_MTU, MAX_MTU);
                }
                // What these say follows from the rest here: there is one table to be changed, and nobody else who
                // makes routes.
                case "scope", "proto", "protocol", "tos" -> words.next("the value of " + word);
                case "table" -> spec.table = words.table();
                case "onlink" -> {}
                case "unicast", "blackhole", "unreachable", "prohibit" -> {
                    spec.type = RouteType.valueOf(word.toUpperCase(Locale.ROOT));
                    spec.hasType = true;
                }
                case "to", "exact", "root", "match" -> prefix(spec, words.next("a prefix"));
                default -> prefix(spec, word);
            }
        }
        if (needsPrefix && !spec.hasPrefix) {
            throw new IpException("a prefix such as 10.9.0.0/16, or default, is missing");
        }
        return spec;
    }

    private static void prefix(Spec spec, String word) throws IpException {
        if (spec.hasPrefix) {
            throw new IpException("\"" + word + "\": unknown word, or a second prefix");
        }
        int[] prefix = IpWords.prefix(word);
        if ((prefix[0] & ~Ipv4Address.mask(prefix[1])) != 0) {
            throw new IpException("\"" + word + "\": Invalid prefix for given prefix length.");
        }
        spec.hasPrefix = true;
        spec.destination = prefix[0];
        spec.prefixLength = prefix[1];
    }

    private RouteEntry entry(Spec spec) throws IpException {
        NetDevice dev = spec.dev;
        if (spec.type != RouteType.UNICAST) {
            if (dev != null && !dev.isLoopback() || spec.gateway != 0) {
                throw new IpException("a route that refuses has no device and no router");
            }
            dev = null;
        } else if (spec.gateway != 0) {
            Route towards = ipv4.routes().lookup(spec.gateway, 0, dev == null ? 0 : dev.ifindex());
            if (towards == null || towards.type() != RouteType.UNICAST || towards.gateway() != 0) {
                throw new IpException("Nexthop has invalid gateway.");
            }
            dev = towards.dev();
        } else if (dev == null) {
            throw new IpException("RTNETLINK answers: No such device; say via ADDRESS or dev NAME");
        }
        if (spec.source != 0 && !ipv4.addresses().isLocal(spec.source)) {
            throw new IpException("Invalid prefsrc address.");
        }
        if (dev != null && !dev.isUp()) {
            throw new IpException("RTNETLINK answers: Network is down");
        }
        return new RouteEntry(
                spec.destination,
                spec.prefixLength,
                spec.gateway,
                dev,
                spec.source,
                spec.metric,
                spec.type,
                spec.mtu,
                false);
    }

    /** @param byMetric only one with the same metric */
    private @Nullable RouteEntry find(Spec spec, boolean byMetric) {
        for (RouteEntry entry : ipv4.routes().list()) {
            if (spec.isFor(entry) && (!byMetric || entry.metric() == spec.metric)) {
                return entry;
            }
        }
        return null;
    }

    private void removeIfAny(@Nullable RouteEntry entry) {
        if (entry != null) {
            ipv4.routes().remove(entry);
        }
    }

    private void delete(Spec spec) throws IpException {
        for (RouteEntry entry : ipv4.routes().list()) {
            if (spec.selects(entry)) {
                ipv4.routes().remove(entry);
                return;
            }
        }
        throw new IpException("RTNETLINK answers: No such process");
    }

    /** As the kernel lists them: by address, the default route first; the better metric first. */
    private List<RouteEntry> sorted() {
        return ipv4.routes().list().stream()
                .sorted(Comparator.comparingLong((RouteEntry e) -> e.destination() & 0xFFFF_FFFFL)
                        .thenComparingInt(RouteEntry::prefixLength)
                        .thenComparingInt(RouteEntry::metric))
                .toList();
    }

    private static void line(StringBuilder out, RouteEntry entry) {
        if (entry.type() != RouteType.UNICAST) {
            out.append(entry.type().name().toLowerCase(Locale.ROOT)).append(' ');
        }
        if (entry.prefixLength() == 0) {
            out.append("default ");
        } else {
            out.append(Ipv4Address.format(entry.destination()));
            out.append(entry.prefixLength() == 32 ? " " : "/" + entry.prefixLength() + " ");
        }
        NetDevice dev = entry.dev();
        if (entry.gateway() != 0) {
            out.append("via ").append(Ipv4Address.format(entry.gateway())).append(' ');
        }
        if (dev != null) {
            out.append("dev ").append(dev.name()).append(' ');
        }
        out.append(entry.automatic() ? "proto kernel " : "");
        out.append(dev != null && entry.gateway() == 0 ? "scope link " : "");
        if (entry.source() != 0) {
            out.append("src ").append(Ipv4Address.format(entry.source())).append(' ');
        }
        if (entry.metric() != 0) {
            out.append("metric ").append(entry.metric()).append(' ');
        }
        if (entry.mtu() != 0) {
            out.append("mtu ").append(entry.mtu()).append(' ');
        }
        out.append('\n');
    }

    private String get(IpWords words) throws IpException {
        words.skip("to");
        int destination = IpWords.prefix(words.next("an address"))[0];
        int source = words.skip("from") ? IpWords.address(words.next("an address")) : 0;
        NetDevice dev = words.skip("oif") || words.skip("dev") ? words.device(ipv4.net()) : null;
        words.end();
        Route route = ipv4.routes().lookup(destination, source, dev == null ? 0 : dev.ifindex());
        if (route == null) {
            throw new IpException("RTNETLINK answers: Network is unreachable");
        }
        switch (route.type()) {
            case UNREACHABLE -> throw new IpException("RTNETLINK answers: No route to host");
            case PROHIBIT -> throw new IpException("RTNETLINK answers: Permission denied");
            case BLACKHOLE -> throw new IpException("RTNETLINK answers: Invalid argument");
            default -> {}
        }
        StringBuilder out = new StringBuilder();
        if (route.type() != RouteType.UNICAST) {
            out.append(route.type().name().toLowerCase(Locale.ROOT)).append(' ');
        }
        out.append(Ipv4Address.format(destination)).append(' ');
        if (route.gateway() != 0) {
            out.append("via ").append(Ipv4Address.format(route.gateway())).append(' ');
        }
        out.append("dev ").append(route.dev().name()).append(" src ").append(Ipv4Address.format(route.source()));
        out.append(" uid 0 \n    cache ");
        out.append(route.type() == RouteType.LOCAL ? "<local> " : "");
        out.append(route.mtu() < route.dev().mtu() ? "mtu " + route.mtu() + " " : "");
        return out.append('\n').toString();
    }
}
