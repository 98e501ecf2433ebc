package dev.doorbell.kernel.netfilter.target;

import dev.doorbell.kernel.netfilter.Packet;
import dev.doorbell.kernel.netfilter.RulesException;
import dev.doorbell.kernel.netfilter.Words;
import dev.doorbell.kernel.netfilter.match.RuleHead;
import dev.doorbell.kernel.netfilter.match.TosValues;
import dev.doorbell.kernel.netfilter.match.Values;

/** {@code -j TOS} and {@code -j DSCP}: clears bits of the type of service octet or traffic class, then flips others. */
record TosTarget(boolean dscp, int value, int mask) implements Target {
    private static final int DSCP_MASK = 0xFC;

    @Override
    public Result apply(Packet packet) {
        int before = packet.tos();
        int after = before & ~mask ^ value;
        if (after == before) {
            return Result.CONTINUE;
        }
        if (!packet.skb().cow(0) || !packet.reload()) {
            return Result.DROP;
        }
        packet.tos(after);
        return Result.CONTINUE;
    }

    @Override
    public void save(StringBuilder out) {
        out.append(
                dscp
                        ? String.format(" -j DSCP --set-dscp 0x%02x", value >>> 2)
                        : String.format(" -j TOS --set-tos 0x%02x/0x%02x", value, mask));
    }

    /** Reads the options of TOS. */
    static final class TosBuilder implements TargetBuilder {
        private int value, mask;
        private boolean given;

        @Override
        public boolean option(String name, boolean inverted, Words words) throws RulesException {
            switch (name) {
                case "--set-tos" -> {
                    int[] both = TosValues.tos(name, words.argument(name));
                    set(both[0], both[1]);
                }
                case "--and-tos" -> set(0, ~octet(name, words) & 0xFF);
                case "--or-tos" -> {
                    int bits = octet(name, words);
                    set(bits, bits);
                }
                case "--xor-tos" -> set(octet(name, words), 0);
                default -> {
                    return false;
                }
            }
            Values.notInverted(name, inverted);
            return true;
        }

        private static int octet(String name, Words words) throws RulesException {
            return (int) Values.number(name, words.argument(name), 0, 255);
        }

        private void set(int bits, int cleared) throws RulesException {
            if (given) {
                throw new RulesException("-j TOS: only one of --set-tos, --and-tos, --or-tos, --xor-tos");
            }
            given = true;
            value = bits;
            mask = cleared;
        }

        @Override
        public Target build(RuleHead head) throws RulesException {
            if (!given) {
                throw new RulesException("-j TOS needs --set-tos, --and-tos, --or-tos or --xor-tos");
            }
            Places.require("TOS", head, "mangle");
            return new TosTarget(false, value, mask);
        }
    }

    /** Reads the options of DSCP. */
    static final class DscpBuilder implements TargetBuilder {
        private int dscp = -1;

        @Override
        public boolean option(String name, boolean inverted, Words words) throws RulesException {
            boolean byClass = name.equals("--set-dscp-class");
            if (!byClass && !name.equals("--set-dscp")) {
                return false;
            }
            Values.notInverted(name, inverted);
            if (dscp >= 0) {
                throw new RulesException("-j DSCP: only one of --set-dscp and --set-dscp-class");
            }
            String text = words.argument(name);
            dscp = byClass ? TosValues.dscpClass(name, text) : (int) Values.number(name, text, 0, 63);
            return true;
        }

        @Override
        public Target build(RuleHead head) throws RulesException {
            if (dscp < 0) {
                throw new RulesException("-j DSCP needs --set-dscp or --set-dscp-class");
            }
            Places.require("DSCP", head, "mangle");
            return new TosTarget(true, dscp << 2, DSCP_MASK);
        }
    }
}
