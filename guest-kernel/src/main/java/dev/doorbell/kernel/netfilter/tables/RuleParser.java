package dev.doorbell.kernel.netfilter.tables;

import dev.doorbell.kernel.netfilter.IpFamily;
import dev.doorbell.kernel.netfilter.NetfilterHooks;
import dev.doorbell.kernel.netfilter.NetfilterHost;
import dev.doorbell.kernel.netfilter.NetfilterLog;
import dev.doorbell.kernel.netfilter.RulesException;
import dev.doorbell.kernel.netfilter.Words;
import dev.doorbell.kernel.netfilter.match.MatchBuilder;
import dev.doorbell.kernel.netfilter.match.Matches;
import dev.doorbell.kernel.netfilter.match.Network;
import dev.doorbell.kernel.netfilter.match.Protocols;
import dev.doorbell.kernel.netfilter.match.RecentTables;
import dev.doorbell.kernel.netfilter.match.Values;
import dev.doorbell.kernel.netfilter.nat.Nat;
import dev.doorbell.kernel.netfilter.target.TargetBuilder;
import dev.doorbell.kernel.netfilter.target.Targets;
import java.util.List;

/** Reads the options of one rule, in iptables' words. */
final class RuleParser {
    private static final int MAX_INTERFACE = 15;

    private final IpFamily family;
    private final NetfilterHost host;
    private final NetfilterLog log;
    private final Nat nat;
    private final RecentTables recent;

    RuleParser(IpFamily family, NetfilterHost host, NetfilterLog log, Nat nat, RecentTables recent) {
        this.family = family;
        this.host = host;
        this.log = log;
        this.nat = nat;
        this.recent = recent;
    }

    IpFamily family() {
        return family;
    }

    /**
     * Reads one.
     *
     * @param words behind the name of the chain
     * @return false: it says that it is of the other version of IP, and what follows that was not read
     */
    boolean parse(RuleSpec spec, Words words) throws RulesException {
        boolean inverted = false;
        while (words.hasNext()) {
            String word = words.next();
            if (word.equals("!")) {
                if (inverted) {
                    throw new RulesException("two exclamation marks in a row");
                }
                inverted = true;
                continue;
            }
            if (!word.startsWith("-")) {
                throw new RulesException("\"" + word + "\": an option was expected here");
            }
            if (word.equals(otherVersion(false)) || word.equals(otherVersion(true))) {
                return false;
            }
            boolean known = own(spec, word, inverted, words) || foreign(spec, word, inverted, words);
            if (!known) {
                throw new RulesException("unknown option " + word);
            }
            inverted = false;
        }
        if (inverted) {
            throw new RulesException("nothing follows the exclamation mark");
        }
        checkInterfaces(spec);
        return true;
    }

    /** The option of rules that a text for both programs has for the other one. */
    private String otherVersion(boolean written) {
        boolean v4 = family == IpFamily.V4;
        return written ? (v4 ? "--ipv6" : "--ipv4") : v4 ? "-6" : "-4";
    }

    /** Options of the rule itself. */
    private boolean own(RuleSpec spec, String option, boolean inverted, Words words) throws RulesException {
        switch (option) {
            case "-s", "--source", "--src" -> {
                networks(spec.sources, option, words.argument(option), inverted);
                spec.sourceInverted = inverted;
            }
            case "-d", "--destination", "--dst" -> {
                networks(spec.destinations, option, words.argument(option), inverted);
                spec.destinationInverted = inverted;
            }
            case "-i", "--in-interface" -> {
                once(option, spec.in.isEmpty());
                spec.in = interfaceName(option, words.argument(option));
                spec.inInverted = inverted;
            }
            case "-o", "--out-interface" -> {
                once(option, spec.out.isEmpty());
                spec.out = interfaceName(option, words.argument(option));
                spec.outInverted = inverted;
            }
            case "-p", "--protocol", "--proto" -> {
                once(option, !spec.protocolGiven);
                spec.protocolGiven = true;
                spec.protocol = Protocols.parse(option, words.argument(option));
                spec.protocolInverted = inverted;
                if (spec.protocol == 0 && inverted) {
                    throw new RulesException(option + ": no packet is of no protocol");
                }
            }
            case "-f", "--fragment" -> {
                if (family == IpFamily.V6) {
                    throw new RulesException(option + ": only with IPv4; tracked fragments are joined before any rule");
                }
                spec.fragment = true;
                spec.fragmentInverted = inverted;
            }
            case "-m", "--match" -> {
                Values.notInverted(option, inverted);
                addMatch(spec, words.argument(option));
            }
            case "-j", "--jump", "-g", "--goto" -> {
                Values.notInverted(option, inverted);
                jump(spec, option, words.argument(option));
            }
            case "-c", "--set-counters" -> {
                Values.notInverted(option, inverted);
                String packets = words.argument(option);
                int comma = packets.indexOf(',');
                String bytes = comma < 0 ? words.argument(option) : packets.substring(comma + 1);
                spec.packets =
                        Values.number(option, comma < 0 ? packets : packets.substring(0, comma), 0, Long.MAX_VALUE);
                spec.bytes = Values.number(option, bytes, 0, Long.MAX_VALUE);
            }
            case "-4", "--ipv4", "-6", "--ipv6" -> Values.notInverted(option, inverted);
            default -> {
                return false;
            }
        }
        return true;
    }

    private void networks(List<Network> into, String option, String list, boolean inverted) throws RulesException {
        once(option, into.isEmpty());
        for (String one : list.split(",", -1)) {
            into.add(Network.parse(family, option, one));
        }
        if (inverted && into.size() > 1) {
            throw new RulesException(option + ": an exclamation mark goes with one address only");
        }
    }

    private static void once(String option, boolean first) throws RulesException {
        if (!first) {
            throw new RulesException(option + ": only once");
        }
    }

    private static String interfaceName(String option, String name) throws RulesException {
        if (name.isEmpty() || name.length() > MAX_INTERFACE || name.indexOf('/') >= 0 || name.indexOf(' ') >= 0) {
            throw new RulesException(
                    option + " \"" + name + "\": must be the name of an interface, up to 15 characters, or eth+");
        }
        return name;
    }

    private void addMatch(RuleSpec spec, String name) throws RulesException {
        spec.matches.add(Matches.builder(name, family, host, recent));
        spec.matchNames.add(name);
    }

    private void jump(RuleSpec spec, String option, String name) throws RulesException {
        if (!spec.jump.isEmpty()) {
            throw new RulesException(option + ": a rule has one target only");
        }
        if (name.isEmpty()) {
            throw new RulesException(option + " \"\": must name a target or a chain");
        }
        spec.jump = name;
        spec.isGoto = option.equals("-g") || option.equals("--goto");
        spec.target = spec.isGoto ? null : Targets.builder(name, family, host, log, nat);
    }

    /** Options of the target or of a match, the one named last first; or of the protocol's own match. */
    private boolean foreign(RuleSpec spec, String option, boolean inverted, Words words) throws RulesException {
        TargetBuilder target = spec.target;
        if (target != null && target.option(option, inverted, words)) {
            return true;
        }
        for (int i = spec.matches.size() - 1; i >= 0; i--) {
            MatchBuilder match = spec.matches.get(i);
            if (match.option(option, inverted, words)) {
                return true;
            }
        }
        String implied = spec.protocolInverted ? null : Matches.ofProtocol(spec.protocol, family);
        if (implied == null || spec.matchNames.contains(implied)) {
            return false;
        }
        MatchBuilder match = Matches.builder(implied, family, host, recent);
        if (!match.option(option, inverted, words)) {
            return false;
        }
        spec.matches.add(match);
        spec.matchNames.add(implied);
        return true;
    }

    private static void checkInterfaces(RuleSpec spec) throws RulesException {
        int hook = spec.chain.hook();
        if (!spec.in.isEmpty() && (hook == NetfilterHooks.LOCAL_OUT || hook == NetfilterHooks.POST_ROUTING)) {
            throw new RulesException("-i cannot be used in " + spec.chain.name());
        }
        if (!spec.out.isEmpty() && (hook == NetfilterHooks.PRE_ROUTING || hook == NetfilterHooks.LOCAL_IN)) {
            throw new RulesException("-o cannot be used in " + spec.chain.name());
        }
    }
}
