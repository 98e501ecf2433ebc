package dev.doorbell.kernel.ndp;

import dev.doorbell.bus.mem.GuestMemory;
import dev.doorbell.bus.wire.Ipv6Address;
import dev.doorbell.bus.wire.Ipv6Header;
import dev.doorbell.kernel.ipv4.RouteType;
import dev.doorbell.kernel.ipv6.InterfaceAddress6;
import dev.doorbell.kernel.ipv6.Ipv6;
import dev.doorbell.kernel.ipv6.Ipv6Interface;
import dev.doorbell.kernel.ipv6.RouteEntry6;
import dev.doorbell.kernel.neighbour.Neighbour;
import dev.doorbell.kernel.neighbour.NeighbourParameters;
import dev.doorbell.kernel.netdev.NetDevice;
import dev.doorbell.kernel.skb.SkBuff;
import dev.doorbell.kernel.time.KernelTimer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * The host's side of router discovery, RFC 4861 §6.3, and addresses from prefixes, RFC 4862 §5.5.
 *
 * <pre>
 * state      event                                    next       action
 * (none)     link-local address usable                DELAY      random up to 1 s
 * DELAY      timer                                    ASKING     solicitation, 4 s
 * ASKING     timer, fewer than 3 solicitations        ASKING     solicitation, 4 s
 * ASKING     timer                                    (none)
 * any        advertisement                            (none)     routers, prefixes, addresses, link settings
 * </pre>
 */
final class RouterDiscovery {
    private static final long SECOND_NS = 1_000_000_000L, MS_NS = 1_000_000L;
    private static final long MAX_DELAY_NS = SECOND_NS, INTERVAL_NS = 4 * SECOND_NS;
    private static final int MAX_SOLICITATIONS = 3;
    private static final int ADVERTISEMENT_BYTES = 16;
    private static final int INFINITE = -1, MAX_REACHABLE_MS = 3_600_000;
    /** RFC 4862 §5.5.3 (e): unauthenticated advertisements cannot shorten a lifetime below this. */
    private static final long TWO_HOURS_NS = 2 * 3600 * SECOND_NS;
    /** Bounds against floods of advertisements: Linux's max_addresses, and what a sane link has of routers. */
    static final int MAX_ADDRESSES = 16, MAX_ROUTERS = 16, MAX_PREFIX_ROUTES = 64;

    private static final int MANAGED = 0x80, OTHER = 0x40, ON_LINK = 0x80, AUTONOMOUS = 0x40;
    private static final int IDENTIFIER_ATTEMPTS = 3;

    /** Solicitations on one link. */
    private static final class Asking {
        int sent;
        final KernelTimer timer;

        Asking(RouterDiscovery owner, Ipv6Interface link) {
            this.timer = new KernelTimer(owner.ipv6.net().kernel(), "router solicitation", () -> owner.ask(this, link));
        }
    }

    private final Ipv6 ipv6;
    private final NdpSender sender;
    private final NdpOptions options;
    private final SplittableRandom random;
    private final KernelTimer lifetimes;
    private final Map<NetDevice, Asking> asking = new HashMap<>();
    private final Map<NetDevice, Integer> identifierConflicts = new HashMap<>();

    RouterDiscovery(Ipv6 ipv6, NdpSender sender, NdpOptions options) {
        this.ipv6 = ipv6;
        this.sender = sender;
        this.options = options;
        this.random = ipv6.random("router solicitation");
        this.lifetimes = new KernelTimer(ipv6.net().kernel(), "ipv6 lifetimes", this::lifetimesChanged);
    }

    // ---- asking

    /** The link can be talked on. */
    void start(Ipv6Interface link) {
        if (!link.listensToRouters()) {
            return;
        }
        stop(link.dev());
        Asking started = new Asking(this, link);
        asking.put(link.dev(), started);
        started.timer.modTimerAfter(1 + random.nextLong(MAX_DELAY_NS));
    }

    private void ask(Asking state, Ipv6Interface link) {
        InterfaceAddress6 own = ipv6.addresses().linkLocal(link.dev());
        if (state.sent >= MAX_SOLICITATIONS || own == null) {
            stop(link.dev());
            return;
        }
        state.sent++;
        sender.routerSolicitation(link.dev(), own.high(), own.low());
        state.timer.modTimerAfter(INTERVAL_NS);
    }

    private void stop(NetDevice dev) {
        Asking old = asking.remove(dev);
        if (old != null) {
            old.timer.delTimer();
        }
    }

    /** The interface became a router's or a host's: a router asks nobody and has no default router of this kind. */
    void roleChanged(Ipv6Interface link) {
        if (link.listensToRouters()) {
            start(link);
            return;
        }
        stop(link.dev());
        ipv6.routes()
                .removeIf(e -> e.dev() == link.dev()
                        && (e.prefixLength() == 0 && e.origin() == RouteEntry6.Origin.ADVERTISED
                                || e.origin() == RouteEntry6.Origin.REDIRECT));
        lifetimesChanged();
    }

    /** The link went down: what routers said holds no longer. */
    void down(NetDevice dev) {
        stop(dev);
        for (InterfaceAddress6 address : List.copyOf(ipv6.addresses().list())) {
            if (address.dev() == dev && address.origin() == InterfaceAddress6.Origin.AUTOCONF) {
                ipv6.removeAddress(dev, address.high(), address.low());
            }
        }
        ipv6.routes()
                .removeIf(e -> e.dev() == dev
                        && (e.origin() == RouteEntry6.Origin.ADVERTISED || e.origin() == RouteEntry6.Origin.REDIRECT));
        lifetimesChanged();
    }

    // ---- advertisements

    /** @return false when it breaks a rule of §6.1.2 */
    boolean advertisement(SkBuff skb, NetDevice dev, Ipv6Header ip) {
        if (!Ipv6Address.isLinkLocal(ip.sourceHigh())
                || skb.length() < ADVERTISEMENT_BYTES
                || !options.parse(skb.memory(), skb.data() + ADVERTISEMENT_BYTES, skb.length() - ADVERTISEMENT_BYTES)) {
            return false;
        }
        Ipv6Interface link = ipv6.of(dev);
        if (!link.listensToRouters()) {
            return true;
        }
        GuestMemory memory = skb.memory();
        long at = skb.data();
        int hopLimit = memory.readByte(at + 4) & 0xFF;
        int flags = memory.readByte(at + 5) & 0xFF;
        int lifetimeSeconds = Short.reverseBytes(memory.readShort(at + 6)) & 0xFFFF;
        int reachableMs = Integer.reverseBytes(memory.readInt(at + 8));
        int retransmitMs = Integer.reverseBytes(memory.readInt(at + 12));
        stop(dev);
        link.managed = (flags & MANAGED) != 0;
        link.otherConfiguration = (flags & OTHER) != 0;
        if (hopLimit != 0 && hopLimit != link.hopLimit) {
            link.hopLimit = hopLimit;
            ipv6.linkChanged();
        }
        NeighbourParameters times = ipv6.neighbours().parametersOf(dev);
        if (reachableMs > 0 && reachableMs <= MAX_REACHABLE_MS) {
            times.baseReachableNs = reachableMs * MS_NS;
        }
        if (retransmitMs > 0 && retransmitMs <= MAX_REACHABLE_MS) {
            times.retransmitNs = retransmitMs * MS_NS;
        }
        if (options.mtu() != 0 && link.routerMtu(options.mtu())) {
            ipv6.linkChanged();
        }
        router(dev, ip.sourceHigh(), ip.sourceLow(), lifetimeSeconds, flags >> 3 & 3);
        for (int i = 0; i < options.prefixCount(); i++) {
            prefix(link, memory, options.prefix(i));
        }
        lifetimesChanged();
        return true;
    }

    /** @param preference RFC 4191 §2.1: 1 high, 0 medium, 3 low */
    private void router(NetDevice dev, long high, long low, int lifetimeSeconds, int preference) {
        if (options.sourceMac() != 0) {
            Neighbour neighbour = ipv6.neighbours().lookupOrCreate(dev, high, low);
            if (neighbour != null) {
                neighbour.update(options.sourceMac(), false, true);
                neighbour.router(lifetimeSeconds != 0 || neighbour.isRouter());
            }
        }
        if (lifetimeSeconds == 0) {
            forget(dev, high, low);
            return;
        }
        boolean known = ipv6.routes().list().stream().anyMatch(e -> isDefault(e, dev, high, low));
        long routers = ipv6.routes().list().stream()
                .filter(e -> e.prefixLength() == 0 && e.origin() == RouteEntry6.Origin.ADVERTISED)
                .count();
        if (!known && routers >= MAX_ROUTERS) {
            return;
        }
        int metric = RouteEntry6.DEFAULT_METRIC + (preference == 1 ? -1 : preference == 3 ? 1 : 0);
        ipv6.routes()
                .add(new RouteEntry6(
                        0,
                        0,
                        0,
                        high,
                        low,
                        dev,
                        metric,
                        RouteType.UNICAST,
                        RouteEntry6.Origin.ADVERTISED,
                        nowNs() + lifetimeSeconds * SECOND_NS));
    }

    private static boolean isDefault(RouteEntry6 e, NetDevice dev, long high, long low) {
        return e.prefixLength() == 0
                && e.dev() == dev
                && e.gatewayHigh() == high
                && e.gatewayLow() == low
                && e.origin() == RouteEntry6.Origin.ADVERTISED;
    }

    /** A default router that is none any more. */
    void forget(NetDevice dev, long high, long low) {
        ipv6.routes()
                .removeIf(e -> isDefault(e, dev, high, low)
                        || e.origin() == RouteEntry6.Origin.REDIRECT
                                && e.gatewayHigh() == high
                                && e.gatewayLow() == low);
    }

    /** Prefix information option, RFC 4861 §4.6.2. */
    private void prefix(Ipv6Interface link, GuestMemory memory, long option) {
        int length = memory.readByte(option + 2) & 0xFF;
        int flags = memory.readByte(option + 3) & 0xFF;
        int validSeconds = Integer.reverseBytes(memory.readInt(option + 4));
        int preferredSeconds = Integer.reverseBytes(memory.readInt(option + 8));
        long high = Long.reverseBytes(memory.readLong(option + 16));
        long low = Long.reverseBytes(memory.readLong(option + 24));
        if (length > 128 || Ipv6Address.isLinkLocal(high) || Ipv6Address.isMulticast(high) || length == 0) {
            return;
        }
        if ((flags & ON_LINK) != 0) {
            onLink(link.dev(), high, low, length, validSeconds);
        }
        boolean preferredFits = Integer.compareUnsigned(preferredSeconds, validSeconds) <= 0;
        if ((flags & AUTONOMOUS) != 0 && link.autoconf && length == 64 && preferredFits) {
            autoconfigure(link, high, preferredSeconds, validSeconds);
        }
    }

    private void onLink(NetDevice dev, long high, long low, int length, int validSeconds) {
        RouteEntry6 entry = new RouteEntry6(
                high,
                low,
                length,
                0,
                0,
                dev,
                RouteEntry6.CONNECTED_METRIC,
                RouteType.UNICAST,
                RouteEntry6.Origin.ADVERTISED,
                until(validSeconds));
        if (validSeconds == 0) {
            ipv6.routes().remove(entry);
            return;
        }
        long prefixes = ipv6.routes().list().stream()
                .filter(e -> e.prefixLength() != 0 && e.origin() == RouteEntry6.Origin.ADVERTISED)
                .count();
        if (prefixes < MAX_PREFIX_ROUTES) {
            ipv6.routes().add(entry);
        }
    }

    /** RFC 4862 §5.5.3. */
    private void autoconfigure(Ipv6Interface link, long high, int preferredSeconds, int validSeconds) {
        NetDevice dev = link.dev();
        int count = 0;
        for (InterfaceAddress6 address : ipv6.addresses().list()) {
            if (address.dev() == dev && address.origin() == InterfaceAddress6.Origin.AUTOCONF) {
                count++;
                if (address.high() == high) {
                    prolong(address, preferredSeconds, validSeconds);
                    return;
                }
            }
        }
        if (validSeconds == 0 || count >= MAX_ADDRESSES) {
            return;
        }
        addAutoconf(link, high, until(preferredSeconds), until(validSeconds));
    }

    private void addAutoconf(Ipv6Interface link, long high, long preferredUntil, long validUntil) {
        int conflicts = identifierConflicts.getOrDefault(link.dev(), 0);
        long low = InterfaceIdentifier.of(link, high, conflicts);
        if (ipv6.addresses().find(link.dev(), high, low) != null) {
            return; // given by hand
        }
        InterfaceAddress6 made = new InterfaceAddress6(link.dev(), high, low, 64, InterfaceAddress6.Origin.AUTOCONF);
        ipv6.lifetimes(made, preferredUntil, validUntil);
        ipv6.add(made);
    }

    /** §5.5.3 (e): the valid lifetime is taken when it is long or prolongs; else it shrinks to two hours at most. */
    private void prolong(InterfaceAddress6 address, int preferredSeconds, int validSeconds) {
        long now = nowNs();
        long offered = until(validSeconds);
        long remaining = address.validUntilNs() == InterfaceAddress6.FOREVER
                ? InterfaceAddress6.FOREVER
                : address.validUntilNs() - now;
        long offeredFor = offered == InterfaceAddress6.FOREVER ? offered : offered - now;
        long valid = address.validUntilNs();
        if (offeredFor > TWO_HOURS_NS || offeredFor > remaining) {
            valid = offered;
        } else if (remaining > TWO_HOURS_NS) {
            valid = now + TWO_HOURS_NS;
        }
        ipv6.lifetimes(address, until(preferredSeconds), valid);
    }

    /** Another host has our stable identifier: RFC 7217 §6, with the next one. */
    void retryIdentifier(Ipv6Interface link, InterfaceAddress6 address) {
        int conflicts = identifierConflicts.merge(link.dev(), 1, Integer::sum);
        if (conflicts > IDENTIFIER_ATTEMPTS) {
            return;
        }
        ipv6.removeAddress(address.dev(), address.high(), address.low());
        if (address.isLinkLocal()) {
            long low = InterfaceIdentifier.of(link, Ipv6Address.LINK_LOCAL_HIGH, conflicts);
            ipv6.add(new InterfaceAddress6(
                    link.dev(), Ipv6Address.LINK_LOCAL_HIGH, low, 64, InterfaceAddress6.Origin.LINK_LOCAL));
        } else {
            addAutoconf(link, address.high(), address.preferredUntilNs(), address.validUntilNs());
        }
    }

    // ---- lifetimes

    private long until(int seconds) {
        return seconds == INFINITE ? InterfaceAddress6.FOREVER : nowNs() + (seconds & 0xFFFF_FFFFL) * SECOND_NS;
    }

    private long nowNs() {
        return ipv6.net().kernel().nowNs();
    }

    /** Deprecates and removes what is due, and waits for the next. */
    void lifetimesChanged() {
        long now = nowNs();
        long next = InterfaceAddress6.FOREVER;
        for (InterfaceAddress6 address : List.copyOf(ipv6.addresses().list())) {
            if (address.validUntilNs() <= now) {
                ipv6.removeAddress(address.dev(), address.high(), address.low());
                continue;
            }
            boolean deprecated = address.preferredUntilNs() <= now;
            if (deprecated && address.state() == InterfaceAddress6.State.PREFERRED) {
                ipv6.settle(address, InterfaceAddress6.State.DEPRECATED);
            } else if (!deprecated && address.state() == InterfaceAddress6.State.DEPRECATED) {
                ipv6.settle(address, InterfaceAddress6.State.PREFERRED);
            }
            next = Math.min(next, deprecated ? address.validUntilNs() : address.preferredUntilNs());
        }
        ipv6.routes().removeIf(entry -> entry.expiresNs() <= now);
        for (RouteEntry6 entry : ipv6.routes().list()) {
            next = Math.min(next, entry.expiresNs());
        }
        if (next == InterfaceAddress6.FOREVER) {
            lifetimes.delTimer();
        } else {
            lifetimes.modTimer(next);
        }
    }
}
