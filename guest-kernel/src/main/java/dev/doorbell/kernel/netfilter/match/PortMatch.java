package dev.doorbell.kernel.netfilter.match;

import dev.doorbell.bus.wire.IpProtocol;
import dev.doorbell.kernel.netfilter.Packet;
import dev.doorbell.kernel.netfilter.RulesException;
import dev.doorbell.kernel.netfilter.Words;

/** {@code -m udp}, and the ports of {@code -m tcp}: source and destination port ranges. */
final class PortMatch implements Match {
    private static final int MAX_PORT = 65_535, UDP_HEADER_BYTES = 8;
    private final int sourceFrom, sourceTo, destinationFrom, destinationTo;
    private final boolean sourceInverted, destinationInverted;

    PortMatch(Builder from) {
        sourceFrom = from.source[0];
        sourceTo = from.source[1];
        destinationFrom = from.destination[0];
        destinationTo = from.destination[1];
        sourceInverted = from.sourceInverted;
        destinationInverted = from.destinationInverted;
    }

    @Override
    public boolean matches(Packet packet) {
        if (!packet.hasTransport(UDP_HEADER_BYTES)) {
            return false;
        }
        return portsMatch(packet.u16(0), packet.u16(2));
    }

    boolean portsMatch(int source, int destination) {
        return (source >= sourceFrom && source <= sourceTo) != sourceInverted
                && (destination >= destinationFrom && destination <= destinationTo) != destinationInverted;
    }

    @Override
    public void save(StringBuilder out) {
        out.append(" -m udp");
        saveOptions(out);
    }

    void saveOptions(StringBuilder out) {
        saveRange(out, " --sport ", sourceFrom, sourceTo, sourceInverted);
        saveRange(out, " --dport ", destinationFrom, destinationTo, destinationInverted);
    }

    private static void saveRange(StringBuilder out, String option, int from, int to, boolean inverted) {
        if (from == 0 && to == MAX_PORT && !inverted) {
            return;
        }
        Values.saveInverted(out, inverted);
        out.append(option);
        Values.saveRange(out, from, to);
    }

    /** Reads --sport and --dport. */
    static final class Builder implements MatchBuilder {
        private int[] source = {0, MAX_PORT};
        private int[] destination = {0, MAX_PORT};
        private boolean sourceInverted, destinationInverted;

        @Override
        public boolean option(String name, boolean inverted, Words words) throws RulesException {
            switch (name) {
                case "--sport", "--source-port" -> {
                    source = Values.portRange(name, words.argument(name));
                    sourceInverted = inverted;
                }
                case "--dport", "--destination-port" -> {
                    destination = Values.portRange(name, words.argument(name));
                    destinationInverted = inverted;
                }
                default -> {
                    return false;
                }
            }
            return true;
        }

        @Override
        public Match build(RuleHead head) throws RulesException {
            if (!head.isFor(IpProtocol.UDP)) {
                throw new RulesException("match udp needs -p udp");
            }
            return new PortMatch(this);
        }
    }
}
