package dev.doorbell.kernel.tcp;

import dev.doorbell.kernel.inet.Endpoints;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a client remembers of servers: their cookies and the MSS they offered, RFC 7413 §4.1.3.1. And whether fast open is
 * suspended altogether, because something between here and them swallows it (§7.1): each time twice as long, up to 64
 * times.
 */
final class FastOpenCache {
    private static final int MAX_ENTRIES = 1024, MAX_DOUBLINGS = 6;

    private record Peer(long localHigh, long localLow, long remoteHigh, long remoteLow) {
        static Peer of(Endpoints ends) {
            return new Peer(ends.localHigh, ends.localLow, ends.remoteHigh, ends.remoteLow);
        }
    }

    private static final class Entry {
        final FastOpenCookie cookie = new FastOpenCookie();
        int mss;
        /** 1: the last request without the experimental form brought no cookie; 2: nor did that form. */
        int tryExperimental;

        Entry() {
            cookie.length = FastOpenCookie.REQUEST;
        }
    }

    /** The longest unused goes first. */
    private final Map<Peer, Entry> entries = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Peer, Entry> eldest) {
            return size() > MAX_ENTRIES;
        }
    };

    private final TcpConfig config;
    private int suspensions;
    private long suspendedNs;

    FastOpenCache(TcpConfig config) {
        this.config = config;
    }

    /**
     * What is known of the peer.
     *
     * @param into its cookie, or a request for one in the form to try
     * @return its MSS, 0: not known
     */
    int get(Endpoints ends, FastOpenCookie into) {
        Entry entry = entries.get(Peer.of(ends));
        if (entry == null) {
            into.clear();
            into.length = FastOpenCookie.REQUEST;
            return 0;
        }
        into.copyFrom(entry.cookie);
        if (into.length <= 0 && entry.tryExperimental == 1) {
            into.experimental = true;
        }
        return entry.mss;
    }

    /** @param cookie what the SYN-ACK brought; null: nothing */
    void set(Endpoints ends, int mss, @Nullable FastOpenCookie cookie, int tryExperimental) {
        Entry entry = entries.computeIfAbsent(Peer.of(ends), peer -> new Entry());
        entry.mss = mss;
        if (cookie != null && cookie.length > 0) {
            entry.cookie.copyFrom(cookie);
        } else if (tryExperimental > entry.tryExperimental && entry.cookie.length <= 0 && !entry.cookie.experimental) {
            entry.tryExperimental = tryExperimental;
        }
    }

    void suspend(long nowNs) {
        if (config.fastopenBlackholeTimeoutNs > 0) {
            suspensions++;
            suspendedNs = nowNs;
        }
    }

    boolean isSuspended(long nowNs) {
        if (suspensions == 0) {
            return false;
        }
        long wait = config.fastopenBlackholeTimeoutNs << Math.min(suspensions - 1, MAX_DOUBLINGS);
        return nowNs < suspendedNs + wait;
    }

    /** Data came over a connection that was opened fast: nothing is swallowed any more. */
    void works() {
        suspensions = 0;
    }

    /** No peer is known any more; that fast open is suspended is no knowledge of a peer. */
    void clear() {
        entries.clear();
    }

    int size() {
        return entries.size();
    }
}
