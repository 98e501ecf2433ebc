package dev.doorbell.kernel.netfilter.nat;

import dev.doorbell.bus.wire.IcmpHeader;
import dev.doorbell.bus.wire.IcmpTypes;
import dev.doorbell.kernel.netdev.NetDevice;
import dev.doorbell.kernel.netfilter.AddressRange;
import dev.doorbell.kernel.netfilter.NetfilterHooks;
import dev.doorbell.kernel.netfilter.NetfilterHost;
import dev.doorbell.kernel.netfilter.Packet;
import dev.doorbell.kernel.netfilter.Verdict;
import dev.doorbell.kernel.netfilter.conntrack.Connection;
import dev.doorbell.kernel.netfilter.conntrack.Conntrack;
import dev.doorbell.kernel.netfilter.conntrack.ConntrackInfo;
import dev.doorbell.kernel.netfilter.conntrack.Tuple;
import dev.doorbell.kernel.skb.SkBuff;
import org.jspecify.annotations.Nullable;

/**
 * Translates addresses. The first packet of a connection goes through the chains of table nat, whose targets call {@link
 * #setUp}; what they decide is done to every packet of it, the other way round to the answers, and to ICMP errors.
 */
public final class Nat {
    /** The chains of table nat. */
    @FunctionalInterface
    public interface Chains {
        /** Lets the rules decide about the first packet of a connection. */
        Verdict evaluate(Packet packet);
    }

    private static final int NAT_MASK = Connection.SRC_NAT | Connection.DST_NAT,
            DONE_MASK = Connection.SRC_NAT_DONE | Connection.DST_NAT_DONE;
    private static final NatRange KEEP = new NatRange(null, false, 0, 0, false, false);

    /** ICMPv6 redirect, RFC 4861 §4.5. */
    private static final int REDIRECT6 = 137;

    private final Conntrack conntrack;
    private final NetfilterHost host;
    private final NatSelector selector;
    private final NatRewriter rewriter = new NatRewriter();
    private final Packet packet = new Packet();
    private final Tuple current = new Tuple();
    private final Tuple target = new Tuple();
    private Chains chains = ignored -> Verdict.ACCEPT;

    public Nat(NetfilterHost host, Conntrack conntrack) {
        this.host = host;
        this.conntrack = conntrack;
        this.selector = new NatSelector(host.kernel(), conntrack.table());
    }

    /** Begins to translate: registers at the hooks. */
    public void start(NetfilterHooks hooks) {
        conntrack.table().onChange(selector::add, selector::remove);
        hooks.register(NetfilterHooks.PRE_ROUTING, NetfilterHooks.PRIORITY_NAT_DST, this::translate);
        hooks.register(NetfilterHooks.LOCAL_OUT, NetfilterHooks.PRIORITY_NAT_DST, this::translate);
        hooks.register(NetfilterHooks.LOCAL_IN, NetfilterHooks.PRIORITY_NAT_SRC, this::translate);
        hooks.register(NetfilterHooks.POST_ROUTING, NetfilterHooks.PRIORITY_NAT_SRC, this::translate);
    }

    /** The rules that are in force from now on. */
    public void setChains(Chains rules) {
        chains = rules;
    }

    /** Whether sources (not destinations) are translated at a hook. */
    static boolean isSourceHook(int hook) {
        return hook == NetfilterHooks.POST_ROUTING || hook == NetfilterHooks.LOCAL_IN;
    }

    private Verdict translate(int hook, SkBuff skb, @Nullable NetDevice in, @Nullable NetDevice out) {
        Connection connection = Conntrack.of(skb);
        if (connection == null || !packet.load(hook, skb, in, out)) {
            return Verdict.ACCEPT;
        }
        int info = skb.conntrackInfo;
        boolean source = isSourceHook(hook);
        boolean related = info == ConntrackInfo.RELATED || info == ConntrackInfo.RELATED_REPLY;
        if (related && packet.protocol() == packet.family().icmp()) {
            boolean done = translateError(skb, connection, source);
            return done ? rerouted(hook, skb, connection) : Verdict.DROP;
        }
        if ((related || info == ConntrackInfo.NEW) && !isSetUp(connection, source)) {
            Verdict verdict = chains.evaluate(packet);
            if (verdict != Verdict.ACCEPT) {
                return verdict;
            }
            if (!isSetUp(connection, source)) {
                keep(connection, source);
            }
        } else if (hook == NetfilterHooks.POST_ROUTING && connection.isMasqueradedElsewhere(out)) {
            if (ConntrackInfo.direction(info) == Connection.ORIGINAL) {
                conntrack.table().remove(connection); // it would leave with the address of another interface
                return Verdict.DROP;
            }
        }
        int direction = ConntrackInfo.direction(info);
        if (connection.is(bitFor(source, direction))) {
            target.invert(connection.tuple(1 - direction));
            if (!rewriter.rewrite(packet, target, source)) {
                return Verdict.DROP;
            }
        }
        return rerouted(hook, skb, connection);
    }

    /** A packet of our own whose destination was changed takes another way. */
    private Verdict rerouted(int hook, SkBuff skb, Connection connection) {
        if (hook != NetfilterHooks.LOCAL_OUT) {
            return Verdict.ACCEPT;
        }
        int direction = ConntrackInfo.direction(skb.conntrackInfo);
        boolean changed = !connection.tuple(direction).isToSourceOf(connection.tuple(1 - direction));
        return !changed || host.reroute(skb) ? Verdict.ACCEPT : Verdict.DROP;
    }

    private static boolean isSetUp(Connection connection, boolean source) {
        return connection.is(source ? Connection.SRC_NAT_DONE : Connection.DST_NAT_DONE);
    }

    /** Answers are translated the other way round. */
    private static int bitFor(boolean source, int direction) {
        return source == (direction == Connection.ORIGINAL) ? Connection.SRC_NAT : Connection.DST_NAT;
    }

    // ---- for the targets of table nat

    /**
     * Decides what a connection is mapped to, once for sources and once for destinations.
     *
     * @param hook decides which of both
     */
    public void setUp(Connection connection, NatRange range, int hook) {
        setUp(connection, range, range.addresses(), isSourceHook(hook));
    }

    /** As above, to one address that the rule does not know beforehand. */
    public void setUp(Connection connection, NatRange range, AddressRange address, int hook) {
        setUp(connection, range, address, isSourceHook(hook));
    }

    /** No rule said anything: stays as it is unless somebody else looks like that already. */
    private void keep(Connection connection, boolean source) {
        setUp(connection, KEEP, null, source);
    }

    private void setUp(Connection connection, NatRange range, @Nullable AddressRange addresses, boolean source) {
        if (isSetUp(connection, source) || connection.is(Connection.CONFIRMED)) {
            return;
        }
        current.invert(connection.reply());
        Tuple chosen = selector.choose(connection, current, range, addresses, source);
        if (!chosen.isSame(current)) {
            connection.reply().invert(chosen);
            connection.status |= source ? Connection.SRC_NAT : Connection.DST_NAT;
        }
        connection.status |= source ? Connection.SRC_NAT_DONE : Connection.DST_NAT_DONE;
    }

    /** @return false: it must be dropped */
    private boolean translateError(SkBuff skb, Connection connection, boolean source) {
        if (!packet.pull(IcmpHeader.LENGTH)) {
            return false;
        }
        // A redirect names a router by its address, which would be wrong on the other side.
        int redirect = packet.isV6() ? REDIRECT6 : IcmpTypes.REDIRECT;
        if (packet.u8(0) == redirect && (!connection.is(DONE_MASK) || (connection.status & NAT_MASK) != 0)) {
            return false;
        }
        int direction = ConntrackInfo.direction(skb.conntrackInfo);
        if (!connection.is(bitFor(source, direction))) {
            return true;
        }
        Tuple other = connection.tuple(1 - direction);
        target.invert(other);
        return rewriter.rewriteError(packet, other, !source, target, source);
    }

    /** An interface lost its address: what was masqueraded with it cannot go on. */
    public void forgetMasqueraded(NetDevice dev) {
        conntrack.table().removeIf(connection -> connection.masqueradeInterface == dev.ifindex());
    }
}
