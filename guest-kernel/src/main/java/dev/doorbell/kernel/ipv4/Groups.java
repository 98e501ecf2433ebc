package dev.doorbell.kernel.ipv4;

import dev.doorbell.bus.wire.Ipv6Address;
import dev.doorbell.bus.wire.MacAddress;
import dev.doorbell.kernel.multicast.MulticastGroups;
import dev.doorbell.kernel.multicast.ReceptionState;
import dev.doorbell.kernel.netdev.NetDevice;

/** IPv4 multicast groups that interfaces are members of: the host side of RFC 1112. */
public final class Groups {
    /** All systems, 224.0.0.1: every interface is a member, RFC 1112 section 4. */
    public static final int ALL_SYSTEMS = 0xE000_0001;

    private final MulticastGroups table = new MulticastGroups(low -> MacAddress.ofIpv4Multicast((int) low));

    /** The groups by their mapped addresses, with what is wanted of their sources. */
    public MulticastGroups table() {
        return table;
    }

    /** One more user of a group, who wants packets from everybody. The first makes the card receive its frames. */
    public void join(NetDevice dev, int group) {
        table.change(dev, 0, Ipv6Address.ofV4(group), ReceptionState.NOTHING, ReceptionState.ALL);
    }

    /** One such user less. */
    public void leave(NetDevice dev, int group) {
        table.change(dev, 0, Ipv6Address.ofV4(group), ReceptionState.ALL, ReceptionState.NOTHING);
    }

    /** Whether packets to {@code group} that come in on {@code dev} are for us. */
    public boolean isMember(NetDevice dev, int group) {
        return group == ALL_SYSTEMS || table.find(dev, 0, Ipv6Address.ofV4(group)) != null;
    }

    /** The groups of an interface, without all-systems. */
    public int[] of(NetDevice dev) {
        return table.of(dev).stream()
                .mapToInt(membership -> (int) membership.low())
                .toArray();
    }
}
