package dev.doorbell.kernel.tcp;

import dev.doorbell.kernel.inet.Endpoints;
import org.jspecify.annotations.Nullable;

/**
 * All flows of both families by their ends: open addressing with linear probing on stored hashes, grown at half load,
 * deletion by shifting back. The hash is keyed, so that a peer cannot choose collisions.
 */
final class FlowTable {
    private static final int INITIAL = 256;

    private final long key;
    private int[] hashes = new int[INITIAL];
    private @Nullable Flow[] flows = new Flow[INITIAL];
    private int size;

    FlowTable(long key) {
        this.key = key;
    }

    int size() {
        return size;
    }

    @Nullable
    Flow find(Endpoints ends) {
        int hash = ends.hash(key);
        int mask = flows.length - 1;
        for (int i = hash & mask; ; i = i + 1 & mask) {
            Flow flow = flows[i];
            if (flow == null) {
                return null;
            }
            if (hashes[i] == hash && flow.sameFlow(ends)) {
                return flow;
            }
        }
    }

    /** Adds it, in place of another with the same ends if there is one. */
    void put(Flow flow) {
        if (size * 2 >= flows.length) {
            grow();
        }
        insert(flow, flow.hash(key));
    }

    private void insert(Flow flow, int hash) {
        int mask = flows.length - 1;
        int i = hash & mask;
        Flow there;
        while ((there = flows[i]) != null && (hashes[i] != hash || !there.sameFlow(flow))) {
            i = i + 1 & mask;
        }
        if (there == null) {
            size++;
        }
        flows[i] = flow;
        hashes[i] = hash;
    }

    /** Takes out this flow; nothing happens when the place belongs to another by now. */
    void remove(Flow flow) {
        int mask = flows.length - 1;
        int i = flow.hash(key) & mask;
        while (flows[i] != flow) {
            if (flows[i] == null) {
                return;
            }
            i = i + 1 & mask;
        }
        size--;
        int hole = i;
        for (int next = hole + 1 & mask; flows[next] != null; next = next + 1 & mask) {
            int home = hashes[next] & mask;
            if ((next - home & mask) >= (next - hole & mask)) {
                flows[hole] = flows[next];
                hashes[hole] = hashes[next];
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
        @Nullable Flow[] oldFlows = flows;
        int[] oldHashes = hashes;
        int capacity = oldFlows.length * 2;
        hashes = new int[capacity];
        flows = new Flow[capacity];
        size = 0;
        for (int i = 0; i < oldFlows.length; i++) {
            Flow flow = oldFlows[i];
            if (flow != null) {
                insert(flow, oldHashes[i]);
            }
        }
    }
}
