package dev.doorbell.kernel.ipv6;

import dev.doorbell.bus.wire.Ipv6Address;
import dev.doorbell.kernel.netdev.NetDevice;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Multicast groups that interfaces are members of, counted. */
public final class Groups6 {
    private static final long MAC_PREFIX = 0x3333_0000_0000L;

    /** One group on one interface. */
    public static final class Membership {
        private final NetDevice dev;
        private final long high, low;
        private int users = 1;

        Membership(NetDevice dev, long high, long low) {
            this.dev = dev;
            this.high = high;
            this.low = low;
        }

        public NetDevice dev() {
            return dev;
        }

        public long high() {
            return high;
        }

        public long low() {
            return low;
        }
    }

    /** Is told of the first join and the last leave: MLD. */
    public interface Listener {
        void joined(NetDevice dev, long high, long low);

        void left(NetDevice dev, long high, long low);
    }

    private final List<Membership> memberships = new ArrayList<>();
    private @Nullable Listener listener;

    public void setListener(Listener listener) {
        this.listener = listener;
    }

    /** The Ethernet group of an IPv6 group, RFC 2464 §7. */
    public static long mac(long low) {
        return MAC_PREFIX | low & 0xFFFF_FFFFL;
    }

    /** One more user of a group. The first makes the card receive its frames. */
    public void join(NetDevice dev, long high, long low) {
        Membership known = find(dev, high, low);
        if (known != null) {
            known.users++;
            return;
        }
        memberships.add(new Membership(dev, high, low));
        dev.devMcAdd(mac(low));
        if (listener != null) {
            listener.joined(dev, high, low);
        }
    }

    /** One user less. */
    public void leave(NetDevice dev, long high, long low) {
        Membership known = find(dev, high, low);
        if (known != null && --known.users == 0) {
            memberships.remove(known);
            dev.devMcDel(mac(low));
            if (listener != null) {
                listener.left(dev, high, low);
            }
        }
    }

    /** The interface is gone: whoever was a member of a group there no longer is. */
    void removeAll(NetDevice dev) {
        for (Membership membership : List.copyOf(memberships)) {
            if (membership.dev == dev) {
                membership.users = 1;
                leave(dev, membership.high, membership.low);
            }
        }
    }

    /** All nodes of the link always are (RFC 4291 §2.8), and of this interface. */
    public boolean isMember(NetDevice dev, long high, long low) {
        boolean allNodes = low == Ipv6Address.ALL_NODES_LOW && Ipv6Address.groupScope(high) <= 2 && high << 16 == 0;
        return allNodes || find(dev, high, low) != null;
    }

    private @Nullable Membership find(NetDevice dev, long high, long low) {
        for (int i = 0; i < memberships.size(); i++) {
            Membership membership = memberships.get(i);
            if (membership.low == low && membership.high == high && membership.dev == dev) {
                return membership;
            }
        }
        return null;
    }

    /** The groups of one interface. */
    public List<Membership> of(NetDevice dev) {
        return memberships.stream().filter(m -> m.dev == dev).toList();
    }
}
