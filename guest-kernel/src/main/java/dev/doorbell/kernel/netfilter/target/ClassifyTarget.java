package dev.doorbell.kernel.netfilter.target;

import dev.doorbell.kernel.netfilter.NetfilterHooks;
import dev.doorbell.kernel.netfilter.Packet;
import dev.doorbell.kernel.netfilter.RulesException;
import dev.doorbell.kernel.netfilter.Words;
import dev.doorbell.kernel.netfilter.match.RuleHead;
import dev.doorbell.kernel.netfilter.match.Values;

/** {@code -j CLASSIFY}: sets the packet's priority, the class that it has for queues. */
record ClassifyTarget(int priority) implements Target {
    @Override
    public Result apply(Packet packet) {
        packet.skb().priority = priority;
        return Result.CONTINUE;
    }

    @Override
    public void save(StringBuilder out) {
        out.append(String.format(" -j CLASSIFY --set-class %04x:%04x", priority >>> 16, priority & 0xFFFF));
    }

    /** Reads --set-class. */
    static final class Builder implements TargetBuilder {
        private int priority;
        private boolean given;

        @Override
        public boolean option(String name, boolean inverted, Words words) throws RulesException {
            if (!name.equals("--set-class")) {
                return false;
            }
            Values.notInverted(name, inverted);
            String text = words.argument(name);
            int colon = text.indexOf(':');
            try {
                priority = half(text.substring(0, Math.max(0, colon))) << 16 | half(text.substring(colon + 1));
            } catch (NumberFormatException e) {
                throw new RulesException(name + " \"" + text + "\": must be two hexadecimal numbers such as 1:10");
            }
            given = true;
            return true;
        }

        private static int half(String text) {
            int value = Integer.parseInt(text.startsWith("0x") ? text.substring(2) : text, 16);
            if (value < 0 || value > 0xFFFF) {
                throw new NumberFormatException(text);
            }
            return value;
        }

        @Override
        public Target build(RuleHead head) throws RulesException {
            if (!given) {
                throw new RulesException("-j CLASSIFY needs --set-class");
            }
            Places.requireHook(
                    "CLASSIFY", head, NetfilterHooks.FORWARD, NetfilterHooks.LOCAL_OUT, NetfilterHooks.POST_ROUTING);
            return new ClassifyTarget(priority);
        }
    }
}
