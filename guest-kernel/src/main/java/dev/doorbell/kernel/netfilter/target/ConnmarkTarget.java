package dev.doorbell.kernel.netfilter.target;

import dev.doorbell.kernel.netfilter.Packet;
import dev.doorbell.kernel.netfilter.RulesException;
import dev.doorbell.kernel.netfilter.Words;
import dev.doorbell.kernel.netfilter.conntrack.Connection;
import dev.doorbell.kernel.netfilter.conntrack.Conntrack;
import dev.doorbell.kernel.netfilter.match.RuleHead;
import dev.doorbell.kernel.netfilter.match.Values;

/** {@code -j CONNMARK}: sets the connection's mark, or copies it from or to the packet's. */
record ConnmarkTarget(Mode mode, int value, int mask) implements Target {
    /** What it does. SAVE and RESTORE: {@code value} is the packet's mask, {@code mask} the connection's. */
    enum Mode {
        SET,
        SAVE,
        RESTORE
    }

    @Override
    public Result apply(Packet packet) {
        Connection connection = Conntrack.of(packet.skb());
        if (connection == null) {
            return Result.CONTINUE;
        }
        switch (mode) {
            case SET -> connection.mark = connection.mark & ~mask ^ value;
            case SAVE -> connection.mark = connection.mark & ~mask ^ packet.skb().mark & value;
            case RESTORE -> packet.skb().mark = packet.skb().mark & ~value ^ connection.mark & mask;
        }
        return Result.CONTINUE;
    }

    @Override
    public void save(StringBuilder out) {
        out.append(" -j CONNMARK");
        if (mode == Mode.SET) {
            out.append(String.format(" --set-xmark 0x%x/0x%x", value, mask));
        } else {
            out.append(mode == Mode.SAVE ? " --save-mark" : " --restore-mark");
            out.append(String.format(" --nfmask 0x%x --ctmask 0x%x", value, mask));
        }
    }

    @Override
    public boolean needsConntrack() {
        return true;
    }

    /** Reads the options. */
    static final class Builder implements TargetBuilder {
        private Mode mode = Mode.SET;
        private int value, mask;
        private int packetMask = -1, connectionMask = -1;
        private boolean given;

        @Override
        public boolean option(String name, boolean inverted, Words words) throws RulesException {
            int[] operation = MarkTarget.Builder.operation(name, words);
            if (operation.length != 0) {
                mode = Mode.SET;
                value = operation[0];
                mask = operation[1];
                given = true;
            } else {
                switch (name) {
                    case "--save-mark" -> mode = Mode.SAVE;
                    case "--restore-mark" -> mode = Mode.RESTORE;
                    case "--nfmask" -> packetMask = Values.word(name, words.argument(name));
                    case "--ctmask" -> connectionMask = Values.word(name, words.argument(name));
                    case "--mask" -> {
                        packetMask = Values.word(name, words.argument(name));
                        connectionMask = packetMask;
                    }
                    default -> {
                        return false;
                    }
                }
                given |= name.endsWith("-mark");
            }
            Values.notInverted(name, inverted);
            return true;
        }

        @Override
        public Target build(RuleHead head) throws RulesException {
            if (!given) {
                throw new RulesException(
                        "-j CONNMARK needs --set-mark, --set-xmark, --and-mark, --or-mark, --xor-mark, --save-mark"
                                + " or --restore-mark");
            }
            return mode == Mode.SET
                    ? new ConnmarkTarget(mode, value, mask)
                    : new ConnmarkTarget(mode, packetMask, connectionMask);
        }
    }
}
