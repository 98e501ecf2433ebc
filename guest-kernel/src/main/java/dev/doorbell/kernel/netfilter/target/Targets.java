package dev.doorbell.kernel.netfilter.target;

import dev.doorbell.kernel.netfilter.IpFamily;
import dev.doorbell.kernel.netfilter.NetfilterHost;
import dev.doorbell.kernel.netfilter.NetfilterLog;
import dev.doorbell.kernel.netfilter.nat.Nat;
import org.jspecify.annotations.Nullable;

/** The targets by name, besides ACCEPT, DROP, RETURN and chains, which belong to the evaluation itself. */
public final class Targets {
    private Targets() {}

    /** A builder for {@code -j name}; null: there is no such target. */
    public static @Nullable TargetBuilder builder(
            String name, IpFamily family, NetfilterHost host, NetfilterLog log, Nat nat) {
        return switch (name) {
            case "REJECT" -> new RejectTarget.Builder(family, host);
            case "LOG" -> new LogTarget.Builder(log);
            case "MARK" -> new MarkTarget.Builder();
            case "TOS" -> new TosTarget.TosBuilder();
            case "DSCP" -> new TosTarget.DscpBuilder();
            case "CLASSIFY" -> new ClassifyTarget.Builder();
            case "TCPMSS" -> new TcpmssTarget.Builder(host);
            case "CONNMARK" -> new ConnmarkTarget.Builder();
            case "NOTRACK" -> new NotrackTarget.Builder(false);
            case "CT" -> new NotrackTarget.Builder(true);
            case "SNAT" -> new NatTarget.Builder(NatTarget.Kind.SNAT, family, nat, host);
            case "DNAT" -> new NatTarget.Builder(NatTarget.Kind.DNAT, family, nat, host);
            case "MASQUERADE" -> new NatTarget.Builder(NatTarget.Kind.MASQUERADE, family, nat, host);
            case "REDIRECT" -> new NatTarget.Builder(NatTarget.Kind.REDIRECT, family, nat, host);
            default -> name.equals(hops(family)) ? new TtlTarget.Builder(family) : null;
        };
    }

    private static String hops(IpFamily family) {
        return family == IpFamily.V4 ? "TTL" : "HL";
    }

    /** What can stand behind {@code -j} besides a chain. */
    public static String names(IpFamily family) {
        return "ACCEPT, DROP, RETURN, REJECT, LOG, MARK, CONNMARK, NOTRACK, CT, " + hops(family)
                + ", SNAT, DNAT, MASQUERADE, REDIRECT, TCPMSS, TOS, DSCP, CLASSIFY";
    }
}
