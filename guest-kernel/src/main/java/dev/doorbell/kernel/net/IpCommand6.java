package dev.doorbell.kernel.net;

import dev.doorbell.bus.wire.Ipv6Address;
import dev.doorbell.bus.wire.MacAddress;
import dev.doorbell.kernel.ipv4.RouteMetrics;
import dev.doorbell.kernel.ipv4.RouteType;
import dev.doorbell.kernel.ipv6.InterfaceAddress6;
import dev.doorbell.kernel.ipv6.Ipv6;
import dev.doorbell.kernel.ipv6.Route6;
import dev.doorbell.kernel.ipv6.RouteEntry6;
import dev.doorbell.kernel.neighbour.Neighbour;
import dev.doorbell.kernel.netdev.NetDevice;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The words of {@code ip -6}:
 *
 * <pre>
 * address   add|replace|del ADDRESS[/LENGTH] dev NAME,  show|flush [dev NAME]
 * route     add|append|replace|change|del [unicast|blackhole|unreachable|prohibit] PREFIX|default
 *                 [via ADDRESS] [dev NAME] [metric N]
 *           show [PREFIX] [dev NAME] [table main|local|all],  flush PREFIX|dev NAME,  get ADDRESS [from ADDRESS] [oif NAME]
 * neighbour add|replace|change|del ADDRESS [lladdr MAC] [nud STATE] [router] dev NAME,  show|flush [dev NAME]
 * </pre>
 */
final class IpCommand6 {
    private static final int ADDRESS_BITS = 128;
    private static final long NS_PER_SECOND = 1_000_000_000L, NS_PER_MILLISECOND = 1_000_000L;
    private static final int MAX_MTU = 65_535;

    private final Ipv6 ipv6;

    IpCommand6(NetStack stack) {
        this.ipv6 = stack.ipv6();
    }

    /** An address, and how many bits of it count. */
    private record Prefix(long high, long low, int length) {
        String text() {
            return (high | low) == 0 && length == 0
                    ? "default"
                    : Ipv6Address.format(high, low) + (length == ADDRESS_BITS ? "" : "/" + length);
        }
    }

    private static Prefix prefix(String text) throws IpException {
        if (text.equals("default") || text.equals("any") || text.equals("all")) {
            return new Prefix(0, 0, 0);
        }
        int slash = text.indexOf('/');
        long[] halves = address(slash < 0 ? text : text.substring(0, slash));
        int length =
                slash < 0 ? ADDRESS_BITS : IpWords.number("prefix length", text.substring(slash + 1), 0, ADDRESS_BITS);
        return new Prefix(halves[0], halves[1], length);
    }

    private static long[] address(String text) throws IpException {
        try {
            return Ipv6Address.parse(text);
        } catch (IllegalArgumentException e) {
            throw new IpException("\"" + text + "\": must be an IPv6 address such as 2001:db8::2");
        }
    }

    private static boolean is(String verb, String word) {
        return IpCommand.isBeginning(verb, word);
    }

    // ---- address

    /** All but show, which is the same command for both families. */
    void changeAddress(String verb, IpWords words) throws IpException {
        if (is(verb, "flush")) {
            NetDevice dev = words.optionalDevice(ipv6.net());
            if (dev == null) {
                throw new IpException("ip addr flush: which interface? say dev NAME");
            }
            for (InterfaceAddress6 entry : List.copyOf(ipv6.addresses().list())) {
                if (entry.dev() == dev) {
                    ipv6.removeAddress(dev, entry.high(), entry.low());
                }
            }
            return;
        }
        Prefix prefix = null;
        NetDevice dev = null;
        while (words.hasNext()) {
            String word = words.next("");
            switch (word) {
                case "dev" -> dev = words.device(ipv6.net());
                case "scope" -> words.next("the value of " + word);
                // Duplicates are looked for all the same, unless dad_transmits says not to.
                case "nodad", "home", "noprefixroute" -> {}
                case "local" -> prefix = prefix(words.next("an address"));
                default -> prefix = prefix(word);
            }
        }
        if (prefix == null || (prefix.high | prefix.low) == 0) {
            throw new IpException("an address such as 2001:db8::1/64 is missing");
        }
        if (dev == null) {
            throw new IpException("Not enough information: \"dev\" argument is required.");
        }
        InterfaceAddress6 known = ipv6.addresses().find(dev, prefix.high, prefix.low);
        if (is(verb, "delete")) {
            if (known == null) {
                throw new IpException("RTNETLINK answers: Cannot assign requested address");
            }
            ipv6.removeAddress(dev, prefix.high, prefix.low);
        } else if (is(verb, "add") && known != null) {
            throw new IpException("RTNETLINK answers: File exists");
        } else if (Ipv6Address.isMulticast(prefix.high)) {
            throw new IpException("RTNETLINK answers: Invalid argument");
        } else if (known == null) {
            ipv6.addAddress(dev, prefix.high, prefix.low, prefix.length);
        }
    }

    /** The lines of one interface. */
    void show(StringBuilder out, NetDevice dev) {
        for (InterfaceAddress6 entry : ipv6.addresses().list()) {
            if (entry.dev() != dev) {
                continue;
            }
            String scope = Ipv6Address.isLoopback(entry.high(), entry.low())
                    ? "host"
                    : entry.isLinkLocal() ? "link" : "global";
            out.append("    inet6 ").append(entry).append(" scope ").append(scope);
            switch (entry.state()) {
                case TENTATIVE -> out.append(" tentative");
                case DUPLICATE -> out.append(" dadfailed tentative");
                case DEPRECATED -> out.append(" deprecated");
                default -> {}
            }
            out.append(entry.origin() == InterfaceAddress6.Origin.MANUAL ? "" : " proto kernel_ll")
                    .append(" \n");
            out.append("       valid_lft ").append(lifetime(entry.validUntilNs()));
            out.append(" preferred_lft ")
                    .append(lifetime(entry.preferredUntilNs()))
                    .append('\n');
        }
    }

    void showBrief(StringBuilder out, NetDevice dev) {
        for (InterfaceAddress6 entry : ipv6.addresses().list()) {
            if (entry.dev() == dev) {
                out.append(Ipv6Address.format(entry.high(), entry.low()));
                out.append('/').append(entry.prefixLength()).append(' ');
            }
        }
    }

    private String lifetime(long untilNs) {
        if (untilNs == InterfaceAddress6.FOREVER) {
            return "forever";
        }
        return Math.max(0, (untilNs - ipv6.net().kernel().nowNs()) / NS_PER_SECOND) + "sec";
    }

    // ---- route

    private static final class Spec {
        private RouteType type = RouteType.UNICAST;
        private IpWords.Table table = IpWords.Table.MAIN;
        private @Nullable Prefix prefix;
        private long gatewayHigh, gatewayLow;
        private @Nullable NetDevice dev;
        private int metric = -1;
        private int mtu, advmss, initcwnd, initrwnd;
        private boolean mtuLocked;
        private long rtoMinNs;

        private boolean selects(RouteEntry6 entry) {
            Prefix wanted = prefix;
            boolean samePrefix = wanted == null
                    || entry.high() == (wanted.high & Ipv6Address.maskHigh(wanted.length))
                            && entry.low() == (wanted.low & Ipv6Address.maskLow(wanted.length))
                            && entry.prefixLength() == wanted.length;
            return samePrefix
                    && (dev == null || entry.dev() == dev)
                    && ((gatewayHigh | gatewayLow) == 0
                            || entry.gatewayHigh() == gatewayHigh && entry.gatewayLow() == gatewayLow)
                    && (metric < 0 || entry.metric() == metric);
        }

        private int metricToAdd() {
            return metric < 0 ? RouteEntry6.DEFAULT_METRIC : metric;
        }
    }

    private Spec parse(IpWords words) throws IpException {
        Spec spec = new Spec();
        while (words.hasNext()) {
            String word = words.next("");
            switch (word) {
                case "via" -> {
                    words.skip("inet6");
                    long[] gateway = address(words.next("the address of a router"));
                    spec.gatewayHigh = gateway[0];
                    spec.gatewayLow = gateway[1];
                }
                case "dev", "oif" -> spec.dev = words.device(ipv6.net());
                case "metric", "priority", "preference" ->
                    spec.metric = IpWords.number("metric", words.next("a number"), 0, Integer.MAX_VALUE);
                // What these say follows from the rest here: there is one table to be changed, and nobody else who
                // makes routes.
                case "scope", "proto", "protocol", "pref", "src" -> words.next("the value of " + word);
                case "table" -> spec.table = words.table();
                case "mtu" -> {
                    spec.mtuLocked = words.skip("lock");
                    spec.mtu = IpWords.number("mtu", words.next("bytes"), 0, MAX_MTU);
                }
                case "advmss" -> {
                    words.skip("lock");
                    spec.advmss = IpWords.number("advmss", words.next("bytes"), 0, MAX_MTU);
                }
                case "initcwnd" -> spec.initcwnd = IpWords.number(word, words.next("segments"), 0, MAX_MTU);
                case "initrwnd" -> spec.initrwnd = IpWords.number(word, words.next("segments"), 0, MAX_MTU);
                case "rto_min" -> {
                    words.skip("lock");
                    spec.rtoMinNs = milliseconds(words.next("a time")) * NS_PER_MILLISECOND;
                }
                case "unicast" -> spec.type = RouteType.UNICAST;
                case "blackhole" -> spec.type = RouteType.BLACKHOLE;
                case "unreachable" -> spec.type = RouteType.UNREACHABLE;
                case "prohibit" -> spec.type = RouteType.PROHIBIT;
                case "to" -> spec.prefix = prefix(words.next("a prefix"));
                default -> spec.prefix = prefix(word);
            }
        }
        return spec;
    }

    String route(IpWords words) throws IpException {
        String verb = words.hasNext() ? words.next("") : "show";
        if (is(verb, "get")) {
            return get(words);
        }
        Spec spec = parse(words);
        if (is(verb, "show") || is(verb, "list")) {
            StringBuilder out = new StringBuilder();
            if (spec.table != IpWords.Table.LOCAL) {
                ipv6.routes().list().stream().filter(spec::selects).forEach(entry -> line(out, entry));
            }
            if (spec.table != IpWords.Table.MAIN) {
                out.append(LocalRoutes.show(ipv6, spec.dev, spec.table == IpWords.Table.ALL));
            }
            return out.toString();
        }
        spec.table.mustBeMain();
        if (is(verb, "flush")) {
            if (spec.prefix == null && spec.dev == null) {
                throw new IpException("ip route flush: which? say a prefix or dev NAME");
            }
            ipv6.routes().removeIf(spec::selects);
            return "";
        }
        if (spec.prefix == null) {
            throw new IpException("a prefix such as 2001:db8::/32, or default, is missing");
        }
        if (is(verb, "delete")) {
            RouteEntry6 found = find(spec);
            if (found == null) {
                throw new IpException("RTNETLINK answers: No such process");
            }
            ipv6.routes().removeIf(entry -> entry == found);
            return "";
        }
        change(verb, spec, spec.prefix);
        return "";
    }

    private void change(String verb, Spec spec, Prefix prefix) throws IpException {
        RouteEntry6 entry = entry(spec, prefix);
        RouteEntry6 same = null;
        for (RouteEntry6 known : ipv6.routes().list()) {
            boolean samePrefix = known.high() == entry.high()
                    && known.low() == entry.low()
                    && known.prefixLength() == entry.prefixLength();
            if (samePrefix && known.metric() == entry.metric()) {
                same = known;
                break;
            }
        }
        switch (verb) {
            case "add", "a" -> {
                if (same != null) {
                    throw new IpException("RTNETLINK answers: File exists");
                }
            }
            case "append", "replace" -> {}
            case "change" -> {
                if (same == null) {
                    throw new IpException("RTNETLINK answers: No such file or directory");
                }
            }
            default ->
                throw new IpException("ip route: unknown command \"" + verb
                        + "\", there are add, append, replace, change, del, show, flush, get");
        }
        if (same != null && !verb.equals("append")) {
            RouteEntry6 old = same;
            ipv6.routes().removeIf(known -> known == old);
        }
        ipv6.routes().add(entry);
    }

    private @Nullable RouteEntry6 find(Spec spec) {
        for (RouteEntry6 entry : ipv6.routes().list()) {
            if (spec.selects(entry)) {
                return entry;
            }
        }
        return null;
    }

    private RouteEntry6 entry(Spec spec, Prefix prefix) throws IpException {
        NetDevice dev = spec.dev;
        boolean routed = (spec.gatewayHigh | spec.gatewayLow) != 0;
        if (spec.type == RouteType.UNICAST && routed && dev == null) {
            Route6 way = ipv6.routes().lookup(spec.gatewayHigh, spec.gatewayLow, 0, 0, 0);
            if (way == null || way.hasGateway()) {
                throw new IpException("RTNETLINK answers: No route to host");
            }
            dev = way.dev();
        }
        if (spec.type == RouteType.UNICAST && dev == null) {
            throw new IpException("RTNETLINK answers: No such device");
        }
        return new RouteEntry6(
                prefix.high,
                prefix.low,
                prefix.length,
                spec.gatewayHigh,
                spec.gatewayLow,
                spec.type == RouteType.UNICAST ? dev : null,
                spec.metricToAdd(),
                spec.type,
                RouteEntry6.Origin.STATIC,
                InterfaceAddress6.FOREVER,
                new RouteMetrics(spec.mtu, spec.mtuLocked, spec.advmss, spec.initcwnd, spec.initrwnd, spec.rtoMinNs));
    }

    /** "200ms", "1s"; a bare number is milliseconds. */
    private static long milliseconds(String text) throws IpException {
        boolean seconds = text.endsWith("s") && !text.endsWith("ms");
        String digits = text.endsWith("ms")
                ? text.substring(0, text.length() - 2)
                : seconds ? text.substring(0, text.length() - 1) : text;
        return IpWords.number("rto_min", digits, 1, MAX_MTU) * (seconds ? 1000L : 1L);
    }

    private static void line(StringBuilder out, RouteEntry6 entry) {
        if (entry.type() != RouteType.UNICAST) {
            out.append(entry.type().name().toLowerCase(Locale.ROOT)).append(' ');
        }
        out.append(new Prefix(entry.high(), entry.low(), entry.prefixLength()).text());
        if ((entry.gatewayHigh() | entry.gatewayLow()) != 0) {
            out.append(" via ").append(Ipv6Address.format(entry.gatewayHigh(), entry.gatewayLow()));
        }
        NetDevice dev = entry.dev();
        out.append(dev == null ? " dev lo" : " dev " + dev.name());
        switch (entry.origin()) {
            case CONNECTED -> out.append(" proto kernel");
            case ADVERTISED -> out.append(" proto ra");
            case REDIRECT -> out.append(" proto redirect");
            default -> {}
        }
        out.append(" metric ")
                .append(entry.metric())
                .append(entry.metrics().words())
                .append(" pref medium\n");
    }

    private String get(IpWords words) throws IpException {
        words.skip("to");
        long[] to = address(words.next("an address"));
        long[] from = {0, 0};
        NetDevice out = null;
        while (words.hasNext()) {
            String word = words.next("");
            switch (word) {
                case "from" -> from = address(words.next("an address"));
                case "oif", "dev" -> out = words.device(ipv6.net());
                default -> throw new IpException("ip route get: unknown word \"" + word + "\", there are from and oif");
            }
        }
        Route6 route = ipv6.routes().lookup(to[0], to[1], from[0], from[1], out == null ? 0 : out.ifindex());
        if (route == null || route.type() == RouteType.UNREACHABLE) {
            throw new IpException("RTNETLINK answers: Network is unreachable");
        }
        StringBuilder text = new StringBuilder();
        if (route.type() != RouteType.UNICAST) {
            text.append(route.type().name().toLowerCase(Locale.ROOT)).append(' ');
        }
        text.append(Ipv6Address.format(to[0], to[1]))
                .append(" from ")
                .append((from[0] | from[1]) == 0 ? "::" : Ipv6Address.format(from[0], from[1]));
        if (route.hasGateway()) {
            text.append(" via ").append(Ipv6Address.format(route.nextHopHigh(), route.nextHopLow()));
        }
        text.append(" dev ").append(route.dev().name());
        text.append(" src ").append(Ipv6Address.format(route.sourceHigh(), route.sourceLow()));
        if (route.mtu() != route.dev().mtu()) {
            text.append(" mtu ").append(route.mtu());
        }
        return text.append('\n').toString();
    }

    // ---- neighbour

    /** All but show and flush, which are the same commands for both families. */
    void changeNeighbour(String verb, IpWords words) throws IpException {
        long[] address = {0, 0};
        long mac = -1;
        String nud = "permanent";
        NetDevice dev = null;
        boolean router = false;
        while (words.hasNext()) {
            String word = words.next("");
            switch (word) {
                case "dev" -> dev = words.device(ipv6.net());
                case "lladdr" -> mac = IpWords.mac(words.next("a MAC address"));
                case "nud" -> nud = words.next("a state");
                case "router" -> router = true;
                case "to" -> address = address(words.next("an address"));
                default -> address = address(word);
            }
        }
        if ((address[0] | address[1]) == 0 || dev == null) {
            throw new IpException("Device and destination are required arguments.");
        }
        Neighbour known = ipv6.neighbours().lookup(dev, address[0], address[1]);
        if (known == null && (is(verb, "delete") || is(verb, "change"))) {
            throw new IpException("RTNETLINK answers: No such file or directory");
        }
        if (known != null && is(verb, "add")) {
            throw new IpException("RTNETLINK answers: File exists");
        }
        boolean permanent = nud.equals("permanent") || nud.equals("noarp");
        if (!permanent && !nud.equals("reachable") && !nud.equals("stale")) {
            throw new IpException("nud \"" + nud + "\": must be permanent, noarp, reachable or stale");
        }
        if (!is(verb, "delete") && mac < 0) {
            throw new IpException("ip neigh " + verb + ": lladdr MAC is missing");
        }
        if (known != null) {
            ipv6.neighbours().delete(known);
        }
        if (is(verb, "delete")) {
            return;
        }
        Neighbour entry = ipv6.neighbours().lookupOrCreate(dev, address[0], address[1]);
        if (entry == null) {
            throw new IpException("RTNETLINK answers: No buffer space available");
        }
        entry.router(router);
        if (permanent) {
            entry.makePermanent(mac);
        } else {
            entry.update(mac, nud.equals("reachable"), true);
        }
    }

    void showNeighbours(StringBuilder out, NeighbourFilter filter) {
        for (Neighbour entry : ipv6.neighbours().list()) {
            if (filter.selects(entry, false)) {
                out.append(Ipv6Address.format(entry.high(), entry.low()));
                out.append(" dev ").append(entry.dev().name());
                if (entry.state().isValid()) {
                    out.append(" lladdr ").append(MacAddress.format(entry.mac()));
                }
                out.append(entry.isRouter() ? " router " : " ");
                out.append(entry.state().name().toUpperCase(Locale.ROOT)).append(" \n");
            }
        }
    }

    void flushNeighbours(NeighbourFilter filter) {
        for (Neighbour entry : List.copyOf(ipv6.neighbours().list())) {
            if (filter.flushes(entry, false)) {
                ipv6.neighbours().delete(entry);
            }
        }
    }
}
