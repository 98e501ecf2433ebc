package dev.doorbell.kernel.multicast;

import dev.doorbell.kernel.netdev.NetDevice;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongUnaryOperator;
import org.jspecify.annotations.Nullable;

/** The groups that the interfaces of one network layer are members of, and from whom each interface wants their packets. */
public final class MulticastGroups {
    /** One group on one interface. */
    public static final class Membership {
        private final NetDevice dev;
        private final long high, low;
        /** What each of its users wants: sockets, and the network layer itself. */
        private final List<ReceptionState> users = new ArrayList<>();

        private ReceptionState state = ReceptionState.NOTHING;

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

        /** What the interface wants for all its users. */
        public ReceptionState state() {
            return state;
        }
    }

    /** Is told when what an interface wants of a group has changed; {@link ReceptionState#NOTHING} is no membership. */
    public interface Listener {
        void changed(NetDevice dev, long high, long low, ReceptionState before, ReceptionState after);
    }

    private final LongUnaryOperator mac;
    private final List<Membership> memberships = new ArrayList<>();
    private Listener listener = (dev, high, low, before, after) -> {};

    /** @param mac the Ethernet group of the low half of a group's address */
    public MulticastGroups(LongUnaryOperator mac) {
        this.mac = mac;
    }

    public void setListener(Listener listener) {
        this.listener = listener;
    }

    /**
     * What one user wants of a group changes: IPMulticastListen of RFC 3376 §2. The first makes the card receive its frames.
     *
     * @param before what it wanted; NOTHING: it joins
     * @param after what it wants; NOTHING: it leaves
     */
    public void change(NetDevice dev, long high, long low, ReceptionState before, ReceptionState after) {
        Membership membership = find(dev, high, low);
        boolean known = membership != null && (before.isNothing() || membership.users.remove(before));
        if (!known && !before.isNothing()) {
            return; // the interface has been gone in between, and all memberships with it
        }
        if (membership == null) {
            if (after.isNothing()) {
                return;
            }
            membership = new Membership(dev, high, low);
            memberships.add(membership);
            dev.devMcAdd(mac.applyAsLong(low));
        }
        if (!after.isNothing()) {
            membership.users.add(after);
        }
        settle(membership);
    }

    private void settle(Membership membership) {
        ReceptionState was = membership.state;
        membership.state = ReceptionState.merge(membership.users);
        if (membership.users.isEmpty()) {
            memberships.remove(membership);
            membership.dev.devMcDel(mac.applyAsLong(membership.low));
        }
        if (!was.equals(membership.state)) {
            listener.changed(membership.dev, membership.high, membership.low, was, membership.state);
        }
    }

    /** The interface is gone: whoever was a member of a group there no longer is. */
    public void removeAll(NetDevice dev) {
        for (Membership membership : of(dev)) {
            membership.users.clear();
            settle(membership);
        }
    }

    /** The group on this interface, or null. */
    public @Nullable Membership find(NetDevice dev, long high, long low) {
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
