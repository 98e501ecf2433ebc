package dev.doorbell.kernel.netfilter.tables;

import dev.doorbell.kernel.netdev.NetDevice;
import dev.doorbell.kernel.netfilter.Packet;
import dev.doorbell.kernel.netfilter.match.Network;
import dev.doorbell.kernel.netfilter.match.Protocols;
import dev.doorbell.kernel.netfilter.match.Values;
import org.jspecify.annotations.Nullable;

/** What a rule asks about the IP header and the interfaces: {@code -s -d -i -o -p -f}. */
final class IpPart {
    private static final int ANY_FRAGMENT = 0, LATER_FRAGMENT = 1, NOT_LATER_FRAGMENT = 2;
    private final Network source, destination;
    private final boolean sourceInverted, destinationInverted, inInverted, outInverted, protocolInverted;
    private final String in, out;
    private final int protocol;
    private final int fragment;

    IpPart(RuleSpec spec, Network source, Network destination) {
        this.source = source;
        this.destination = destination;
        sourceInverted = spec.sourceInverted;
        destinationInverted = spec.destinationInverted;
        in = spec.in;
        inInverted = spec.inInverted;
        out = spec.out;
        outInverted = spec.outInverted;
        protocol = spec.protocol;
        protocolInverted = spec.protocolInverted;
        fragment = !spec.fragment ? ANY_FRAGMENT : spec.fragmentInverted ? NOT_LATER_FRAGMENT : LATER_FRAGMENT;
    }

    boolean matches(Packet packet) {
        if (source.matches(packet.sourceHigh(), packet.sourceLow()) == sourceInverted
                || destination.matches(packet.destinationHigh(), packet.destinationLow()) == destinationInverted
                || isInterface(in, packet.in()) == inInverted
                || isInterface(out, packet.out()) == outInverted) {
            return false;
        }
        if (protocol != 0) {
            if (packet.isBroken()) {
                packet.hotDrop();
                return false;
            }
            if ((packet.protocol() == protocol) == protocolInverted) {
                return false;
            }
        }
        return fragment == ANY_FRAGMENT || (packet.fragmentOffset() != 0) == (fragment == LATER_FRAGMENT);
    }

    /** @param name empty: any; with + at its end: all that begin so */
    private static boolean isInterface(String name, @Nullable NetDevice dev) {
        if (name.isEmpty()) {
            return true;
        }
        String actual = dev == null ? "" : dev.name();
        int last = name.length() - 1;
        return name.charAt(last) == '+' ? actual.regionMatches(0, name, 0, last) : actual.equals(name);
    }

    void save(StringBuilder text) {
        source.saveOption(text, " -s ", sourceInverted);
        destination.saveOption(text, " -d ", destinationInverted);
        saveInterface(text, " -i ", in, inInverted);
        saveInterface(text, " -o ", out, outInverted);
        if (protocol != 0) {
            Values.saveInverted(text, protocolInverted);
            text.append(" -p ").append(Protocols.name(protocol));
        }
        if (fragment != ANY_FRAGMENT) {
            Values.saveInverted(text, fragment == NOT_LATER_FRAGMENT);
            text.append(" -f");
        }
    }

    private static void saveInterface(StringBuilder text, String option, String name, boolean inverted) {
        if (name.isEmpty() || name.equals("+") && !inverted) {
            return;
        }
        Values.saveInverted(text, inverted);
        text.append(option).append(name);
    }
}
