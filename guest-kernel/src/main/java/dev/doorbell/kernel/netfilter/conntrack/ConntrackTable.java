package dev.doorbell.kernel.netfilter.conntrack;

import dev.doorbell.kernel.core.KernelContext;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The confirmed connections, each under the tuples of both its directions. Bounded: see {@link #setMaximum}. */
public final class ConntrackTable {
    /** net.netfilter.nf_conntrack_max. */
    public static final int DEFAULT_MAXIMUM = 65_536;

    private static final int FIRST_BUCKETS = 1024;
    /** Buckets in which a connection is looked for that may make room for another. */
    private static final int EVICTION_RANGE = 8;

    private final KernelContext kernel;
    private final int hashKey;
    private final ExpiryWheel wheel;
    private @Nullable Tuple[] buckets = new @Nullable Tuple[FIRST_BUCKETS];
    private int size;
    private int maximum = DEFAULT_MAXIMUM;
    private Consumer<Connection> added = connection -> {};
    private Consumer<Connection> removed = connection -> {};
    private long earlyDrops;

    ConntrackTable(KernelContext kernel) {
        this.kernel = kernel;
        this.hashKey = kernel.random("conntrack").nextInt();
        this.wheel = new ExpiryWheel(kernel, this::remove);
    }

    /** Who hears of every connection that comes and goes. */
    public void onChange(Consumer<Connection> whenAdded, Consumer<Connection> whenRemoved) {
        added = whenAdded;
        removed = whenRemoved;
    }

    /** net.netfilter.nf_conntrack_max; at least 1. */
    public void setMaximum(int connections) {
        maximum = Math.max(1, connections);
    }

    public int maximum() {
        return maximum;
    }

    /** Connections in the table. */
    public int size() {
        return size;
    }

    /** Connections that had to make room for others. */
    public long earlyDrops() {
        return earlyDrops;
    }

    public long nowNs() {
        return kernel.nowNs();
    }

    /** The entry of a tuple, or null. One whose time is over is forgotten on the way. */
    public @Nullable Tuple find(Tuple key) {
        Tuple entry = buckets[bucket(key)];
        while (entry != null && !entry.isSame(key)) {
            entry = entry.nextInBucket;
        }
        if (entry != null && of(entry).expiresNs <= kernel.nowNs()) {
            remove(of(entry));
            return null;
        }
        return entry;
    }

    /** The connection of an entry of the table. */
    public static Connection of(Tuple entry) {
        return Objects.requireNonNull(entry.connection);
    }

    /** Whether packets like this would be taken for another connection's. */
    public boolean isTaken(Tuple key, Connection ignored) {
        Tuple entry = find(key);
        return entry != null && of(entry) != ignored;
    }

    /**
     * Makes sure that one more connection fits.
     *
     * @param key of the newcomer
     * @return false when the table is full of connections in use
     */
    boolean makeRoom(Tuple key) {
        return size < maximum || dropEarly(key);
    }

    /** Forgets one near {@code key} that was never answered properly or is closing: early_drop. */
    private boolean dropEarly(Tuple key) {
        int first = bucket(key);
        for (int i = 0; i < EVICTION_RANGE; i++) {
            Tuple entry = buckets[first + i & buckets.length - 1];
            while (entry != null) {
                Connection connection = of(entry);
                boolean closing = connection.tcp != null && TcpTracker.mayDropEarly(connection.tcp);
                if (!connection.is(Connection.ASSURED) || closing) {
                    remove(connection);
                    earlyDrops++;
                    return true;
                }
                entry = entry.nextInBucket;
            }
        }
        return false;
    }

    /**
     * Takes in a connection whose first packet got through.
     *
     * @return false when another one has a tuple of it meanwhile
     */
    boolean insert(Connection connection) {
        if (find(connection.original()) != null || find(connection.reply()) != null) {
            return false;
        }
        connection.status |= Connection.CONFIRMED;
        if (size >= buckets.length) {
            grow();
        }
        link(connection.original());
        link(connection.reply());
        size++;
        wheel.add(connection);
        added.accept(connection);
        return true;
    }

    private void link(Tuple entry) {
        int bucket = bucket(entry);
        entry.nextInBucket = buckets[bucket];
        buckets[bucket] = entry;
    }

    private void unlink(Tuple entry) {
        int bucket = bucket(entry);
        Tuple at = buckets[bucket];
        if (at == entry) {
            buckets[bucket] = entry.nextInBucket;
        } else {
            while (at != null && at.nextInBucket != entry) {
                at = at.nextInBucket;
            }
            if (at != null) {
                at.nextInBucket = entry.nextInBucket;
            }
        }
        entry.nextInBucket = null;
    }

    private void grow() {
        @Nullable Tuple[] old = buckets;
        buckets = new @Nullable Tuple[old.length * 2];
        for (Tuple first : old) {
            Tuple entry = first;
            while (entry != null) {
                Tuple following = entry.nextInBucket;
                link(entry);
                entry = following;
            }
        }
    }

    /** Forgets a connection; no effect when that was done. */
    public void remove(Connection connection) {
        if (connection.is(Connection.DYING)) {
            return;
        }
        connection.status |= Connection.DYING;
        if (connection.is(Connection.CONFIRMED)) {
            unlink(connection.original());
            unlink(connection.reply());
            size--;
            wheel.remove(connection);
        }
        removed.accept(connection);
    }

    /** Another packet came: the connection stays for so long from now on. */
    void refresh(Connection connection, long timeoutNs) {
        connection.expiresNs = kernel.nowNs() + timeoutNs;
        wheel.moved(connection);
    }

    /** Forgets all that the predicate names. */
    public int removeIf(Predicate<Connection> which) {
        List<Connection> gone = new ArrayList<>();
        for (Connection connection : list()) {
            if (which.test(connection)) {
                gone.add(connection);
            }
        }
        gone.forEach(this::remove);
        return gone.size();
    }

    /** All connections, in no particular order. */
    public List<Connection> list() {
        List<Connection> all = new ArrayList<>(size);
        for (Tuple first : buckets) {
            for (Tuple entry = first; entry != null; entry = entry.nextInBucket) {
                if (entry.direction == Connection.ORIGINAL && of(entry).expiresNs > kernel.nowNs()) {
                    all.add(of(entry));
                }
            }
        }
        return all;
    }

    /** For the end of the kernel. */
    void clear() {
        removeIf(connection -> true);
        wheel.clear();
    }

    private int bucket(Tuple key) {
        return key.hash(hashKey) & buckets.length - 1;
    }
}
