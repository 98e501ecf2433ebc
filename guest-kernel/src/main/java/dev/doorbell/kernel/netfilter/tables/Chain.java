package dev.doorbell.kernel.netfilter.tables;

import java.util.ArrayList;
import java.util.List;

/** A list of rules: one of the kernel's, which has a policy and a hook, or one of the user's. */
final class Chain {
    private String name;
    private final int hook;
    private boolean drops;
    private long policyPackets;
    private long policyBytes;
    private final List<Rule> building = new ArrayList<>();
    private Rule[] rules = {};

    /** @param hook -1: a chain of the user */
    Chain(String name, int hook) {
        this.name = name;
        this.hook = hook;
    }

    String name() {
        return name;
    }

    void rename(String newName) {
        name = newName;
    }

    int hook() {
        return hook;
    }

    boolean isBuiltIn() {
        return hook >= 0;
    }

    /** The policy of a chain of the kernel: DROP, or ACCEPT. */
    boolean drops() {
        return drops;
    }

    void setPolicy(boolean drop) {
        drops = drop;
    }

    void setCounters(long packets, long bytes) {
        policyPackets = packets;
        policyBytes = bytes;
    }

    void countPolicy(int length) {
        policyPackets++;
        policyBytes += length;
    }

    long policyPackets() {
        return policyPackets;
    }

    long policyBytes() {
        return policyBytes;
    }

    /** Rules while the chain is being read. */
    List<Rule> building() {
        return building;
    }

    /** Whether one of the rules that were read names it. */
    boolean jumpsTo(Chain chain) {
        return building.stream().anyMatch(rule -> rule.chain() == chain);
    }

    /** No more rules come. */
    void freeze() {
        rules = building.toArray(new Rule[0]);
    }

    Rule[] rules() {
        return rules;
    }
}
