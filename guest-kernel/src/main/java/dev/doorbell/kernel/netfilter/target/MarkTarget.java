package dev.doorbell.kernel.netfilter.target;

import dev.doorbell.kernel.netfilter.Packet;
import dev.doorbell.kernel.netfilter.RulesException;
import dev.doorbell.kernel.netfilter.Words;
import dev.doorbell.kernel.netfilter.match.RuleHead;
import dev.doorbell.kernel.netfilter.match.Values;

/** {@code -j MARK}: clears the bits of a mask in the packet's mark, then flips those of a value. */
record MarkTarget(int value, int mask) implements Target {
    @Override
    public Result apply(Packet packet) {
        packet.skb().mark = packet.skb().mark & ~mask ^ value;
        return Result.CONTINUE;
    }

    @Override
    public void save(StringBuilder out) {
        out.append(" -j MARK --set-xmark ").append(String.format("0x%x/0x%x", value, mask));
    }

    /** Reads one of the five ways to say it. */
    static final class Builder implements TargetBuilder {
        private int value, mask;
        private boolean given;

        @Override
        public boolean option(String name, boolean inverted, Words words) throws RulesException {
            int[] operation = operation(name, words);
            if (operation.length == 0) {
                return false;
            }
            Values.notInverted(name, inverted);
            value = operation[0];
            mask = operation[1];
            given = true;
            return true;
        }

        /**
         * The five operations on marks that MARK and CONNMARK share.
         *
         * @return value and mask for "clear the mask's bits, flip the value's"; empty when the option is another
         */
        static int[] operation(String name, Words words) throws RulesException {
            switch (name) {
                case "--set-mark" -> {
                    int[] both = Values.masked(name, words.argument(name));
                    return new int[] {both[0], both[1] | both[0]};
                }
                case "--set-xmark" -> {
                    return Values.masked(name, words.argument(name));
                }
                case "--or-mark" -> {
                    int bits = Values.word(name, words.argument(name));
                    return new int[] {bits, bits};
                }
                case "--and-mark" -> {
                    return new int[] {0, ~Values.word(name, words.argument(name))};
                }
                case "--xor-mark" -> {
                    return new int[] {Values.word(name, words.argument(name)), 0};
                }
                default -> {
                    return new int[0];
                }
            }
        }

        @Override
        public Target build(RuleHead head) throws RulesException {
            if (!given) {
                throw new RulesException("-j MARK needs --set-mark, --set-xmark, --or-mark, --and-mark or --xor-mark");
            }
            return new MarkTarget(value, mask);
        }
    }
}
