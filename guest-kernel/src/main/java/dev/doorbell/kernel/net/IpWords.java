package dev.doorbell.kernel.net;

import dev.doorbell.bus.wire.Ipv4Address;
import dev.doorbell.bus.wire.MacAddress;
import dev.doorbell.kernel.netdev.NetCore;
import dev.doorbell.kernel.netdev.NetDevice;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The words of one {@code ip} command, taken one after the other. */
final class IpWords {
    /** Which version of IP a command is about. */
    enum Family {
        ANY,
        FOUR,
        SIX
    }

    /** Which routes a command is about. */
    enum Table {
        MAIN,
        LOCAL,
        ALL;

        /** For commands that change something: the table local follows from the addresses. */
        void mustBeMain() throws IpException {
            if (this == LOCAL) {
                throw new IpException("table local follows from the addresses of the interfaces: see ip addr");
            }
        }
    }

    /** A MAC address has colons, too. */
    private static final Pattern MAC = Pattern.compile("([0-9A-Fa-f]{1,2}:){5}[0-9A-Fa-f]{1,2}");

    private final List<String> words;
    private int at;
    private boolean brief;

    IpWords(String command) {
        words = List.of(command.strip().split("\\s+", -1));
    }

    boolean hasNext() {
        return at < words.size() && !words.get(at).isEmpty();
    }

    /** Takes the options in front of the object; what is not about the family is about the form of what is printed. */
    Family family() {
        Family family = Family.ANY;
        while (hasNext() && words.get(at).startsWith("-")) {
            switch (words.get(at++)) {
                case "-4" -> family = Family.FOUR;
                case "-6" -> family = Family.SIX;
                case "-f", "-family" -> {
                    boolean six = hasNext() && words.get(at).equals("inet6");
                    family = six ? Family.SIX : Family.FOUR;
                    at += hasNext() ? 1 : 0;
                }
                case "-br", "-brief" -> brief = true;
                default -> {}
            }
        }
        return family;
    }

    /** Of the options that {@link #family} took: one line for each interface is enough. */
    boolean isBrief() {
        return brief;
    }

    /** Whether one of the words to come is an IPv6 address or prefix. */
    boolean haveIpv6Address() {
        for (int i = at; i < words.size(); i++) {
            if (words.get(i).equals("label") || words.get(i).equals("dev")) {
                i++; // a name, which may be eth0:1
            } else if (words.get(i).indexOf(':') >= 0
                    && !MAC.matcher(words.get(i)).matches()) {
                return true;
            }
        }
        return false;
    }

    /** Whether two words to come follow each other. */
    boolean haveInOrder(String first, String second) {
        int found = words.lastIndexOf(first);
        return found >= at && found + 1 < words.size() && words.get(found + 1).equals(second);
    }

    /** The name of a table of routes: Linux knows more than there are here. */
    Table table() throws IpException {
        String table = next("the name of a table");
        return switch (table) {
            case "main", "254" -> Table.MAIN;
            case "local", "255" -> Table.LOCAL;
            case "all" -> Table.ALL;
            default -> throw new IpException("table \"" + table + "\": there are the tables main and local only");
        };
    }

    String next(String what) throws IpException {
        if (!hasNext()) {
            throw new IpException("the command ends where " + what + " must follow");
        }
        return words.get(at++);
    }

    /** Takes the word when it is next. */
    boolean skip(String word) {
        boolean found = hasNext() && words.get(at).equals(word);
        at += found ? 1 : 0;
        return found;
    }

    /** Nothing may follow what a command has taken. */
    void end() throws IpException {
        if (hasNext()) {
            throw new IpException("\"" + words.get(at) + "\": nothing more can follow here");
        }
    }

    /** The last words of a command: an interface, or none (null). */
    @Nullable
    NetDevice optionalDevice(NetCore net) throws IpException {
        if (!hasNext()) {
            return null;
        }
        skip("dev");
        NetDevice dev = device(net);
        end();
        return dev;
    }

    NetDevice device(NetCore net) throws IpException {
        String name = next("the name of an interface");
        NetDevice dev = net.deviceByName(name);
        if (dev == null) {
            throw new IpException("Cannot find device \"" + name + "\"");
        }
        return dev;
    }

    static int address(String text) throws IpException {
        try {
            return Ipv4Address.parse(text);
        } catch (IllegalArgumentException e) {
            throw new IpException("\"" + text + "\": must be an IPv4 address such as 192.168.7.2");
        }
    }

    /** An address with its prefix length; 32 when that is not given. */
    static int[] prefix(String text) throws IpException {
        if (text.equals("default") || text.equals("any") || text.equals("all")) {
            return new int[] {0, 0};
        }
        int slash = text.indexOf('/');
        int address = address(slash < 0 ? text : text.substring(0, slash));
        return new int[] {address, slash < 0 ? 32 : number("prefix length", text.substring(slash + 1), 0, 32)};
    }

    static int number(String what, String text, int min, int max) throws IpException {
        try {
            long value = Long.parseLong(text);
            if (value >= min && value <= max) {
                return (int) value;
            }
        } catch (NumberFormatException e) {
            // the message below is the same for both
        }
        throw new IpException(what + " \"" + text + "\": must be a number from " + min + " to " + max);
    }

    static long mac(String text) throws IpException {
        try {
            return MacAddress.parse(text);
        } catch (IllegalArgumentException e) {
            throw new IpException("lladdr \"" + text + "\": must be six octets such as 02:00:00:00:00:02");
        }
    }
}
