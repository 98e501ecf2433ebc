package dev.doorbell.kernel.netfilter.tables;

import dev.doorbell.kernel.netdev.NetDevice;
import dev.doorbell.kernel.netfilter.IpFamily;
import dev.doorbell.kernel.netfilter.NetfilterHooks;
import dev.doorbell.kernel.netfilter.NetfilterHost;
import dev.doorbell.kernel.netfilter.NetfilterLog;
import dev.doorbell.kernel.netfilter.Packet;
import dev.doorbell.kernel.netfilter.RulesException;
import dev.doorbell.kernel.netfilter.Verdict;
import dev.doorbell.kernel.netfilter.conntrack.Conntrack;
import dev.doorbell.kernel.netfilter.match.RecentTables;
import dev.doorbell.kernel.netfilter.nat.Nat;
import dev.doorbell.kernel.skb.SkBuff;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The packet filter of one version of IP in a kernel: tables raw, mangle, nat and filter, loaded from and saved as text
 * of iptables-save or ip6tables-save. Costs nothing until the first rules are loaded; connection tracking begins with
 * the first rule that needs it.
 */
public final class Iptables {
    private final IpFamily family;
    private final NetfilterHooks hooks;
    private final NetfilterHost host;
    private final Conntrack conntrack;
    private final Nat nat;
    private final RecentTables recent = new RecentTables();
    private final Map<TableKind, Table> tables = new LinkedHashMap<>();
    private final Packet packet = new Packet();
    private NetfilterLog log = (level, line) -> {};
    private boolean tracking;

    public Iptables(IpFamily family, NetfilterHooks hooks, NetfilterHost host) {
        this.family = family;
        this.hooks = hooks;
        this.host = host;
        this.conntrack = new Conntrack(host.kernel());
        this.nat = new Nat(host, conntrack);
    }

    /** Where LOG targets write to. */
    public void setLog(NetfilterLog listener) {
        log = listener;
    }

    public Conntrack conntrack() {
        return conntrack;
    }

    /** Whether packets are tracked: some rule wanted it. */
    public boolean isTracking() {
        return tracking;
    }

    /**
     * Replaces the tables that the text names, all of them or, when anything in it is wrong, none. Counters go on from
     * the text's when its rules have some ({@code iptables-save -c}), otherwise from 0.
     *
     * @param text in the format of iptables-save
     */
    public void load(String text) throws RulesException {
        List<Table> loaded = read(text);
        for (Table table : loaded) {
            boolean known = tables.containsKey(table.kind());
            tables.put(table.kind(), table);
            if (!known) {
                register(table.kind());
            }
        }
        if (!tracking && tables.values().stream().anyMatch(Table::needsConntrack)) {
            startTracking();
        }
    }

    private List<Table> read(String text) throws RulesException {
        RuleParser parser = new RuleParser(family, host, (level, line) -> log.log(level, line), nat, recent);
        List<Table> loaded = new ArrayList<>();
        TableReader reader = null;
        int number = 0;
        for (String raw : text.split("\n", -1)) {
            number++;
            String line = raw.strip();
            if (line.isEmpty() || line.startsWith("#")) {
                continue;
            }
            try {
                if (reader == null) {
                    reader = begin(line, parser);
                } else if (line.equals("COMMIT")) {
                    loaded.add(reader.finish());
                    reader = null;
                } else if (line.startsWith("*")) {
                    throw new RulesException("COMMIT is missing before the next table");
                } else if (line.startsWith(":")) {
                    reader.chainLine(line);
                } else {
                    reader.ruleLine(number, line);
                }
            } catch (RulesException e) {
                String message = String.valueOf(e.getMessage());
                throw message.startsWith("line ") ? e : new RulesException(number, message);
            }
        }
        if (reader != null) {
            throw new RulesException(number, "the text ends before COMMIT");
        }
        return loaded;
    }

    private TableReader begin(String line, RuleParser parser) throws RulesException {
        TableKind kind = line.startsWith("*") ? TableKind.of(line.substring(1).strip()) : null;
        if (kind == null) {
            throw new RulesException("\"" + line + "\": a table was expected here: *filter, *nat, *mangle or *raw");
        }
        return new TableReader(kind, tables.get(kind), parser);
    }

    private void register(TableKind kind) {
        if (kind == TableKind.NAT) {
            nat.setChains(this::evaluateNat);
            nat.start(hooks);
            return;
        }
        for (int hook : kind.hooks()) {
            hooks.register(hook, kind.priority(), (at, skb, in, out) -> evaluate(kind, at, skb, in, out));
        }
    }

    private void startTracking() {
        tracking = true;
        host.reassembleFirst(true);
        conntrack.start(hooks);
    }

    private Verdict evaluate(TableKind kind, int hook, SkBuff skb, @Nullable NetDevice in, @Nullable NetDevice out) {
        Table table = tables.get(kind);
        if (table == null || !packet.load(hook, skb, in, out)) {
            return Verdict.ACCEPT; // a raw socket's broken packet: nothing to look at
        }
        return table.evaluate(packet);
    }

    private Verdict evaluateNat(Packet first) {
        Table table = tables.get(TableKind.NAT);
        return table == null ? Verdict.ACCEPT : table.evaluate(first);
    }

    /**
     * The tables that were loaded, in that order.
     *
     * @param counters in front of every rule, as {@code iptables-save -c}
     */
    public String save(boolean counters) {
        StringBuilder out = new StringBuilder();
        for (Table table : tables.values()) {
            out.append("# Generated by doorbell\n");
            table.save(out, counters);
            out.append("# Completed\n");
        }
        return out.toString();
    }

    /** Packets that each rule and policy has seen, by its text, in the order of the tables. */
    public Map<String, Long> counters() {
        Map<String, Long> counters = new LinkedHashMap<>();
        tables.values().forEach(table -> table.addCounters(counters));
        return counters;
    }

    /** The addresses of an interface are gone. */
    public void addressesGone(NetDevice dev) {
        nat.forgetMasqueraded(dev);
    }

    /** For the end of the kernel: forgets all connections. */
    public void close() {
        conntrack.close();
    }
}
