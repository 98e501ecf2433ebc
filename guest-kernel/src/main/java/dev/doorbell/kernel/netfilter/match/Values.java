package dev.doorbell.kernel.netfilter.match;

import dev.doorbell.kernel.netfilter.RulesException;
import java.util.Map;

/** Reads the arguments of options. Each method names the option in what it throws. */
public final class Values {
    private static final int MAX_PORT = 65_535;
    /** The everyday part of /etc/services. */
    private static final Map<String, Integer> SERVICES = Map.ofEntries(
            Map.entry("echo", 7),
            Map.entry("discard", 9),
            Map.entry("daytime", 13),
            Map.entry("chargen", 19),
            Map.entry("ftp-data", 20),
            Map.entry("ftp", 21),
            Map.entry("ssh", 22),
            Map.entry("telnet", 23),
            Map.entry("smtp", 25),
            Map.entry("time", 37),
            Map.entry("domain", 53),
            Map.entry("bootps", 67),
            Map.entry("bootpc", 68),
            Map.entry("tftp", 69),
            Map.entry("gopher", 70),
            Map.entry("finger", 79),
            Map.entry("http", 80),
            Map.entry("www", 80),
            Map.entry("kerberos", 88),
            Map.entry("pop3", 110),
            Map.entry("sunrpc", 111),
            Map.entry("auth", 113),
            Map.entry("nntp", 119),
            Map.entry("ntp", 123),
            Map.entry("netbios-ns", 137),
            Map.entry("netbios-dgm", 138),
            Map.entry("netbios-ssn", 139),
            Map.entry("imap2", 143),
            Map.entry("snmp", 161),
            Map.entry("snmp-trap", 162),
            Map.entry("bgp", 179),
            Map.entry("ldap", 389),
            Map.entry("https", 443),
            Map.entry("microsoft-ds", 445),
            Map.entry("isakmp", 500),
            Map.entry("syslog", 514),
            Map.entry("submission", 587),
            Map.entry("ldaps", 636),
            Map.entry("rsync", 873),
            Map.entry("imaps", 993),
            Map.entry("pop3s", 995),
            Map.entry("socks", 1080),
            Map.entry("openvpn", 1194),
            Map.entry("ms-sql-s", 1433),
            Map.entry("radius", 1812),
            Map.entry("nfs", 2049),
            Map.entry("mysql", 3306),
            Map.entry("ms-wbt-server", 3389),
            Map.entry("sip", 5060),
            Map.entry("mdns", 5353),
            Map.entry("postgresql", 5432),
            Map.entry("x11", 6000),
            Map.entry("redis", 6379),
            Map.entry("http-alt", 8080));

    private Values() {}

    /** A number in decimal, hexadecimal (0x) or octal (0), from {@code min} to {@code max}. */
    public static long number(String option, String text, long min, long max) throws RulesException {
        long value = -1;
        try {
            if (!text.isEmpty() && text.charAt(0) != '-' && text.charAt(0) != '+') {
                value = Long.decode(text);
            }
        } catch (NumberFormatException e) {
            value = -1; // the message below is the same for both
        }
        if (value < min || value > max) {
            throw new RulesException(option + " \"" + text + "\": must be a number from " + min + " to " + max);
        }
        return value;
    }

    /** 32 bits. */
    public static int word(String option, String text) throws RulesException {
        return (int) number(option, text, 0, 0xFFFF_FFFFL);
    }

    /** A port by number or service name. */
    public static int port(String option, String text) throws RulesException {
        Integer known = SERVICES.get(text);
        if (known != null) {
            return known;
        }
        try {
            return (int) number(option, text, 0, MAX_PORT);
        } catch (RulesException e) {
            throw new RulesException(
                    option + " \"" + text + "\": must be a port from 0 to 65535 or the name of a service");
        }
    }

    /**
     * {@code A:B}, {@code A:}, {@code :B} or {@code A}.
     *
     * @return first and last
     */
    public static int[] portRange(String option, String text) throws RulesException {
        return range(option, text, MAX_PORT, true);
    }

    /** As {@link #portRange}, numbers up to {@code max}. */
    public static int[] numberRange(String option, String text, int max) throws RulesException {
        return range(option, text, max, false);
    }

    private static int[] range(String option, String text, int max, boolean ports) throws RulesException {
        int colon = text.indexOf(':');
        String low = colon < 0 ? text : text.substring(0, colon);
        String high = colon < 0 ? text : text.substring(colon + 1);
        int from = colon >= 0 && low.isEmpty() ? 0 : one(option, low, max, ports);
        int to = colon >= 0 && high.isEmpty() ? max : one(option, high, max, ports);
        if (from > to) {
            throw new RulesException(option + " \"" + text + "\": the range ends before it begins");
        }
        return new int[] {from, to};
    }

    private static int one(String option, String text, int max, boolean port) throws RulesException {
        return port ? port(option, text) : (int) number(option, text, 0, max);
    }

    /** Appends a range as one number when it is one. */
    public static void saveRange(StringBuilder out, int from, int to) {
        out.append(from);
        if (to != from) {
            out.append(':').append(to);
        }
    }

    /**
     * {@code value[/mask]}.
     *
     * @return value and mask, the latter all ones when not given
     */
    public static int[] masked(String option, String text) throws RulesException {
        int slash = text.indexOf('/');
        return new int[] {
            word(option, slash < 0 ? text : text.substring(0, slash)),
            slash < 0 ? -1 : word(option, text.substring(slash + 1))
        };
    }

    /** Appends {@code 0x5/0xff}, without the mask when that is all ones. */
    public static void saveMasked(StringBuilder out, int value, int mask) {
        out.append("0x").append(Integer.toHexString(value));
        if (mask != -1) {
            out.append("/0x").append(Integer.toHexString(mask));
        }
    }

    /** Appends {@code " !"} when inverted. */
    public static void saveInverted(StringBuilder out, boolean inverted) {
        if (inverted) {
            out.append(" !");
        }
    }

    /** Refuses an exclamation mark where there is no opposite. */
    public static void notInverted(String option, boolean inverted) throws RulesException {
        if (inverted) {
            throw new RulesException("option " + option + " cannot be inverted");
        }
    }
}
