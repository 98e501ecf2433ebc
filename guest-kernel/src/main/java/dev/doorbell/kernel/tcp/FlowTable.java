package dev.doorbell.kernel.tcp;

import org.jspecify.annotations.Nullable;

/**
 * All flows by their four values: open addressing with linear probing on primitive keys, grown at half load, deletion by
 * shifting back. The hash is keyed, so that a peer cannot choose collisions.
 */
final class FlowTable {
    private static final int INITIAL = 256;

    private final long key;
    private long[] addresses = new long[INITIAL];
    private int[] ports = new int[INITIAL];
    private @Nullable Flow[] flows = new Flow[INITIAL];
    private int size;

    FlowTable(long key) {
        this.key = key;
    }

    int size() {
        return size;
    }

    @Nullable
    Flow find(int localAddress, int localPort, int remoteAddress, int remotePort) {
        long pair = addresses(localAddress, remoteAddress);
        int portPair = ports(localPort, remotePort);
        int mask = flows.length - 1;
        for (int i = hash(pair, portPair) & mask; ; i = i + 1 & mask) {
            Flow flow = flows[i];
            if (flow == null) {
                return null;
            }
            if (addresses[i] == pair && ports[i] == portPair) {
                return flow;
            }
        }
    }

    /** Adds it, in place of another with the same four values if there is one. */
    void put(Flow flow) {
        if (size * 2 >= flows.length) {
            grow();
        }
        insert(flow);
    }

    private void insert(Flow flow) {
        long pair = addresses(flow.localAddress, flow.remoteAddress);
        int portPair = ports(flow.localPort, flow.remotePort);
        int mask = flows.length - 1;
        int i = hash(pair, portPair) & mask;
        while (flows[i] != null && (addresses[i] != pair || ports[i] != portPair)) {
            i = i + 1 & mask;
        }
        if (flows[i] == null) {
            size++;
        }
        flows[i] = flow;
        addresses[i] = pair;
        ports[i] = portPair;
    }

    /** Takes out this flow; nothing happens when the place belongs to another by now. */
    void remove(Flow flow) {
        long pair = addresses(flow.localAddress, flow.remoteAddress);
        int portPair = ports(flow.localPort, flow.remotePort);
        int mask = flows.length - 1;
        int i = hash(pair, portPair) & mask;
        while (flows[i] != flow) {
            if (flows[i] == null) {
                return;
            }
            i = i + 1 & mask;
        }
        size--;
        int hole = i;
        for (int next = hole + 1 & mask; flows[next] != null; next = next + 1 & mask) {
            int home = hash(addresses[next], ports[next]) & mask;
            if ((next - home & mask) >= (next - hole & mask)) {
                flows[hole] = flows[next];
                addresses[hole] = addresses[next];
                ports[hole] = ports[next];
                hole = next;
            }
        }
        flows[hole] = null;
    }

    /** All flows, for statistics and tear-down. */
    Flow[] snapshot() {
        Flow[] all = new Flow[size];
        int n = 0;
        for (Flow flow : flows) {
            if (flow != null) {
                all[n++] = flow;
            }
        }
        return all;
    }

    private void grow() {
        Flow[] old = snapshot();
        int capacity = flows.length * 2;
        addresses = new long[capacity];
        ports = new int[capacity];
        flows = new Flow[capacity];
        size = 0;
        for (Flow flow : old) {
            insert(flow);
        }
    }

    private static long addresses(int local, int remote) {
        return (long) local << 32 | remote & 0xFFFF_FFFFL;
    }

    private static int ports(int local, int remote) {
        return local << 16 | remote;
    }

    private int hash(long pair, int portPair) {
        long h = (pair ^ key) * 0x9E37_79B9_7F4A_7C15L;
        h = (h ^ h >>> 32 ^ portPair) * 0xC2B2_AE3D_27D4_EB4FL;
        return (int) (h ^ h >>> 29 ^ h >>> 47);
    }
}
