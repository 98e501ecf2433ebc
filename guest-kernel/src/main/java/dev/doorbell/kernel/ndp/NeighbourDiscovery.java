package dev.doorbell.kernel.ndp;

import dev.doorbell.bus.mem.GuestMemory;
import dev.doorbell.bus.wire.Ipv6Address;
import dev.doorbell.bus.wire.Ipv6Header;
import dev.doorbell.kernel.icmpv6.Icmp6;
import dev.doorbell.kernel.icmpv6.Icmp6Types;
import dev.doorbell.kernel.ipv4.RouteType;
import dev.doorbell.kernel.ipv6.InterfaceAddress6;
import dev.doorbell.kernel.ipv6.Ipv6;
import dev.doorbell.kernel.ipv6.Ipv6Interface;
import dev.doorbell.kernel.ipv6.Route6;
import dev.doorbell.kernel.ipv6.RouteEntry6;
import dev.doorbell.kernel.mld.Mld;
import dev.doorbell.kernel.neighbour.Neighbour;
import dev.doorbell.kernel.neighbour.NeighbourState;
import dev.doorbell.kernel.netdev.NetDevice;
import dev.doorbell.kernel.skb.SkBuff;
import org.jspecify.annotations.Nullable;

/**
 * Neighbour Discovery, RFC 4861: answers and asks for MAC addresses, follows redirects, and runs the autoconfiguration of
 * interfaces. Messages that break a rule of §6.1 or §7.1 are dropped without a word.
 */
public final class NeighbourDiscovery implements Ipv6.Autoconfiguration {
    private static final int NEIGHBOUR_BYTES = 24, REDIRECT_BYTES = 40, TARGET_AT = 8, DESTINATION_AT = 24;
    /** Host routes from redirects: how many, and how long they live. */
    private static final int MAX_REDIRECTS = 256;

    private static final long REDIRECT_LIFE_NS = 600_000_000_000L;

    private final Ipv6 ipv6;
    private final Mld mld;
    private final NdpSender sender;
    private final DuplicateDetection duplicates;
    private final RouterDiscovery routers;
    private final NdpOptions options = new NdpOptions();
    private final Ipv6Header ip = new Ipv6Header();
    private int conflicts;

    public NeighbourDiscovery(Icmp6 icmp, Mld mld) {
        this.ipv6 = icmp.ipv6();
        this.mld = mld;
        this.sender = new NdpSender(ipv6);
        this.routers = new RouterDiscovery(ipv6, sender, options);
        this.duplicates = new DuplicateDetection(ipv6, sender, this::preferred, this::duplicate);
        icmp.setHandler(Icmp6Types.NEIGHBOUR_SOLICITATION, this::receive);
        icmp.setHandler(Icmp6Types.NEIGHBOUR_ADVERTISEMENT, this::receive);
        icmp.setHandler(Icmp6Types.ROUTER_SOLICITATION, this::receive);
        icmp.setHandler(Icmp6Types.ROUTER_ADVERTISEMENT, this::receive);
        icmp.setHandler(Icmp6Types.REDIRECT, this::receive);
        ipv6.setAutoconfiguration(this);
    }

    /** Addresses of ours that another host claimed, while or after they were examined. */
    public int conflicts() {
        return conflicts;
    }

    // ---- interfaces

    @Override
    public void up(Ipv6Interface link) {
        if (!link.hasNeighbours()) {
            return;
        }
        NetDevice dev = link.dev();
        boolean known = false;
        for (InterfaceAddress6 address : ipv6.addresses().list()) {
            if (address.dev() == dev) {
                known |= address.isLinkLocal();
                if (address.state() != InterfaceAddress6.State.DUPLICATE) {
                    ipv6.settle(address, InterfaceAddress6.State.TENTATIVE);
                    duplicates.start(address);
                }
            }
        }
        mld.announce(dev);
        if (!known) {
            addLinkLocal(link, 0);
        }
    }

    @Override
    public void carrier(Ipv6Interface link) {
        if (link.hasNeighbours()) {
            mld.announce(link.dev());
            if (ipv6.addresses().linkLocal(link.dev()) != null) {
                routers.start(link);
            }
        }
    }

    private void addLinkLocal(Ipv6Interface link, int attempt) {
        long identifier = InterfaceIdentifier.of(link, Ipv6Address.LINK_LOCAL_HIGH, attempt);
        ipv6.add(new InterfaceAddress6(
                link.dev(), Ipv6Address.LINK_LOCAL_HIGH, identifier, 64, InterfaceAddress6.Origin.LINK_LOCAL));
        InterfaceAddress6 own = ipv6.addresses().linkLocal(link.dev());
        if (own != null) {
            preferred(own); // without examination
        }
    }

    @Override
    public void down(Ipv6Interface link) {
        duplicates.forgetAll(link.dev());
        routers.down(link.dev());
        mld.forget(link.dev());
    }

    @Override
    public void roleChanged(Ipv6Interface link) {
        if (link.hasNeighbours() && ipv6.addresses().linkLocal(link.dev()) != null) {
            routers.roleChanged(link);
        }
    }

    @Override
    public void detectDuplicates(InterfaceAddress6 address) {
        duplicates.start(address);
    }

    @Override
    public void forget(InterfaceAddress6 address) {
        duplicates.forget(address);
        routers.lifetimesChanged();
    }

    private void preferred(InterfaceAddress6 address) {
        if (address.isLinkLocal()) {
            routers.start(ipv6.of(address.dev()));
        }
        routers.lifetimesChanged();
    }

    private void duplicate(InterfaceAddress6 address) {
        conflicts++;
        Ipv6Interface link = ipv6.of(address.dev());
        if (address.origin() != InterfaceAddress6.Origin.MANUAL && link.stableSecret != 0) {
            routers.retryIdentifier(link, address);
        }
    }

    // ---- messages

    private boolean receive(SkBuff skb, int type) {
        NetDevice dev = skb.dev;
        GuestMemory memory = skb.memory();
        ip.wrap(memory, skb.networkHeader, Ipv6Header.LENGTH);
        // §6.1, §7.1; RFC 6980: nothing that came in fragments.
        if (dev == null
                || ip.hopLimit() != NdpSender.HOP_LIMIT
                || memory.readByte(skb.data() + 1) != 0
                || skb.cbRetrans == Ipv6.WAS_FRAGMENT
                || !ipv6.of(dev).hasNeighbours()) {
            return false;
        }
        return switch (type) {
            case Icmp6Types.NEIGHBOUR_SOLICITATION -> solicitation(skb, dev);
            case Icmp6Types.NEIGHBOUR_ADVERTISEMENT -> advertisement(skb, dev);
            case Icmp6Types.REDIRECT -> redirect(skb, dev);
            case Icmp6Types.ROUTER_ADVERTISEMENT -> routers.advertisement(skb, dev, ip);
            default -> true; // solicitations are for routers, and this one advertises nothing
        };
    }

    private boolean parseOptions(SkBuff skb, int from) {
        return skb.length() >= from && options.parse(skb.memory(), skb.data() + from, skb.length() - from);
    }

    private static long address(SkBuff skb, int at) {
        return Long.reverseBytes(skb.memory().readLong(skb.data() + at));
    }

    /** §7.2.3, §7.2.4. */
    private boolean solicitation(SkBuff skb, NetDevice dev) {
        if (!parseOptions(skb, NEIGHBOUR_BYTES)) {
            return false;
        }
        long high = address(skb, TARGET_AT);
        long low = address(skb, TARGET_AT + 8);
        long sourceHigh = ip.sourceHigh();
        long sourceLow = ip.sourceLow();
        boolean probe = Ipv6Address.isUnspecified(sourceHigh, sourceLow);
        if (Ipv6Address.isMulticast(high)) {
            return false;
        }
        boolean toSolicitedNode = ip.destinationHigh() == Ipv6Address.LINK_GROUP_HIGH
                && ip.destinationLow() == Ipv6Address.solicitedNodeLow(ip.destinationLow());
        if (probe && (!toSolicitedNode || options.sourceMac() != 0)) {
            return false;
        }
        InterfaceAddress6 target = ipv6.addresses().find(dev, high, low);
        if (target == null || target.state() == InterfaceAddress6.State.DUPLICATE) {
            return true;
        }
        if (target.state() == InterfaceAddress6.State.TENTATIVE) {
            if (probe) {
                duplicates.solicited(dev, high, low, options.nonce());
            }
            return true;
        }
        int router = ipv6.of(dev).isForwarding() ? NdpSender.ROUTER : 0;
        if (probe) {
            sender.neighbourAdvertisement(
                    dev,
                    high,
                    low,
                    Ipv6Address.LINK_GROUP_HIGH,
                    Ipv6Address.ALL_NODES_LOW,
                    0,
                    router | NdpSender.OVERRIDE);
            return true;
        }
        if (options.sourceMac() != 0) {
            learn(dev, sourceHigh, sourceLow, options.sourceMac());
        }
        sender.neighbourAdvertisement(
                dev,
                high,
                low,
                sourceHigh,
                sourceLow,
                options.sourceMac(),
                router | NdpSender.SOLICITED | NdpSender.OVERRIDE);
        return true;
    }

    /** A message that told its sender's MAC address in passing. */
    private @Nullable Neighbour learn(NetDevice dev, long high, long low, long mac) {
        Neighbour neighbour = ipv6.neighbours().lookupOrCreate(dev, high, low);
        if (neighbour != null) {
            neighbour.update(mac, false, true);
        }
        return neighbour;
    }

    /** §7.2.5. */
    private boolean advertisement(SkBuff skb, NetDevice dev) {
        if (!parseOptions(skb, NEIGHBOUR_BYTES)) {
            return false;
        }
        int flags = Integer.reverseBytes(skb.memory().readInt(skb.data() + 4));
        long high = address(skb, TARGET_AT);
        long low = address(skb, TARGET_AT + 8);
        boolean solicited = (flags & NdpSender.SOLICITED) != 0;
        if (Ipv6Address.isMulticast(high) || solicited && Ipv6Address.isMulticast(ip.destinationHigh())) {
            return false;
        }
        InterfaceAddress6 own = ipv6.addresses().find(dev, high, low);
        if (own != null) {
            if (own.state() == InterfaceAddress6.State.TENTATIVE) {
                duplicates.advertised(dev, high, low);
            } else {
                conflicts++;
            }
            return true;
        }
        Neighbour neighbour = ipv6.neighbours().lookup(dev, high, low);
        if (neighbour == null || neighbour.state() == NeighbourState.FAILED) {
            return true; // nobody asked
        }
        long mac = options.targetMac();
        if (mac == 0) {
            if (!neighbour.state().isValid()) {
                return true; // no answer to what was asked
            }
            mac = neighbour.mac();
        }
        boolean override = (flags & NdpSender.OVERRIDE) != 0;
        boolean contradicts = neighbour.state().isValid() && neighbour.mac() != mac && !override;
        neighbour.update(mac, solicited, override);
        if (!contradicts) {
            boolean router = (flags & NdpSender.ROUTER) != 0;
            if (neighbour.isRouter() && !router) {
                routers.forget(dev, high, low);
            }
            neighbour.router(router);
        }
        return true;
    }

    /** §8.3: only from the router that would get the packet, §8.1. */
    private boolean redirect(SkBuff skb, NetDevice dev) {
        if (!Ipv6Address.isLinkLocal(ip.sourceHigh()) || !parseOptions(skb, REDIRECT_BYTES)) {
            return false;
        }
        long targetHigh = address(skb, TARGET_AT);
        long targetLow = address(skb, TARGET_AT + 8);
        long high = address(skb, DESTINATION_AT);
        long low = address(skb, DESTINATION_AT + 8);
        boolean onLink = targetHigh == high && targetLow == low;
        if (Ipv6Address.isMulticast(high) || !onLink && !Ipv6Address.isLinkLocal(targetHigh)) {
            return false;
        }
        if (!ipv6.of(dev).acceptRedirects || ipv6.of(dev).isForwarding()) {
            return true;
        }
        Route6 current = ipv6.routes().lookup(high, low, 0, 0, Ipv6Address.needsInterface(high) ? dev.ifindex() : 0);
        if (current == null
                || current.type() != RouteType.UNICAST
                || current.dev() != dev
                || current.nextHopHigh() != ip.sourceHigh()
                || current.nextHopLow() != ip.sourceLow()) {
            return false;
        }
        if (options.targetMac() != 0) {
            Neighbour neighbour = learn(dev, targetHigh, targetLow, options.targetMac());
            if (neighbour != null && !onLink) {
                neighbour.router(true);
            }
        }
        if (ipv6.routes().list().stream()
                        .filter(e -> e.origin() == RouteEntry6.Origin.REDIRECT)
                        .count()
                >= MAX_REDIRECTS) {
            ipv6.routes().removeIf(e -> e.origin() == RouteEntry6.Origin.REDIRECT);
        }
        ipv6.routes().removeIf(e -> e.origin() == RouteEntry6.Origin.REDIRECT && e.high() == high && e.low() == low);
        ipv6.routes()
                .add(new RouteEntry6(
                        high,
                        low,
                        128,
                        onLink ? 0 : targetHigh,
                        onLink ? 0 : targetLow,
                        dev,
                        0,
                        RouteType.UNICAST,
                        RouteEntry6.Origin.REDIRECT,
                        ipv6.net().kernel().nowNs() + REDIRECT_LIFE_NS));
        return true;
    }

    // ---- asking

    @Override
    public void solicit(Neighbour neighbour, @Nullable SkBuff cause, long destinationMac) {
        NetDevice dev = neighbour.dev();
        if (!dev.isUp() || !ipv6.of(dev).hasNeighbours()) {
            return;
        }
        long sourceHigh = 0;
        long sourceLow = 0;
        if (cause != null && cause.headLength() >= Ipv6Header.LENGTH) {
            // §7.2.2: the source of the packet that waits, when it is one of this link's.
            ip.wrap(cause.memory(), cause.data(), Ipv6Header.LENGTH);
            InterfaceAddress6 own = ipv6.addresses().find(dev, ip.sourceHigh(), ip.sourceLow());
            if (own != null && own.isUsable()) {
                sourceHigh = own.high();
                sourceLow = own.low();
            }
        }
        if (Ipv6Address.isUnspecified(sourceHigh, sourceLow)) {
            InterfaceAddress6 chosen = ipv6.addresses().select(dev, neighbour.high(), neighbour.low());
            if (chosen == null || chosen.dev() != dev) {
                return; // nobody could answer
            }
            sourceHigh = chosen.high();
            sourceLow = chosen.low();
        }
        boolean unicast = neighbour.state() == NeighbourState.PROBE;
        sender.neighbourSolicitation(dev, sourceHigh, sourceLow, neighbour.high(), neighbour.low(), unicast, 0);
    }
}
