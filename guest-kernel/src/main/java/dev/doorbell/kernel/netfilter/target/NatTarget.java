package dev.doorbell.kernel.netfilter.target;

import dev.doorbell.bus.wire.IpProtocol;
import dev.doorbell.bus.wire.Ipv6Address;
import dev.doorbell.kernel.netdev.NetDevice;
import dev.doorbell.kernel.netfilter.AddressRange;
import dev.doorbell.kernel.netfilter.IpFamily;
import dev.doorbell.kernel.netfilter.NetfilterHooks;
import dev.doorbell.kernel.netfilter.NetfilterHost;
import dev.doorbell.kernel.netfilter.Packet;
import dev.doorbell.kernel.netfilter.RulesException;
import dev.doorbell.kernel.netfilter.Words;
import dev.doorbell.kernel.netfilter.conntrack.Connection;
import dev.doorbell.kernel.netfilter.conntrack.Conntrack;
import dev.doorbell.kernel.netfilter.match.RuleHead;
import dev.doorbell.kernel.netfilter.match.Values;
import dev.doorbell.kernel.netfilter.nat.Nat;
import dev.doorbell.kernel.netfilter.nat.NatRange;
import org.jspecify.annotations.Nullable;

/** {@code -j SNAT, DNAT, MASQUERADE, REDIRECT}: sets up the translation of a connection. Decides: no rule follows. */
final class NatTarget implements Target {
    /** Which of the four, with its option. */
    enum Kind {
        SNAT("--to-source", NetfilterHooks.LOCAL_IN, NetfilterHooks.POST_ROUTING),
        DNAT("--to-destination", NetfilterHooks.PRE_ROUTING, NetfilterHooks.LOCAL_OUT),
        MASQUERADE("--to-ports", NetfilterHooks.POST_ROUTING),
        REDIRECT("--to-ports", NetfilterHooks.PRE_ROUTING, NetfilterHooks.LOCAL_OUT);

        private final String option;
        private final int[] hooks;

        Kind(String option, int... hooks) {
            this.option = option;
            this.hooks = hooks;
        }

        boolean takesAddress() {
            return this == SNAT || this == DNAT;
        }
    }

    private final Kind kind;
    private final NatRange range;
    private final boolean random, randomFully;
    private final Nat nat;
    private final NetfilterHost host;

    private NatTarget(Builder from, NatRange range) {
        this.kind = from.kind;
        this.range = range;
        this.random = from.random;
        this.randomFully = from.randomFully;
        this.nat = from.nat;
        this.host = from.host;
    }

    @Override
    public Result apply(Packet packet) {
        Connection connection = Conntrack.of(packet.skb());
        if (connection == null) {
            return Result.ACCEPT;
        }
        switch (kind) {
            case SNAT, DNAT -> nat.setUp(connection, range, packet.hook());
            case MASQUERADE -> {
                return masquerade(packet, connection);
            }
            case REDIRECT -> {
                return redirect(packet, connection);
            }
        }
        return Result.ACCEPT;
    }

    private Result masquerade(Packet packet, Connection connection) {
        NetDevice out = packet.out();
        if (Ipv6Address.isAny(packet.sourceHigh(), packet.sourceLow()) || out == null) {
            return Result.ACCEPT; // has no address yet, and shall not get one like this
        }
        long[] address = host.sourceFor(out, packet.skb(), packet.destinationHigh(), packet.destinationLow());
        if (address == null) {
            return Result.DROP;
        }
        connection.masqueradeInterface = out.ifindex();
        nat.setUp(connection, range, AddressRange.of(packet.family(), address[0], address[1]), packet.hook());
        return Result.ACCEPT;
    }

    private Result redirect(Packet packet, Connection connection) {
        long[] address = host.redirectTarget(packet.in());
        if (address == null) {
            return Result.DROP;
        }
        nat.setUp(connection, range, AddressRange.of(packet.family(), address[0], address[1]), packet.hook());
        return Result.ACCEPT;
    }

    @Override
    public void save(StringBuilder out) {
        out.append(" -j ").append(kind);
        if (kind.takesAddress()) {
            out.append(' ').append(kind.option).append(' ');
            AddressRange addresses = range.addresses();
            boolean brackets = addresses != null && range.mapPorts() && addresses.family() == IpFamily.V6;
            if (addresses != null) {
                out.append(brackets ? "[" : "");
                addresses.save(out, false);
                out.append(brackets ? "]" : "");
            }
            if (range.mapPorts()) {
                savePorts(out.append(':'));
            }
        } else if (range.mapPorts()) {
            savePorts(out.append(" --to-ports "));
        }
        if (random) {
            out.append(" --random");
        }
        if (randomFully) {
            out.append(" --random-fully");
        }
        if (range.persistent()) {
            out.append(" --persistent");
        }
    }

    private void savePorts(StringBuilder out) {
        out.append(range.minPort());
        if (range.maxPort() != range.minPort()) {
            out.append('-').append(range.maxPort());
        }
    }

    @Override
    public boolean needsConntrack() {
        return true;
    }

    /** Reads where to. */
    static final class Builder implements TargetBuilder {
        private static final int DCCP = 33, SCTP = 132, UDPLITE = 136;

        private final Kind kind;
        private final IpFamily family;
        private final Nat nat;
        private final NetfilterHost host;
        private @Nullable AddressRange addresses;
        private int[] ports = {};
        private boolean given, random, randomFully, persistent;

        Builder(Kind kind, IpFamily family, Nat nat, NetfilterHost host) {
            this.kind = kind;
            this.family = family;
            this.nat = nat;
            this.host = host;
        }

        @Override
        public boolean option(String name, boolean inverted, Words words) throws RulesException {
            if (name.startsWith("--to") && kind.option.startsWith(name)) {
                if (given) {
                    throw new RulesException(name + ": only once");
                }
                given = true;
                parse(name, words.argument(name));
            } else {
                switch (name) {
                    case "--random" -> random = true;
                    case "--random-fully" -> randomFully = true;
                    case "--persistent" -> persistent = true;
                    default -> {
                        return false;
                    }
                }
                if (name.equals("--persistent") && !kind.takesAddress()) {
                    return false;
                }
            }
            Values.notInverted(name, inverted);
            return true;
        }

        private void parse(String option, String text) throws RulesException {
            if (!kind.takesAddress()) {
                ports = range(option, text);
                return;
            }
            int colon = portColon(text);
            String hosts = colon < 0 ? text : text.substring(0, colon);
            if (hosts.startsWith("[") && hosts.endsWith("]") && family == IpFamily.V6) {
                hosts = hosts.substring(1, hosts.length() - 1);
            }
            if (colon >= 0) {
                ports = range(option, text.substring(colon + 1));
            }
            if (!hosts.isEmpty()) {
                addresses = AddressRange.parse(family, option, hosts);
            } else if (colon < 0) {
                throw new RulesException(option + ": needs an address, a port behind a colon, or both");
            }
        }

        /** The colon in front of ports, which in IPv6 stands behind a bracket; or -1. */
        private int portColon(String text) {
            if (family == IpFamily.V4) {
                return text.indexOf(':');
            }
            int behind = text.indexOf("]:");
            return behind >= 0 ? behind + 1 : text.startsWith(":") && !text.startsWith("::") ? 0 : -1;
        }

        private static int[] range(String option, String text) throws RulesException {
            int dash = text.indexOf('-');
            int from = Values.port(option, dash < 0 ? text : text.substring(0, dash));
            int to = dash < 0 ? from : Values.port(option, text.substring(dash + 1));
            if (from == 0 || from > to) {
                throw new RulesException(option + " \"" + text + "\": must be ports from 1 to 65535, the lower first");
            }
            return new int[] {from, to};
        }

        @Override
        public Target build(RuleHead head) throws RulesException {
            if (kind.takesAddress() && !given) {
                throw new RulesException("-j " + kind + " needs " + kind.option);
            }
            boolean hasPorts = head.isFor(IpProtocol.TCP)
                    || head.isFor(IpProtocol.UDP)
                    || head.isFor(UDPLITE)
                    || head.isFor(SCTP)
                    || head.isFor(DCCP)
                    || head.isFor(family.icmp());
            if (ports.length != 0 && !hasPorts) {
                throw new RulesException(kind.option + ": ports need -p tcp, udp, udplite, sctp or dccp");
            }
            Places.require(kind.name(), head, "nat", kind.hooks);
            NatRange range = new NatRange(
                    addresses,
                    ports.length != 0,
                    ports.length == 0 ? 0 : ports[0],
                    ports.length == 0 ? 0 : ports[1],
                    random || randomFully,
                    persistent);
            return new NatTarget(this, range);
        }
    }
}
