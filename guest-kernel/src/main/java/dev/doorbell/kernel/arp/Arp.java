package dev.doorbell.kernel.arp;

import dev.doorbell.bus.wire.ArpHeader;
import dev.doorbell.bus.wire.EtherType;
import dev.doorbell.bus.wire.Ipv4Address;
import dev.doorbell.bus.wire.Ipv4Header;
import dev.doorbell.bus.wire.MacAddress;
import dev.doorbell.kernel.neighbour.Neighbour;
import dev.doorbell.kernel.neighbour.NeighbourTable;
import dev.doorbell.kernel.netdev.HardHeader;
import dev.doorbell.kernel.netdev.NetCore;
import dev.doorbell.kernel.netdev.NetDevice;
import dev.doorbell.kernel.netdev.NetdevNotifier;
import dev.doorbell.kernel.skb.DropReason;
import dev.doorbell.kernel.skb.SkBuff;
import org.jspecify.annotations.Nullable;

/** ARP, RFC 826, with what RFC 1122 2.3.2 and RFC 5227 add: answers, asks, learns, defends. */
public final class Arp {
    /** RFC 5227 section 1.1, DEFEND_INTERVAL. */
    private static final long DEFEND_INTERVAL_NS = 10_000_000_000L;
    /** Shortest Ethernet payload: what is sent is padded by the card, what comes may be. */
    private static final int HEADROOM = 32;

    /** What ARP must know about this host's IPv4 addresses. */
    public interface Addresses {
        boolean isLocal(int address);

        /** A source for asking about {@code target} on {@code dev}; 0 when the device has no address. */
        int sourceFor(NetDevice dev, int target);
    }

    private final NetCore net;
    private final Addresses addresses;
    private final NeighbourTable neighbours;
    private final ArpHeader arp = new ArpHeader();
    private final HardHeader hardHeader = new HardHeader();
    private final Ipv4Header causeHeader = new Ipv4Header();
    private @Nullable AddressProbe probe;
    private long lastDefenceNs = -DEFEND_INTERVAL_NS;
    private int conflicts;

    public Arp(NetCore net, Addresses addresses, NeighbourTable.FailureHandler failures) {
        this.net = net;
        this.addresses = addresses;
        this.neighbours = new NeighbourTable(net.kernel(), EtherType.IPV4, this::solicit, failures);
        net.handlers().add(EtherType.ARP, this::receive);
        net.registerNotifier(this::deviceChanged);
    }

    public NeighbourTable neighbours() {
        return neighbours;
    }

    /** Packets in which another host claimed an address of ours. */
    public int conflicts() {
        return conflicts;
    }

    /** Tells the link that {@code address} is ours: gratuitous ARP, RFC 5227 section 2.3. */
    public void announce(NetDevice dev, int address) {
        send(dev, ArpHeader.REQUEST, NetDevice.BROADCAST_MAC, address, 0, address);
    }

    /** RFC 5227 section 2.1.1: asks whether anybody has {@code address}, without claiming it. */
    void probe(NetDevice dev, int address) {
        send(dev, ArpHeader.REQUEST, NetDevice.BROADCAST_MAC, Ipv4Address.ANY, 0, address);
    }

    /** The probe that wants to see ARP packets about its address; null: none. */
    void setProbe(@Nullable AddressProbe running) {
        probe = running;
    }

    NetCore net() {
        return net;
    }

    /** Handler of Ethertype 0x0806. */
    void receive(SkBuff skb) {
        NetDevice dev = skb.dev;
        if (dev == null || skb.packetType == SkBuff.PACKET_OTHERHOST || (dev.flags() & NetDevice.IFF_NOARP) != 0) {
            skb.drop(DropReason.OTHERHOST);
            return;
        }
        if (!skb.pskbMayPull(ArpHeader.LENGTH)
                || !arp.wrap(skb.memory(), skb.data(), ArpHeader.LENGTH).isValid()) {
            skb.drop(DropReason.ARP_BAD_HEADER);
            return;
        }
        boolean used = process(dev, skb.packetType);
        if (used) {
            skb.free();
        } else {
            skb.drop(DropReason.ARP_IGNORED);
        }
    }

    private boolean process(NetDevice dev, int packetType) {
        int operation = arp.operation();
        int sender = arp.senderIp();
        int target = arp.targetIp();
        long senderMac = arp.senderMac();
        if (operation != ArpHeader.REQUEST && operation != ArpHeader.REPLY
                || !MacAddress.isValidStation(senderMac)
                || Ipv4Address.isMulticast(target)
                || Ipv4Address.isLoopback(target)
                || Ipv4Address.isMulticast(sender)
                || Ipv4Address.isLoopback(sender)
                || sender == Ipv4Address.BROADCAST) {
            return false;
        }
        if (probe != null) {
            probe.seen(dev, sender, target, senderMac);
        }
        if (senderMac == dev.devAddr()) {
            return false; // our own, reflected
        }
        boolean forUs = addresses.isLocal(target);
        if (sender == Ipv4Address.ANY) {
            // A probe, RFC 5227: answered when the address is ours, never learned from.
            return forUs && operation == ArpHeader.REQUEST && reply(dev, senderMac, sender, target);
        }
        if (addresses.isLocal(sender)) {
            return conflict(dev, sender);
        }
        learn(dev, operation, packetType, sender, senderMac, forUs);
        if (operation == ArpHeader.REQUEST && forUs) {
            reply(dev, senderMac, sender, target);
        }
        return true;
    }

    private void learn(NetDevice dev, int operation, int packetType, int sender, long senderMac, boolean forUs) {
        boolean request = operation == ArpHeader.REQUEST;
        Neighbour known = request && forUs ? neighbours.lookupOrCreate(dev, sender) : neighbours.lookup(dev, sender);
        if (known != null) {
            boolean solicited = !request && packetType == SkBuff.PACKET_HOST;
            known.update(senderMac, solicited, !known.isLocked());
        }
    }

    private boolean reply(NetDevice dev, long mac, int asker, int asked) {
        send(dev, ArpHeader.REPLY, mac, asked, mac, asker);
        return true;
    }

    /** Another host claims our address: defend it, but at most once per interval, or two hosts would never stop. */
    private boolean conflict(NetDevice dev, int address) {
        conflicts++;
        long now = net.kernel().nowNs();
        if (now - lastDefenceNs >= DEFEND_INTERVAL_NS) {
            lastDefenceNs = now;
            announce(dev, address);
        }
        return true;
    }

    private void solicit(Neighbour neighbour, @Nullable SkBuff cause, long destinationMac) {
        int source = 0;
        if (cause != null && cause.headLength() >= Ipv4Header.MIN_LENGTH) {
            // The packet's own source when it is ours, arp_announce 0; a forwarded one's is not.
            int sender = causeHeader
                    .wrap(cause.memory(), cause.data(), Ipv4Header.MIN_LENGTH)
                    .source();
            source = addresses.isLocal(sender) ? sender : 0;
        }
        if (source == 0) {
            source = addresses.sourceFor(neighbour.dev(), neighbour.address());
        }
        send(neighbour.dev(), ArpHeader.REQUEST, destinationMac, source, 0, neighbour.address());
    }

    private void send(NetDevice dev, int operation, long destinationMac, int senderIp, long targetMac, int targetIp) {
        if (!dev.isUp() || (dev.flags() & NetDevice.IFF_NOARP) != 0) {
            return;
        }
        SkBuff skb = net.skbs().alloc(HEADROOM + dev.neededHeadroom, ArpHeader.LENGTH);
        if (skb == null) {
            return;
        }
        skb.networkHeader = skb.put(ArpHeader.LENGTH);
        arp.wrap(skb.memory(), skb.networkHeader, ArpHeader.LENGTH)
                .ethernetIpv4()
                .operation(operation)
                .senderMac(dev.devAddr())
                .senderIp(senderIp)
                .targetMac(targetMac)
                .targetIp(targetIp);
        skb.protocol = EtherType.ARP;
        hardHeader.xmit(skb, dev, destinationMac, EtherType.ARP);
    }

    private void deviceChanged(NetDevice dev, NetdevNotifier.Change change) {
        switch (change) {
            case GOING_DOWN, UNREGISTER, CHANGEADDR -> neighbours.flush(dev);
            default -> {}
        }
    }
}
