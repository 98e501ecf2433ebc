package dev.doorbell.kernel.ipv6;

import dev.doorbell.bus.wire.Ipv6Address;

/**
 * Which interfaces are a router's: net.ipv6.conf.*.forwarding. Packets are passed on when {@code all} says so; an interface
 * of its own behaves as a router's towards its link (RFC 4861 §6.2): it says so in advertisements of itself, is a member of
 * all routers (RFC 4291 §2.8), asks no routers, and follows neither their advertisements (but with accept_ra 2) nor redirects.
 */
final class RouterRole {
    /** ff01::, ff02::, ff05::, of each of which ::2 is all routers. */
    private static final long[] SCOPES = {0xFF01_0000_0000_0000L, Ipv6Address.LINK_GROUP_HIGH, 0xFF05_0000_0000_0000L};

    private final Ipv6 ipv6;
    private boolean passesOn;

    RouterRole(Ipv6 ipv6) {
        this.ipv6 = ipv6;
    }

    /** net.ipv6.conf.all.forwarding. */
    boolean passesOn() {
        return passesOn;
    }

    /** Every interface there is, and those that come later. */
    void setAll(boolean on) {
        passesOn = on;
        ipv6.defaults().forwarding = on;
        for (Ipv6Interface link : ipv6.interfaces().links()) {
            set(link, on);
        }
    }

    void set(Ipv6Interface link, boolean on) {
        if (link.forwarding != on) {
            link.forwarding = on;
            joinGroups(link);
            ipv6.interfaces().roleChanged(link);
        }
    }

    /** The interface takes part, or its role has changed. */
    void joinGroups(Ipv6Interface link) {
        boolean member = link.forwarding && link.hasNeighbours() && ipv6.isEnabled(link.dev());
        if (member == link.memberOfRouters) {
            return;
        }
        link.memberOfRouters = member;
        for (long scope : SCOPES) {
            if (member) {
                ipv6.groups().join(link.dev(), scope, Ipv6Address.ALL_ROUTERS_LOW);
            } else {
                ipv6.groups().leave(link.dev(), scope, Ipv6Address.ALL_ROUTERS_LOW);
            }
        }
    }
}
