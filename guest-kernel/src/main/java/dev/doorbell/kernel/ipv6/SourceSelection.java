package dev.doorbell.kernel.ipv6;

import dev.doorbell.bus.wire.Ipv6Address;
import dev.doorbell.kernel.netdev.NetDevice;

/** The rules of RFC 6724 §5 by which one source address is better than another, and the policy table of §2.1. */
final class SourceSelection {
    static final int LINK = 2;
    private static final int SITE = 5, GLOBAL = 14;

    /** A line of the policy table. */
    private record Policy(long high, long low, int prefixLength, int label) {}

    /** Longest prefix first. */
    private static final Policy[] POLICIES = {
        new Policy(0, 1, 128, 0),
        new Policy(0, 0xFFFF_0000_0000L, 96, 4),
        new Policy(0, 0, 96, 3),
        new Policy(0x2001_0000_0000_0000L, 0, 32, 5),
        new Policy(0x2002_0000_0000_0000L, 0, 16, 2),
        new Policy(0x3FFE_0000_0000_0000L, 0, 16, 12),
        new Policy(0xFEC0_0000_0000_0000L, 0, 10, 11),
        new Policy(0xFC00_0000_0000_0000L, 0, 7, 13),
        new Policy(0, 0, 0, 1)
    };

    private SourceSelection() {}

    /** Scope of an address, §3.1: that of groups has the same numbers. */
    static int scope(long high, long low) {
        if (Ipv6Address.isMulticast(high)) {
            return Ipv6Address.groupScope(high);
        }
        if (Ipv6Address.isLinkLocal(high) || Ipv6Address.isLoopback(high, low)) {
            return LINK;
        }
        return high >>> 54 == 0xFEC0 >>> 6 ? SITE : GLOBAL;
    }

    private static int label(long high, long low) {
        for (Policy policy : POLICIES) {
            if (Ipv6Address.samePrefix(high, low, policy.high, policy.low, policy.prefixLength)) {
                return policy.label;
            }
        }
        return 1;
    }

    /** True when {@code a} is to be preferred to {@code b}; of equals the one that was there first stays. */
    static boolean isBetter(
            InterfaceAddress6 a, InterfaceAddress6 b, NetDevice out, long high, long low, int destinationScope) {
        // Rule 1: the destination itself.
        boolean aSame = a.high() == high && a.low() == low;
        boolean bSame = b.high() == high && b.low() == low;
        if (aSame != bSame) {
            return aSame;
        }
        // Rule 2: the smallest scope that is large enough.
        int aScope = scope(a.high(), a.low());
        int bScope = scope(b.high(), b.low());
        if (aScope != bScope) {
            return aScope < bScope ? aScope >= destinationScope : bScope < destinationScope;
        }
        // Rule 3: no deprecated ones.
        boolean aDeprecated = a.state() == InterfaceAddress6.State.DEPRECATED;
        boolean bDeprecated = b.state() == InterfaceAddress6.State.DEPRECATED;
        if (aDeprecated != bDeprecated) {
            return bDeprecated;
        }
        // Rule 5: of the outgoing interface.
        if ((a.dev() == out) != (b.dev() == out)) {
            return a.dev() == out;
        }
        // Rule 6: with the destination's label.
        int wanted = label(high, low);
        boolean aLabel = label(a.high(), a.low()) == wanted;
        boolean bLabel = label(b.high(), b.low()) == wanted;
        if (aLabel != bLabel) {
            return aLabel;
        }
        // Rule 8: the longest common prefix, as far as the source's own prefix goes.
        return common(a, high, low) > common(b, high, low);
    }

    private static int common(InterfaceAddress6 source, long high, long low) {
        return Math.min(Ipv6Address.commonPrefix(source.high(), source.low(), high, low), source.prefixLength());
    }
}
