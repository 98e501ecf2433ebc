package dev.doorbell.kernel.ipv4;

import dev.doorbell.bus.wire.MacAddress;
import dev.doorbell.kernel.netdev.NetDevice;
import java.util.ArrayList;
import java.util.List;

/** Multicast groups that interfaces are members of, counted: the host side of RFC 1112. */
public final class Groups {
    /** All systems: every interface is a member, RFC 1112 section 4. */
    static final int ALL_SYSTEMS = 0xE000_0001;

    /** One group on one interface. */
    private static final class Membership {
        final NetDevice dev;
        final int group;
        int users = 1;

        Membership(NetDevice dev, int group) {
            this.dev = dev;
            this.group = group;
        }
    }

    /** Is told of the first join and the last leave: IGMP. */
    public interface Listener {
        void joined(NetDevice dev, int group);

        void left(NetDevice dev, int group);
    }

    private final List<Membership> memberships = new ArrayList<>();
    private Listener listener = new Listener() {
        @Override
        public void joined(NetDevice dev, int group) {}

        @Override
        public void left(NetDevice dev, int group) {}
    };

    public void setListener(Listener listener) {
        this.listener = listener;
    }

    /** One more user of a group. The first makes the card receive its frames. */
    public void join(NetDevice dev, int group) {
        Membership known = find(dev, group);
        if (known != null) {
            known.users++;
            return;
        }
        memberships.add(new Membership(dev, group));
        dev.devMcAdd(MacAddress.ofIpv4Multicast(group));
        listener.joined(dev, group);
    }

    /** One user less. */
    public void leave(NetDevice dev, int group) {
        Membership known = find(dev, group);
        if (known != null && --known.users == 0) {
            memberships.remove(known);
            dev.devMcDel(MacAddress.ofIpv4Multicast(group));
            listener.left(dev, group);
        }
    }

    /** The interface is gone: whoever was a member of a group there no longer is. */
    void removeAll(NetDevice dev) {
        for (int group : of(dev)) {
            Membership known = find(dev, group);
            if (known != null) {
                known.users = 1;
                leave(dev, group);
            }
        }
    }

    /** Whether packets to {@code group} that come in on {@code dev} are for us. */
    public boolean isMember(NetDevice dev, int group) {
        return group == ALL_SYSTEMS || find(dev, group) != null;
    }

    /** The groups of an interface, without all-systems. */
    public int[] of(NetDevice dev) {
        return memberships.stream()
                .filter(m -> m.dev == dev)
                .mapToInt(m -> m.group)
                .toArray();
    }

    private @org.jspecify.annotations.Nullable Membership find(NetDevice dev, int group) {
        for (int i = 0; i < memberships.size(); i++) {
            Membership m = memberships.get(i);
            if (m.group == group && m.dev == dev) {
                return m;
            }
        }
        return null;
    }
}
