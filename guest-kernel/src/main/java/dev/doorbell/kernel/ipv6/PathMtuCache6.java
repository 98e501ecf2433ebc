package dev.doorbell.kernel.ipv6;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Path MTUs that ICMPv6 told us, RFC 8201: by destination, bounded, forgotten after ten minutes. */
final class PathMtuCache6 {
    /** RFC 8201 §5.4, Linux's mtu_expires. */
    static final long EXPIRES_NS = 600_000_000_000L;

    private static final int CAPACITY = 1024;

    record Entry(int mtu, long expiresNs) {}

    private record Key(long high, long low) {}

    private final Map<Key, Entry> entries = new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Key, Entry> eldest) {
            return size() > CAPACITY;
        }
    };

    /**
     * @param current what is assumed now
     * @return true when something changed
     */
    boolean update(long high, long low, int claimed, int current, long nowNs) {
        // RFC 8201 §4: never below the minimum link MTU, whatever is claimed.
        int mtu = Math.max(claimed, Ipv6.MIN_MTU);
        if (mtu >= current) {
            return false;
        }
        entries.put(new Key(high, low), new Entry(mtu, nowNs + EXPIRES_NS));
        return true;
    }

    @Nullable
    Entry get(long high, long low, long nowNs) {
        if (entries.isEmpty()) {
            return null;
        }
        Entry entry = entries.get(new Key(high, low));
        return entry != null && nowNs < entry.expiresNs ? entry : null;
    }
}
