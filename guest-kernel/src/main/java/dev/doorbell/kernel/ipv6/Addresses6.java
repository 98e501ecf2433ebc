package dev.doorbell.kernel.ipv6;

import dev.doorbell.bus.wire.Ipv6Address;
import dev.doorbell.kernel.netdev.NetDevice;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The IPv6 addresses of one kernel. Weak host model as Linux for global addresses; a link-local address is ours only on
 * its own link.
 */
public final class Addresses6 {
    private final List<InterfaceAddress6> all = new ArrayList<>();
    /** Copies of the usable ones for the packet path: few, so a scan beats a hash. */
    private long[] highs = {}, lows = {};

    private NetDevice[] devices = {};

    void add(InterfaceAddress6 address) {
        all.add(address);
        rebuild();
    }

    boolean remove(InterfaceAddress6 address) {
        boolean found = all.remove(address);
        rebuild();
        return found;
    }

    /** After a change of state. */
    void rebuild() {
        List<InterfaceAddress6> usable =
                all.stream().filter(InterfaceAddress6::isUsable).toList();
        highs = usable.stream().mapToLong(InterfaceAddress6::high).toArray();
        lows = usable.stream().mapToLong(InterfaceAddress6::low).toArray();
        devices = usable.stream().map(InterfaceAddress6::dev).toArray(NetDevice[]::new);
    }

    /** All of them, tentative and duplicate ones too, in the order in which they were added. */
    public List<InterfaceAddress6> list() {
        return Collections.unmodifiableList(all);
    }

    /**
     * True for a usable address of ours.
     *
     * @param dev the link for link-local addresses; null: on any
     */
    public boolean isLocal(long high, long low, @Nullable NetDevice dev) {
        long[] l = lows;
        for (int i = 0; i < l.length; i++) {
            if (l[i] == low
                    && highs[i] == high
                    && (dev == null || devices[i] == dev || !Ipv6Address.isLinkLocal(high))) {
                return true;
            }
        }
        return false;
    }

    /** The entry for an address, in whatever state; null: none. */
    public @Nullable InterfaceAddress6 find(@Nullable NetDevice dev, long high, long low) {
        for (InterfaceAddress6 entry : all) {
            if (entry.high() == high && entry.low() == low && (dev == null || entry.dev() == dev)) {
                return entry;
            }
        }
        return null;
    }

    /** A usable link-local address of an interface, or null. */
    public @Nullable InterfaceAddress6 linkLocal(NetDevice dev) {
        for (InterfaceAddress6 entry : all) {
            if (entry.dev() == dev && entry.isLinkLocal() && entry.isUsable()) {
                return entry;
            }
        }
        return null;
    }

    /** True when an interface has any IPv6 address. */
    public boolean hasAny(NetDevice dev) {
        for (InterfaceAddress6 entry : all) {
            if (entry.dev() == dev) {
                return true;
            }
        }
        return false;
    }

    /**
     * The source for packets to a destination, RFC 6724 §5.
     *
     * @param out interface that they leave by
     * @return null: there is none
     */
    public @Nullable InterfaceAddress6 select(NetDevice out, long high, long low) {
        int scope = SourceSelection.scope(high, low);
        InterfaceAddress6 best = null;
        for (InterfaceAddress6 candidate : all) {
            boolean onOtherLink = candidate.dev() != out;
            // §4: for link-local destinations and groups of link scope only addresses of that link.
            if (!candidate.isUsable() || onOtherLink && (scope <= SourceSelection.LINK || candidate.isLinkLocal())) {
                continue;
            }
            if (best == null || SourceSelection.isBetter(candidate, best, out, high, low, scope)) {
                best = candidate;
            }
        }
        return best;
    }
}
