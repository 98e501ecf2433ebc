package dev.doorbell.kernel.netfilter.match;

import dev.doorbell.kernel.netfilter.RulesException;

/** The names of TCP's flags, as --tcp-flags has them. */
final class TcpFlags {
    static final int ALL = 0x3F;
    private static final String[] NAMES = {"FIN", "SYN", "RST", "PSH", "ACK", "URG"};

    private TcpFlags() {}

    static int parse(String option, String text) throws RulesException {
        int flags = 0;
        for (String name : text.split(",", -1)) {
            flags |= parseOne(option, name);
        }
        return flags;
    }

    private static int parseOne(String option, String name) throws RulesException {
        if (name.equalsIgnoreCase("ALL")) {
            return ALL;
        }
        if (name.equalsIgnoreCase("NONE")) {
            return 0;
        }
        for (int i = 0; i < NAMES.length; i++) {
            if (NAMES[i].equalsIgnoreCase(name)) {
                return 1 << i;
            }
        }
        throw new RulesException(
                option + " \"" + name + "\": must be of FIN, SYN, RST, PSH, ACK, URG, ALL, NONE, separated by commas");
    }

    static void save(StringBuilder out, int flags) {
        if (flags == 0) {
            out.append("NONE");
            return;
        }
        String separator = "";
        for (int i = 0; i < NAMES.length; i++) {
            if ((flags & 1 << i) != 0) {
                out.append(separator).append(NAMES[i]);
                separator = ",";
            }
        }
    }
}
