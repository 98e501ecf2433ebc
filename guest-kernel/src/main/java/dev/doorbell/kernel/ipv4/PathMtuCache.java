package dev.doorbell.kernel.ipv4;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Path MTUs that ICMP told us, RFC 1191: by destination, bounded, forgotten after ten minutes. */
final class PathMtuCache {
    /** Linux's net.ipv4.route.min_pmtu: what claims to be smaller is used at this size, without DF. */
    static final int MIN_MTU = 552;
    /** RFC 1191 section 6.3, Linux's mtu_expires. */
    static final long EXPIRES_NS = 600_000_000_000L;

    private static final int CAPACITY = 1024;

    /** @param locked the path claims less than {@link #MIN_MTU} */
    record Entry(int mtu, long expiresNs, boolean locked) {}

    private final Map<Integer, Entry> entries = new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Integer, Entry> eldest) {
            return size() > CAPACITY;
        }
    };

    /**
     * @param current what is assumed now
     * @return true when something changed
     */
    boolean update(int destination, int claimed, int current, long nowNs) {
        boolean locked = claimed < MIN_MTU;
        int mtu = Math.max(claimed, MIN_MTU);
        if (mtu >= current && !locked) {
            return false;
        }
        entries.put(destination, new Entry(Math.min(mtu, current), nowNs + EXPIRES_NS, locked));
        return true;
    }

    void clear() {
        entries.clear();
    }

    @Nullable
    Entry get(int destination, long nowNs) {
        Entry entry = entries.get(destination);
        return entry != null && nowNs < entry.expiresNs ? entry : null;
    }
}
