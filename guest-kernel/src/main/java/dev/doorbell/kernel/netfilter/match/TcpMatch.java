package dev.doorbell.kernel.netfilter.match;

import dev.doorbell.bus.wire.IpProtocol;
import dev.doorbell.bus.wire.TcpHeader;
import dev.doorbell.kernel.netfilter.Packet;
import dev.doorbell.kernel.netfilter.RulesException;
import dev.doorbell.kernel.netfilter.Words;

/** {@code -m tcp}: ports, flags, presence of an option. */
final class TcpMatch implements Match {
    /** RFC 3128: a first fragment that ends inside the TCP header, or a second that begins there, is an attack. */
    private static final int TINY_OFFSET = 8;

    private static final int FLAGS_AT = 13;

    private final PortMatch ports;
    private final int flagMask, flagValue;
    private final boolean flagsInverted;
    private final int option;
    private final boolean optionInverted;

    private TcpMatch(Builder from) {
        ports = new PortMatch(from.ports);
        flagMask = from.flagMask;
        flagValue = from.flagValue;
        flagsInverted = from.flagsInverted;
        option = from.option;
        optionInverted = from.optionInverted;
    }

    @Override
    public boolean matches(Packet packet) {
        if (packet.fragmentOffset() != 0) {
            if (packet.fragmentOffset() == TINY_OFFSET) {
                packet.hotDrop();
            }
            return false;
        }
        if (!packet.pull(TcpHeader.MIN_LENGTH)) {
            packet.hotDrop();
            return false;
        }
        if (!ports.portsMatch(packet.u16(0), packet.u16(2))
                || ((packet.u8(FLAGS_AT) & flagMask) == flagValue) == flagsInverted) {
            return false;
        }
        return option == 0 || hasOption(packet) != optionInverted && !packet.isHotDrop();
    }

    private boolean hasOption(Packet packet) {
        int header = TcpOptionBytes.pullHeader(packet);
        if (header < 0) {
            packet.hotDrop();
            return false;
        }
        return TcpOptionBytes.find(packet, header, option, 0) >= 0;
    }

    @Override
    public void save(StringBuilder out) {
        out.append(" -m tcp");
        ports.saveOptions(out);
        if (option != 0) {
            Values.saveInverted(out, optionInverted);
            out.append(" --tcp-option ").append(option);
        }
        if (flagMask != 0 || flagsInverted) {
            Values.saveInverted(out, flagsInverted);
            out.append(" --tcp-flags ");
            TcpFlags.save(out, flagMask);
            out.append(' ');
            TcpFlags.save(out, flagValue);
        }
    }

    /** Reads the options. */
    static final class Builder implements MatchBuilder {
        private final PortMatch.Builder ports = new PortMatch.Builder();
        private int flagMask, flagValue;
        private boolean flagsInverted;
        private int option;
        private boolean optionInverted;

        @Override
        public boolean option(String name, boolean inverted, Words words) throws RulesException {
            switch (name) {
                case "--tcp-flags" -> {
                    flagMask = TcpFlags.parse(name, words.argument(name));
                    flagValue = TcpFlags.parse(name, words.argument(name));
                    flagsInverted = inverted;
                }
                case "--syn" -> {
                    flagMask = TcpHeader.SYN | TcpHeader.RST | TcpHeader.ACK | TcpHeader.FIN;
                    flagValue = TcpHeader.SYN;
                    flagsInverted = inverted;
                }
                case "--tcp-option" -> {
                    option = (int) Values.number(name, words.argument(name), 1, 255);
                    optionInverted = inverted;
                }
                default -> {
                    return ports.option(name, inverted, words);
                }
            }
            return true;
        }

        @Override
        public boolean isSynOnly() {
            return (flagValue & flagMask & TcpHeader.SYN) != 0 && !flagsInverted;
        }

        @Override
        public Match build(RuleHead head) throws RulesException {
            if (!head.isFor(IpProtocol.TCP)) {
                throw new RulesException("match tcp needs -p tcp");
            }
            return new TcpMatch(this);
        }
    }
}
