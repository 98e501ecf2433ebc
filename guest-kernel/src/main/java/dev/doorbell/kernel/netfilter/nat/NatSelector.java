package dev.doorbell.kernel.netfilter.nat;

import dev.doorbell.bus.wire.IpProtocol;
import dev.doorbell.kernel.core.KernelContext;
import dev.doorbell.kernel.netfilter.AddressRange;
import dev.doorbell.kernel.netfilter.IpFamily;
import dev.doorbell.kernel.netfilter.conntrack.Connection;
import dev.doorbell.kernel.netfilter.conntrack.ConntrackTable;
import dev.doorbell.kernel.netfilter.conntrack.Tuple;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/** Chooses addresses and ports so that answers can be told apart: get_unique_tuple. */
final class NatSelector {
    private static final int BUCKETS = 8192;
    private static final int MAX_ATTEMPTS = 128, MIN_ATTEMPTS = 16;
    private static final int UDPLITE = 136, SCTP = 132, DCCP = 33;
    private static final int HASH_START = 0xDEAD_BEEF, WORDS = 4;

    private final ConntrackTable table;
    private final SplittableRandom random;
    private final int hashKey;
    /** Translated connections by their original source, so that one source keeps one mapping. */
    private final @Nullable Connection[] bySource = new @Nullable Connection[BUCKETS];

    private final Tuple inverted = new Tuple();

    // What is being looked for.
    private final Tuple before = new Tuple();
    private final Tuple chosen = new Tuple();

    NatSelector(KernelContext kernel, ConntrackTable table) {
        this.table = table;
        this.random = kernel.random("nat");
        this.hashKey = random.nextInt();
    }

    /**
     * Finds what the packets of {@code tuple}'s direction shall look like.
     *
     * @param tuple as they look now
     * @param addresses to map to; null: the address stays
     * @param source true: their source may change; false: their destination
     * @return overwritten by the next call
     */
    Tuple choose(Connection connection, Tuple tuple, NatRange range, @Nullable AddressRange addresses, boolean source) {
        before.copyFrom(tuple);
        chosen.copyFrom(tuple);
        if (source && !range.random()) {
            if (isInRange(before, range, addresses)) {
                if (!isUsed(before, connection)) {
                    return chosen;
                }
            } else if (findExisting(range, addresses) && !isUsed(chosen, connection)) {
                return chosen;
            }
            chosen.copyFrom(before);
        }
        if (addresses != null) {
            chooseAddress(addresses, range.persistent(), source);
        }
        if (!range.random()) {
            if (range.mapPorts()) {
                boolean inside = !hasPort() || range.hasPort(port(source));
                if (inside && (range.minPort() == range.maxPort() || !isUsed(chosen, connection))) {
                    return chosen;
                }
            } else if (!isUsed(chosen, connection)) {
                return chosen;
            }
        }
        choosePort(connection, range, source);
        return chosen;
    }

    private static boolean isInRange(Tuple tuple, NatRange range, @Nullable AddressRange addresses) {
        boolean address = addresses == null || addresses.contains(tuple.sourceHigh, tuple.sourceLow);
        return address && range.hasPort(tuple.sourcePort);
    }

    private boolean isUsed(Tuple tuple, Connection connection) {
        inverted.invert(tuple);
        return table.isTaken(inverted, connection);
    }

    /** The mapping that the same source has towards somebody else. */
    private boolean findExisting(NatRange range, @Nullable AddressRange addresses) {
        for (Connection c = bySource[bucket(before)]; c != null; c = c.nextBySource) {
            Tuple original = c.original();
            if (original.hasSameSource(before)
                    && original.sourcePort == before.sourcePort
                    && original.protocol == before.protocol) {
                chosen.invert(c.reply());
                chosen.destinationHigh = before.destinationHigh;
                chosen.destinationLow = before.destinationLow;
                chosen.destinationPort = before.destinationPort;
                if (isInRange(chosen, range, addresses)) {
                    return true;
                }
            }
        }
        return false;
    }

    private boolean hasPort() {
        return switch (chosen.protocol) {
            case IpProtocol.TCP, IpProtocol.UDP, IpProtocol.ICMP, IpProtocol.ICMPV6, UDPLITE, SCTP, DCCP -> true;
            default -> false;
        };
    }

    private boolean isIcmp() {
        return chosen.protocol == IpProtocol.ICMP || chosen.protocol == IpProtocol.ICMPV6;
    }

    private int port(boolean source) {
        return source || isIcmp() ? chosen.sourcePort : chosen.destinationPort;
    }

    private void setPort(boolean source, int port) {
        if (source || isIcmp()) {
            chosen.sourcePort = port;
        } else {
            chosen.destinationPort = port;
        }
    }

    /** nf_nat_l4proto_unique_tuple: from a random start, fewer and fewer tries. */
    private void choosePort(Connection connection, NatRange range, boolean source) {
        if (!hasPort()) {
            return;
        }
        int min;
        int size;
        if (range.mapPorts()) {
            min = range.minPort();
            size = range.maxPort() - min + 1;
        } else if (isIcmp()) {
            min = 0;
            size = 65_536;
        } else if (!source) {
            return; // the port says what is asked for
        } else if (chosen.sourcePort < 512) {
            min = 1;
            size = 511;
        } else if (chosen.sourcePort < 1024) {
            min = 600;
            size = 424;
        } else {
            min = 1024;
            size = 65_536 - 1024;
        }
        int attempts = Math.min(size, MAX_ATTEMPTS);
        while (true) {
            int offset = random.nextInt(65_536);
            for (int i = 0; i < attempts; i++) {
                setPort(source, min + (offset + i) % size);
                if (!isUsed(chosen, connection)) {
                    return;
                }
            }
            if (attempts >= size || attempts < MIN_ATTEMPTS) {
                return; // taken: confirming will fail, and the packet is dropped
            }
            attempts /= 2;
        }
    }

    /**
     * Spreads clients over a range of addresses as Linux does: Jenkins' hash of source and destination, 32 bits of the
     * address after the other.
     */
    private void chooseAddress(AddressRange range, boolean persistent, boolean source) {
        long high = range.firstHigh();
        long low = range.firstLow();
        if (!range.isSingle()) {
            boolean v4 = range.family() == IpFamily.V4;
            int first = v4 ? WORDS - 1 : 0;
            int hash =
                    hashOfSource(v4, persistent ? 0 : word(chosen.destinationHigh, chosen.destinationLow, WORDS - 1));
            boolean anything = false;
            for (int i = first; i < WORDS; i++) {
                int from = anything ? 0 : Integer.reverseBytes(word(range.firstHigh(), range.firstLow(), i));
                int to = anything ? -2 : Integer.reverseBytes(word(range.lastHigh(), range.lastLow(), i));
                int value = from + (int) ((hash & 0xFFFF_FFFFL) * (to - from + 1 & 0xFFFF_FFFFL) >>> 32);
                int shift = (i & 1) == 0 ? 32 : 0;
                if (i < 2) {
                    high = high & 0xFFFF_FFFFL << 32 - shift | (value & 0xFFFF_FFFFL) << shift;
                } else {
                    low = low & 0xFFFF_FFFFL << 32 - shift | (value & 0xFFFF_FFFFL) << shift;
                }
                anything |= value != to;
                hash ^= persistent ? 0 : word(chosen.destinationHigh, chosen.destinationLow, i);
            }
        }
        if (source) {
            chosen.sourceHigh = high;
            chosen.sourceLow = low;
        } else {
            chosen.destinationHigh = high;
            chosen.destinationLow = low;
        }
    }

    /** 32 bits of an address, the first octet in the lowest byte: as Linux hashes them. */
    private static int word(long high, long low, int index) {
        return Integer.reverseBytes((int) ((index < 2 ? high : low) >>> ((index & 1) == 0 ? 32 : 0)));
    }

    private int hashOfSource(boolean v4, int seed) {
        long high = chosen.sourceHigh;
        long low = chosen.sourceLow;
        return v4
                ? hash(word(high, low, WORDS - 1), 0, 0, 0, seed)
                : hash(word(high, low, 0), word(high, low, 1), word(high, low, 2), word(high, low, 3), seed);
    }

    /** Bob Jenkins' lookup3 over four words. */
    static int hash(int first, int second, int third, int fourth, int seed) {
        int a = HASH_START + (WORDS << 2) + seed;
        int b = a + second;
        int c = a + third;
        a += first;
        a = a - c ^ Integer.rotateLeft(c, 4);
        c += b;
        b = b - a ^ Integer.rotateLeft(a, 6);
        a += c;
        c = c - b ^ Integer.rotateLeft(b, 8);
        b += a;
        a = a - c ^ Integer.rotateLeft(c, 16);
        c += b;
        b = b - a ^ Integer.rotateLeft(a, 19);
        a += c;
        c = c - b ^ Integer.rotateLeft(b, 4);
        b += a;
        a += fourth;
        c = (c ^ b) - Integer.rotateLeft(b, 14);
        a = (a ^ c) - Integer.rotateLeft(c, 11);
        b = (b ^ a) - Integer.rotateLeft(a, 25);
        c = (c ^ b) - Integer.rotateLeft(b, 16);
        a = (a ^ c) - Integer.rotateLeft(c, 4);
        b = (b ^ a) - Integer.rotateLeft(a, 14);
        return (c ^ b) - Integer.rotateLeft(b, 24);
    }

    // ---- the table by source

    void add(Connection connection) {
        if (connection.isBySource || !connection.is(Connection.SRC_NAT_DONE)) {
            return;
        }
        int bucket = bucket(connection.original());
        Connection first = bySource[bucket];
        connection.nextBySource = first;
        connection.previousBySource = null;
        if (first != null) {
            first.previousBySource = connection;
        }
        bySource[bucket] = connection;
        connection.isBySource = true;
    }

    void remove(Connection connection) {
        if (!connection.isBySource) {
            return;
        }
        connection.isBySource = false;
        Connection previous = connection.previousBySource;
        Connection next = connection.nextBySource;
        if (previous == null) {
            bySource[bucket(connection.original())] = next;
        } else {
            previous.nextBySource = next;
        }
        if (next != null) {
            next.previousBySource = previous;
        }
        connection.nextBySource = null;
        connection.previousBySource = null;
    }

    private int bucket(Tuple tuple) {
        long address = tuple.sourceHigh * 31 + tuple.sourceLow;
        int hash = ((int) address ^ (int) (address >>> 32) ^ hashKey) * 0x9E37_79B9
                + (tuple.sourcePort << 8 | tuple.protocol) * 0x85EB_CA6B;
        return (hash ^ hash >>> 15) & BUCKETS - 1;
    }
}
