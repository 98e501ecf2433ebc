package dev.doorbell.kernel.netfilter.match;

import java.util.HashMap;
import java.util.Map;

/** The tables of {@code -m recent} by name: rules of one name share one, and it outlives a load of other rules. */
public final class RecentTables {
    private final Map<String, RecentTable> tables = new HashMap<>();

    /** The mask is that of the first rule that names the table. */
    RecentTable named(String name, long maskHigh, long maskLow, int stamps) {
        RecentTable table = tables.computeIfAbsent(name, n -> new RecentTable(maskHigh, maskLow, stamps));
        table.atLeast(stamps);
        return table;
    }
}
