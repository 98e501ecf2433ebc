package dev.doorbell.kernel.netfilter.nat;

import dev.doorbell.bus.wire.IpProtocol;
import dev.doorbell.kernel.core.KernelContext;
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
    private static final int HASH_START = 0xDEAD_BEEF, ADDRESS_WORDS = 4;

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
     * @param min, max addresses to map to, when {@code mapAddresses}
     * @param source true: their source may change; false: their destination
     * @return overwritten by the next call
     */
    Tuple choose(
            Connection connection,
            Tuple tuple,
            NatRange range,
            int min,
            int max,
            boolean mapAddresses,
            boolean source) {
        before.copyFrom(tuple);
        chosen.copyFrom(tuple);
        if (source && !range.random()) {
            if (isInRange(before, range, min, max, mapAddresses)) {
                if (!isUsed(before, connection)) {
                    return chosen;
                }
            } else if (findExisting(range, min, max, mapAddresses) && !isUsed(chosen, connection)) {
                return chosen;
            }
            chosen.copyFrom(before);
        }
        if (mapAddresses) {
            int address = min == max ? min : spread(min, max, range.persistent());
            if (source) {
                chosen.source = address;
            } else {
                chosen.destination = address;
            }
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

    private static boolean isInRange(Tuple tuple, NatRange range, int min, int max, boolean mapAddresses) {
        boolean address = !mapAddresses
                || Integer.compareUnsigned(tuple.source, min) >= 0 && Integer.compareUnsigned(tuple.source, max) <= 0;
        return address && range.hasPort(tuple.sourcePort);
    }

    private boolean isUsed(Tuple tuple, Connection connection) {
        inverted.invert(tuple);
        return table.isTaken(inverted, connection);
    }

    /** The mapping that the same source has towards somebody else. */
    private boolean findExisting(NatRange range, int min, int max, boolean mapAddresses) {
        for (Connection c = bySource[bucket(before)]; c != null; c = c.nextBySource) {
            Tuple original = c.original();
            if (original.source == before.source
                    && original.sourcePort == before.sourcePort
                    && original.protocol == before.protocol) {
                chosen.invert(c.reply());
                chosen.destination = before.destination;
                chosen.destinationPort = before.destinationPort;
                if (isInRange(chosen, range, min, max, mapAddresses)) {
                    return true;
                }
            }
        }
        return false;
    }

    private boolean hasPort() {
        return switch (chosen.protocol) {
            case IpProtocol.TCP, IpProtocol.UDP, IpProtocol.ICMP, UDPLITE, SCTP, DCCP -> true;
            default -> false;
        };
    }

    private int port(boolean source) {
        return source || chosen.protocol == IpProtocol.ICMP ? chosen.sourcePort : chosen.destinationPort;
    }

    private void setPort(boolean source, int port) {
        if (source || chosen.protocol == IpProtocol.ICMP) {
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
        } else if (chosen.protocol == IpProtocol.ICMP) {
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

    /** Spreads clients over a range of addresses as Linux does: Jenkins' hash of source and destination. */
    private int spread(int min, int max, boolean persistent) {
        int seed = persistent ? 0 : Integer.reverseBytes(chosen.destination);
        long hash = hashOfAddress(Integer.reverseBytes(chosen.source), seed) & 0xFFFF_FFFFL;
        long distance = (max - min + 1) & 0xFFFF_FFFFL;
        return min + (int) (hash * distance >>> 32);
    }

    /** Bob Jenkins' lookup3 over four words of which only the first is not 0. */
    static int hashOfAddress(int word, int seed) {
        int a = HASH_START + (ADDRESS_WORDS << 2) + seed;
        int b = a;
        int c = a;
        a += word;
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
        int hash = (tuple.source ^ hashKey) * 0x9E37_79B9 + (tuple.sourcePort << 8 | tuple.protocol) * 0x85EB_CA6B;
        return (hash ^ hash >>> 15) & BUCKETS - 1;
    }
}
