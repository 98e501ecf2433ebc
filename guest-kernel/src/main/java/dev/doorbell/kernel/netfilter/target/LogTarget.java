package dev.doorbell.kernel.netfilter.target;

import dev.doorbell.kernel.netfilter.NetfilterLog;
import dev.doorbell.kernel.netfilter.Packet;
import dev.doorbell.kernel.netfilter.RulesException;
import dev.doorbell.kernel.netfilter.Words;
import dev.doorbell.kernel.netfilter.match.RuleHead;
import dev.doorbell.kernel.netfilter.match.Values;
import java.util.Locale;

/** {@code -j LOG}: one line about the packet, as Linux writes it to the kernel's log. */
final class LogTarget implements Target {
    /** Bits of {@link #flags}, linux/netfilter/nf_log.h. */
    static final int TCP_SEQUENCE = 1, TCP_OPTIONS = 2, IP_OPTIONS = 4, UID = 8, MAC_DECODE = 32;

    private static final int MAX_PREFIX = 29, DEFAULT_LEVEL = 4;
    private static final String[] LEVELS = {"emerg", "alert", "crit", "error", "warning", "notice", "info", "debug"};

    private final NetfilterLog log;
    private final int level;
    private final String prefix;
    private final int flags;
    private final PacketText text = new PacketText();

    private LogTarget(NetfilterLog log, int level, String prefix, int flags) {
        this.log = log;
        this.level = level;
        this.prefix = prefix;
        this.flags = flags;
    }

    @Override
    public Result apply(Packet packet) {
        log.log(level, text.describe(packet, prefix, flags));
        return Result.CONTINUE;
    }

    @Override
    public void save(StringBuilder out) {
        out.append(" -j LOG");
        if (!prefix.isEmpty()) {
            out.append(" --log-prefix ");
            Words.quote(out, prefix);
        }
        if (level != DEFAULT_LEVEL) {
            out.append(" --log-level ").append(level);
        }
        saveFlag(out, TCP_SEQUENCE, " --log-tcp-sequence");
        saveFlag(out, TCP_OPTIONS, " --log-tcp-options");
        saveFlag(out, IP_OPTIONS, " --log-ip-options");
        saveFlag(out, UID, " --log-uid");
        saveFlag(out, MAC_DECODE, " --log-macdecode");
    }

    private void saveFlag(StringBuilder out, int flag, String option) {
        if ((flags & flag) != 0) {
            out.append(option);
        }
    }

    /** Reads the options. */
    static final class Builder implements TargetBuilder {
        private final NetfilterLog log;
        private int level = DEFAULT_LEVEL;
        private String prefix = "";
        private int flags;

        Builder(NetfilterLog log) {
            this.log = log;
        }

        @Override
        public boolean option(String name, boolean inverted, Words words) throws RulesException {
            switch (name) {
                case "--log-level" -> level = level(words.argument(name));
                case "--log-prefix" -> prefix = cut(words.argument(name));
                case "--log-tcp-sequence" -> flags |= TCP_SEQUENCE;
                case "--log-tcp-options" -> flags |= TCP_OPTIONS;
                case "--log-ip-options" -> flags |= IP_OPTIONS;
                case "--log-uid" -> flags |= UID;
                case "--log-macdecode" -> flags |= MAC_DECODE;
                default -> {
                    return false;
                }
            }
            Values.notInverted(name, inverted);
            return true;
        }

        /** What does not fit into Linux's structure is left out, and that does not make the rule wrong. */
        private static String cut(String text) {
            return text.substring(0, Math.min(text.length(), MAX_PREFIX));
        }

        private static int level(String text) throws RulesException {
            String wanted = text.toLowerCase(Locale.ROOT);
            for (int i = 0; i < LEVELS.length; i++) {
                if (!wanted.isEmpty() && LEVELS[i].startsWith(wanted)) {
                    return i;
                }
            }
            if (wanted.equals("panic")) {
                return 0;
            }
            if (wanted.length() == 1 && wanted.charAt(0) >= '0' && wanted.charAt(0) <= '7') {
                return wanted.charAt(0) - '0';
            }
            throw new RulesException(
                    "--log-level \"" + text + "\": must be 0 to 7 or one of " + String.join(", ", LEVELS));
        }

        @Override
        public Target build(RuleHead head) {
            return new LogTarget(log, level, prefix, flags);
        }
    }
}
