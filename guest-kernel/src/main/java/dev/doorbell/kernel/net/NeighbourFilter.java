package dev.doorbell.kernel.net;

import dev.doorbell.bus.wire.Ipv6Address;
import dev.doorbell.kernel.neighbour.Neighbour;
import dev.doorbell.kernel.neighbour.NeighbourState;
import dev.doorbell.kernel.netdev.NetCore;
import dev.doorbell.kernel.netdev.NetDevice;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Which neighbours {@code ip neigh show} and {@code flush} are about: {@code [to] PREFIX, dev NAME, nud STATE}. */
final class NeighbourFilter {
    private static final int V4_BITS = 32, V6_BITS = 128;

    private @Nullable NetDevice dev;
    private @Nullable NeighbourState state;
    /** As IPv6 writes it, IPv4 addresses mapped. */
    private long high, low;

    private int bits;
    private boolean wantsPermanent;

    static NeighbourFilter parse(IpWords words, NetCore net) throws IpException {
        NeighbourFilter filter = new NeighbourFilter();
        while (words.hasNext()) {
            String word = words.next("");
            switch (word) {
                case "dev" -> filter.dev = words.device(net);
                case "nud" -> filter.nud(words.next("a state"));
                case "to" -> filter.prefix(words.next("an address"));
                default -> filter.prefix(word);
            }
        }
        return filter;
    }

    private void nud(String name) throws IpException {
        if (name.equals("all")) {
            wantsPermanent = true;
            return;
        }
        try {
            state = NeighbourState.valueOf(name.toUpperCase(Locale.ROOT));
        } catch (IllegalArgumentException e) {
            throw new IpException("nud \"" + name + "\": must be all, permanent, noarp, reachable, stale, delay, probe,"
                    + " incomplete or failed");
        }
    }

    private void prefix(String text) throws IpException {
        int slash = text.indexOf('/');
        if (text.indexOf(':') >= 0) {
            long[] halves;
            try {
                halves = Ipv6Address.parse(slash < 0 ? text : text.substring(0, slash));
            } catch (IllegalArgumentException e) {
                throw new IpException("\"" + text + "\": must be an IPv6 address such as 2001:db8::2");
            }
            high = halves[0];
            low = halves[1];
            bits = slash < 0 ? V6_BITS : IpWords.number("prefix length", text.substring(slash + 1), 0, V6_BITS);
            return;
        }
        int[] prefix = IpWords.prefix(text);
        low = Ipv6Address.ofV4(prefix[0]);
        bits = V6_BITS - V4_BITS + prefix[1];
    }

    /** @param v4 its address is an IPv4 one */
    boolean selects(Neighbour entry, boolean v4) {
        long entryHigh = v4 ? 0 : entry.high();
        long entryLow = v4 ? Ipv6Address.ofV4(entry.address()) : entry.low();
        return (dev == null || dev == entry.dev())
                && (state == null || state == entry.state())
                && (bits == 0 || Ipv6Address.samePrefix(high, low, entryHigh, entryLow, bits));
    }

    /** The same for flush, which leaves alone what was set by hand unless that is asked for. */
    boolean flushes(Neighbour entry, boolean v4) {
        return selects(entry, v4) && (wantsPermanent || state != null || entry.state() != NeighbourState.PERMANENT);
    }
}
