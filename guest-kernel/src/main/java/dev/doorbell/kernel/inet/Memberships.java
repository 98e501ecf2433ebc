package dev.doorbell.kernel.inet;

import dev.doorbell.kernel.core.Errno;
import dev.doorbell.kernel.multicast.MulticastGroups;
import dev.doorbell.kernel.multicast.ReceptionState;
import dev.doorbell.kernel.netdev.NetDevice;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The groups of one address family that one socket has joined, and from whom it wants their packets. */
final class Memberships {
    private record Membership(NetDevice dev, long high, long low, SourceFilter filter) {
        boolean isFor(NetDevice device, long groupHigh, long groupLow) {
            return low == groupLow && high == groupHigh && dev == device;
        }
    }

    private final MulticastGroups groups;
    private final int most, mostSources;
    private final List<Membership> joined = new ArrayList<>();

    /**
     * @param most groups of one socket
     * @param mostSources of one group
     */
    Memberships(MulticastGroups groups, int most, int mostSources) {
        this.groups = groups;
        this.most = most;
        this.mostSources = mostSources;
    }

    /** Most sources that a filter may have. */
    int mostSources() {
        return mostSources;
    }

    /** From now on packets to the group from everybody. */
    int join(NetDevice dev, long high, long low) {
        int error = mayJoin(dev, high, low);
        if (error == 0) {
            joined.add(new Membership(dev, high, low, new SourceFilter(mostSources, ReceptionState.ALL)));
            groups.change(dev, high, low, ReceptionState.NOTHING, ReceptionState.ALL);
        }
        return error;
    }

    private int mayJoin(NetDevice dev, long high, long low) {
        if (find(dev, high, low) != null) {
            return Errno.EADDRINUSE.negated();
        }
        return joined.size() >= most ? Errno.ENOBUFS.negated() : 0;
    }

    /** @param dev null: whichever interface the group was joined on first */
    int leave(@Nullable NetDevice dev, long high, long low) {
        for (Membership membership : joined) {
            if (membership.isFor(dev == null ? membership.dev : dev, high, low)) {
                joined.remove(membership);
                groups.change(membership.dev, high, low, membership.filter.state(), ReceptionState.NOTHING);
                return 0;
            }
        }
        return Errno.EADDRNOTAVAIL.negated();
    }

    void leaveAll() {
        for (Membership m : joined) {
            groups.change(m.dev, m.high, m.low, m.filter.state(), ReceptionState.NOTHING);
        }
        joined.clear();
    }

    /** From whom packets to a group are wanted; null: not joined. */
    @Nullable
    ReceptionState filter(NetDevice dev, long high, long low) {
        Membership known = find(dev, high, low);
        return known == null ? null : known.filter.state();
    }

    private @Nullable Membership find(NetDevice dev, long high, long low) {
        for (int i = 0; i < joined.size(); i++) {
            Membership membership = joined.get(i);
            if (membership.isFor(dev, high, low)) {
                return membership;
            }
        }
        return null;
    }

    /**
     * What becomes of one source of a group: IP_BLOCK_SOURCE and its kin.
     *
     * @param joins the source is joined or left; otherwise blocked or unblocked
     * @param adds joined or blocked; otherwise left or unblocked
     */
    int source(NetDevice dev, long high, long low, long sourceHigh, long sourceLow, boolean joins, boolean adds) {
        Membership known = find(dev, high, low);
        if (known == null) {
            int error = joins && adds ? mayJoin(dev, high, low) : Errno.EINVAL.negated();
            if (error != 0) {
                return error;
            }
        }
        Membership membership = known != null
                ? known
                : new Membership(dev, high, low, new SourceFilter(mostSources, ReceptionState.NOTHING));
        SourceFilter filter = membership.filter;
        ReceptionState before = filter.state();
        int error = adds ? filter.add(joins, sourceHigh, sourceLow) : filter.remove(joins, sourceHigh, sourceLow);
        if (known == null && error == 0) {
            joined.add(membership);
        }
        changed(membership, before);
        return error;
    }

    /** A whole filter at once: IP_MSFILTER. Nothing wanted is a membership less. */
    int setFilter(NetDevice dev, long high, long low, ReceptionState wanted) {
        Membership known = find(dev, high, low);
        if (known == null) {
            return (wanted.isNothing() ? Errno.EADDRNOTAVAIL : Errno.EINVAL).negated();
        }
        ReceptionState before = known.filter.state();
        int error = known.filter.set(wanted);
        changed(known, before);
        return error;
    }

    private void changed(Membership membership, ReceptionState before) {
        ReceptionState after = membership.filter.state();
        if (after.isNothing()) {
            joined.remove(membership);
        }
        if (!after.equals(before)) {
            groups.change(membership.dev, membership.high, membership.low, before, after);
        }
    }
}
