package dev.doorbell.kernel.netfilter.match;

import dev.doorbell.kernel.core.KernelContext;
import dev.doorbell.kernel.netfilter.IpFamily;
import dev.doorbell.kernel.netfilter.RulesException;
import dev.doorbell.kernel.netfilter.Words;
import dev.doorbell.kernel.netfilter.conntrack.Connection;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The options of {@code -m conntrack}: read, kept and printed here. */
final class ConntrackOptions implements MatchBuilder {
    /** Bits of status that can be asked for, as they are printed. */
    private static final String[] STATUS_NAMES = {"EXPECTED", "SEEN_REPLY", "ASSURED", "CONFIRMED"};

    private static final String[] NETWORK_OPTIONS = {"--ctorigsrc", "--ctorigdst", "--ctreplsrc", "--ctrepldst"};
    private static final String[] PORT_OPTIONS = {
        "--ctorigsrcport", "--ctorigdstport", "--ctreplsrcport", "--ctrepldstport"
    };
    private static final int ALL_STATES = StateMatch.INVALID
            | StateMatch.NEW
            | StateMatch.RELATED
            | StateMatch.ESTABLISHED
            | StateMatch.UNTRACKED
            | StateMatch.SNAT
            | StateMatch.DNAT;

    /** Addresses of one field of a tuple. */
    record Hosts(@Nullable Network network, boolean inverted) {
        static final Hosts ANY = new Hosts(null, false);

        boolean matches(long high, long low) {
            return network == null || network.matches(high, low) != inverted;
        }
    }

    /** Ports of one field of a tuple. */
    record Ports(int from, int to, boolean inverted, boolean given) {
        static final Ports ANY = new Ports(0, 0, false, false);

        boolean matches(int port) {
            return !given || (port >= from && port <= to) != inverted;
        }
    }

    private final IpFamily family;
    private final KernelContext kernel;
    int states;
    boolean statesInverted;
    int protocol = -1;
    boolean protocolInverted;
    final Hosts[] hosts = {Hosts.ANY, Hosts.ANY, Hosts.ANY, Hosts.ANY};
    final Ports[] ports = {Ports.ANY, Ports.ANY, Ports.ANY, Ports.ANY};
    boolean hasStatus;
    int status;
    boolean statusInverted;
    /** Seconds left, first and last; empty: any. */
    long[] expires = {};

    boolean expiresInverted;
    int direction = -1;

    ConntrackOptions(IpFamily family, KernelContext kernel) {
        this.family = family;
        this.kernel = kernel;
    }

    boolean hasPorts() {
        return ports[0].given || ports[1].given || ports[2].given || ports[3].given;
    }

    @Override
    public boolean option(String name, boolean inverted, Words words) throws RulesException {
        int network = List.of(NETWORK_OPTIONS).indexOf(name);
        if (network >= 0) {
            hosts[network] = new Hosts(Network.parse(family, name, words.argument(name)), inverted);
            return true;
        }
        int port = List.of(PORT_OPTIONS).indexOf(name);
        if (port >= 0) {
            int[] value = Values.portRange(name, words.argument(name));
            ports[port] = new Ports(value[0], value[1], inverted, true);
            return true;
        }
        switch (name) {
            case "--ctstate" -> {
                states = StateMatch.parseStates(name, words.argument(name), ALL_STATES);
                statesInverted = inverted;
            }
            case "--ctproto" -> {
                protocol = Protocols.parse(name, words.argument(name));
                protocolInverted = inverted;
                if (protocol == 0 && inverted) {
                    throw new RulesException("--ctproto: no packet is of no protocol");
                }
            }
            case "--ctstatus" -> {
                status = parseStatus(words.argument(name));
                hasStatus = true;
                statusInverted = inverted;
            }
            case "--ctexpire" -> {
                expires = parseSeconds(name, words.argument(name));
                expiresInverted = inverted;
            }
            case "--ctdir" -> {
                Values.notInverted(name, inverted);
                direction = parseDirection(words.argument(name));
            }
            default -> {
                return false;
            }
        }
        return true;
    }

    private static int parseStatus(String text) throws RulesException {
        int bits = 0;
        for (String word : text.split(",", -1)) {
            int bit = -1;
            for (int i = 0; i < STATUS_NAMES.length; i++) {
                bit = STATUS_NAMES[i].equalsIgnoreCase(word) ? 1 << i : bit;
            }
            bit = word.equalsIgnoreCase("NONE") ? 0 : bit;
            if (bit < 0) {
                throw new RulesException(
                        "--ctstatus \"" + word + "\": must be of NONE, " + String.join(", ", STATUS_NAMES));
            }
            bits |= bit;
        }
        return bits;
    }

    private static long[] parseSeconds(String option, String text) throws RulesException {
        int colon = text.indexOf(':');
        long from = Values.number(option, colon < 0 ? text : text.substring(0, colon), 0, 0xFFFF_FFFFL);
        long to = colon < 0 ? from : Values.number(option, text.substring(colon + 1), 0, 0xFFFF_FFFFL);
        return new long[] {from, to};
    }

    private static int parseDirection(String text) throws RulesException {
        return switch (text.toUpperCase(Locale.ROOT)) {
            case "ORIGINAL" -> Connection.ORIGINAL;
            case "REPLY" -> Connection.REPLY;
            default -> throw new RulesException("--ctdir \"" + text + "\": must be ORIGINAL or REPLY");
        };
    }

    @Override
    public Match build(RuleHead head) throws RulesException {
        if (!hasStatus && states == 0 && isEmpty()) {
            throw new RulesException("match conntrack needs at least one option, such as --ctstate");
        }
        return new ConntrackMatch(this, kernel);
    }

    private boolean isEmpty() {
        boolean tuples = hasPorts() || protocol >= 0;
        for (Hosts one : hosts) {
            tuples |= one.network != null;
        }
        return !tuples && expires.length == 0 && direction < 0;
    }

    void save(StringBuilder out) {
        out.append(" -m conntrack");
        if (states != 0) {
            Values.saveInverted(out, statesInverted);
            out.append(" --ctstate ");
            StateMatch.saveStates(out, states);
        }
        if (protocol >= 0) {
            Values.saveInverted(out, protocolInverted);
            out.append(" --ctproto ").append(protocol);
        }
        for (int i = 0; i < hosts.length; i++) {
            Network network = hosts[i].network;
            if (network != null) {
                Values.saveInverted(out, hosts[i].inverted);
                out.append(' ').append(NETWORK_OPTIONS[i]).append(' ');
                network.save(out, false);
            }
        }
        for (int i = 0; i < ports.length; i++) {
            if (ports[i].given) {
                Values.saveInverted(out, ports[i].inverted);
                out.append(' ').append(PORT_OPTIONS[i]).append(' ');
                Values.saveRange(out, ports[i].from, ports[i].to);
            }
        }
        if (hasStatus) {
            Values.saveInverted(out, statusInverted);
            out.append(" --ctstatus ");
            saveStatus(out);
        }
        if (expires.length != 0) {
            Values.saveInverted(out, expiresInverted);
            out.append(" --ctexpire ").append(expires[0]);
            if (expires[1] != expires[0]) {
                out.append(':').append(expires[1]);
            }
        }
        if (direction >= 0) {
            out.append(" --ctdir ").append(direction == Connection.ORIGINAL ? "ORIGINAL" : "REPLY");
        }
    }

    private void saveStatus(StringBuilder out) {
        if (status == 0) {
            out.append("NONE");
            return;
        }
        String separator = "";
        for (int i = 0; i < STATUS_NAMES.length; i++) {
            if ((status & 1 << i) != 0) {
                out.append(separator).append(STATUS_NAMES[i]);
                separator = ",";
            }
        }
    }
}
