package dev.doorbell.kernel.netfilter.match;

import dev.doorbell.bus.wire.Ipv6Address;
import dev.doorbell.kernel.netdev.NetDevice;
import dev.doorbell.kernel.netfilter.IpFamily;
import dev.doorbell.kernel.netfilter.NetfilterHooks;
import dev.doorbell.kernel.netfilter.NetfilterHost;
import dev.doorbell.kernel.netfilter.Packet;
import dev.doorbell.kernel.netfilter.RulesException;
import dev.doorbell.kernel.netfilter.Words;
import org.jspecify.annotations.Nullable;

/** {@code -m addrtype}: what the routing table says the addresses are. */
final class AddressTypeMatch implements Match {
    /** In the order of RTN_*: bit n of a mask is name n. */
    private static final String[] NAMES = {
        "UNSPEC",
        "UNICAST",
        "LOCAL",
        "BROADCAST",
        "ANYCAST",
        "MULTICAST",
        "BLACKHOLE",
        "UNREACHABLE",
        "PROHIBIT",
        "THROW",
        "NAT",
        "XRESOLVE"
    };

    /** BROADCAST, BLACKHOLE, and from PROHIBIT on. */
    private static final int NOT_IN_IPV6 =
            1 << NetfilterHost.BROADCAST | 1 << NetfilterHost.BLACKHOLE | -1 << NetfilterHost.PROHIBIT;

    /** What the routing table is asked about. */
    private static final int ROUTED_TYPES =
            1 << NetfilterHost.LOCAL | 1 << NetfilterHost.ANYCAST | 1 << NetfilterHost.UNREACHABLE;

    private final NetfilterHost host;
    private final boolean v6;
    private final int sourceTypes, destinationTypes;
    private final boolean sourceInverted, destinationInverted, limitIn, limitOut;

    private AddressTypeMatch(Builder from, boolean v6) {
        this.v6 = v6;
        host = from.host;
        sourceTypes = from.sourceTypes;
        destinationTypes = from.destinationTypes;
        sourceInverted = from.sourceInverted;
        destinationInverted = from.destinationInverted;
        limitIn = from.limitIn;
        limitOut = from.limitOut;
    }

    @Override
    public boolean matches(Packet packet) {
        NetDevice dev = limitIn ? packet.in() : limitOut ? packet.out() : null;
        return isOf(sourceTypes, packet.sourceHigh(), packet.sourceLow(), dev, sourceInverted)
                && isOf(destinationTypes, packet.destinationHigh(), packet.destinationLow(), dev, destinationInverted);
    }

    private boolean isOf(int types, long high, long low, @Nullable NetDevice dev, boolean inverted) {
        return types == 0 || (v6 ? isOf6(types, high, low, dev) : isOneOf(types, high, low, dev)) != inverted;
    }

    private boolean isOneOf(int types, long high, long low, @Nullable NetDevice dev) {
        return (types & 1 << host.addressType(high, low, dev)) != 0;
    }

    /**
     * As Linux for IPv6: an address is of all the kinds that are named, its form says which it is of, and a unicast address may
     * be local, too.
     */
    private boolean isOf6(int types, long high, long low, @Nullable NetDevice dev) {
        boolean group = Ipv6Address.isMulticast(high);
        boolean none = Ipv6Address.isUnspecified(high, low);
        boolean wrong = (types & 1 << NetfilterHost.MULTICAST) != 0 && !group
                || (types & 1 << NetfilterHost.UNICAST) != 0 && (group || none)
                || (types & 1 << NetfilterHost.UNSPEC) != 0 && !none;
        return !wrong && ((types & ROUTED_TYPES) == 0 || isOneOf(types & ROUTED_TYPES, high, low, dev));
    }

    @Override
    public void save(StringBuilder out) {
        out.append(" -m addrtype");
        save(out, " --src-type ", sourceTypes, sourceInverted);
        save(out, " --dst-type ", destinationTypes, destinationInverted);
        if (limitIn) {
            out.append(" --limit-iface-in");
        }
        if (limitOut) {
            out.append(" --limit-iface-out");
        }
    }

    private static void save(StringBuilder out, String option, int types, boolean inverted) {
        if (types == 0) {
            return;
        }
        Values.saveInverted(out, inverted);
        out.append(option);
        String separator = "";
        for (int i = 0; i < NAMES.length; i++) {
            if ((types & 1 << i) != 0) {
                out.append(separator).append(NAMES[i]);
                separator = ",";
            }
        }
    }

    /** Reads the types. */
    static final class Builder implements MatchBuilder {
        private final NetfilterHost host;
        private int sourceTypes, destinationTypes;
        private boolean sourceInverted, destinationInverted, limitIn, limitOut;

        Builder(NetfilterHost host) {
            this.host = host;
        }

        @Override
        public boolean option(String name, boolean inverted, Words words) throws RulesException {
            switch (name) {
                case "--src-type" -> {
                    sourceTypes = parse(name, words.argument(name));
                    sourceInverted = inverted;
                }
                case "--dst-type" -> {
                    destinationTypes = parse(name, words.argument(name));
                    destinationInverted = inverted;
                }
                case "--limit-iface-in" -> limitIn = true;
                case "--limit-iface-out" -> limitOut = true;
                default -> {
                    return false;
                }
            }
            return true;
        }

        private static int parse(String option, String text) throws RulesException {
            int types = 0;
            for (String name : text.split(",", -1)) {
                int bit = 0;
                for (int i = 0; i < NAMES.length; i++) {
                    bit |= NAMES[i].equalsIgnoreCase(name) ? 1 << i : 0;
                }
                if (bit == 0) {
                    throw new RulesException(option + " \"" + name + "\": must be of " + String.join(", ", NAMES));
                }
                types |= bit;
            }
            return types;
        }

        @Override
        public Match build(RuleHead head) throws RulesException {
            if (sourceTypes == 0 && destinationTypes == 0) {
                throw new RulesException("match addrtype needs --src-type or --dst-type");
            }
            if (limitIn && limitOut) {
                throw new RulesException("match addrtype: give --limit-iface-in or --limit-iface-out, not both");
            }
            boolean unknown = ((sourceTypes | destinationTypes) & NOT_IN_IPV6) != 0;
            if (head.family() == IpFamily.V6 && unknown) {
                throw new RulesException(
                        "match addrtype: IPv6 knows UNSPEC, UNICAST, LOCAL, ANYCAST, MULTICAST and UNREACHABLE");
            }
            int hook = head.hook();
            if (limitIn && (hook == NetfilterHooks.LOCAL_OUT || hook == NetfilterHooks.POST_ROUTING)
                    || limitOut && (hook == NetfilterHooks.PRE_ROUTING || hook == NetfilterHooks.LOCAL_IN)) {
                throw new RulesException("match addrtype: " + head.chain() + " knows no such interface");
            }
            return new AddressTypeMatch(this, head.family() == IpFamily.V6);
        }
    }
}
