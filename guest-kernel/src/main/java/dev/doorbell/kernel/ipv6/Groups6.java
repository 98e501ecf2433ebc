package dev.doorbell.kernel.ipv6;

import dev.doorbell.bus.wire.Ipv6Address;
import dev.doorbell.kernel.multicast.MulticastGroups;
import dev.doorbell.kernel.multicast.ReceptionState;
import dev.doorbell.kernel.netdev.NetDevice;

/** IPv6 multicast groups that interfaces are members of. */
public final class Groups6 {
    private static final long MAC_PREFIX = 0x3333_0000_0000L;

    private final MulticastGroups table = new MulticastGroups(Groups6::mac);

    /** The groups, with what is wanted of their sources. */
    public MulticastGroups table() {
        return table;
    }

    /** The Ethernet group of an IPv6 group, RFC 2464 §7. */
    public static long mac(long low) {
        return MAC_PREFIX | low & 0xFFFF_FFFFL;
    }

    /** One more user of a group, who wants packets from everybody. The first makes the card receive its frames. */
    public void join(NetDevice dev, long high, long low) {
        table.change(dev, high, low, ReceptionState.NOTHING, ReceptionState.ALL);
    }

    /** One such user less. */
    public void leave(NetDevice dev, long high, long low) {
        table.change(dev, high, low, ReceptionState.ALL, ReceptionState.NOTHING);
    }

    /** All nodes of the link always are (RFC 4291 §2.8), and of this interface. */
    public boolean isMember(NetDevice dev, long high, long low) {
        boolean allNodes = low == Ipv6Address.ALL_NODES_LOW && Ipv6Address.groupScope(high) <= 2 && high << 16 == 0;
        return allNodes || table.find(dev, high, low) != null;
    }
}
