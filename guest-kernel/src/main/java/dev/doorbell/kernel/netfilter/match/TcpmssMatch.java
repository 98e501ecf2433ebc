package dev.doorbell.kernel.netfilter.match;

import dev.doorbell.bus.wire.IpProtocol;
import dev.doorbell.bus.wire.TcpHeader;
import dev.doorbell.kernel.netfilter.Packet;
import dev.doorbell.kernel.netfilter.RulesException;
import dev.doorbell.kernel.netfilter.Words;

/** {@code -m tcpmss}: what a segment says in its MSS option; without the option it does not match, and inverted it does. */
record TcpmssMatch(int min, int max, boolean inverted) implements Match {
    private static final int OPTION_BYTES = 4;

    @Override
    public boolean matches(Packet packet) {
        if (!packet.hasTransport(TcpHeader.MIN_LENGTH)) {
            return false;
        }
        int header = TcpOptionBytes.pullHeader(packet);
        if (header < 0) {
            packet.hotDrop();
            return false;
        }
        int at = TcpOptionBytes.find(packet, header, TcpHeader.OPTION_MSS, OPTION_BYTES);
        int mss = at < 0 ? -1 : packet.u16(at + 2);
        return (mss >= min && mss <= max) != inverted;
    }

    @Override
    public void save(StringBuilder out) {
        out.append(" -m tcpmss");
        Values.saveInverted(out, inverted);
        out.append(" --mss ");
        Values.saveRange(out, min, max);
    }

    /** Reads --mss. */
    static final class Builder implements MatchBuilder {
        private int[] range = {};
        private boolean inverted;

        @Override
        public boolean option(String name, boolean invert, Words words) throws RulesException {
            if (!name.equals("--mss")) {
                return false;
            }
            range = Values.numberRange(name, words.argument(name), 65_535);
            inverted = invert;
            return true;
        }

        @Override
        public Match build(RuleHead head) throws RulesException {
            if (range.length == 0) {
                throw new RulesException("match tcpmss needs --mss");
            }
            if (!head.isFor(IpProtocol.TCP)) {
                throw new RulesException("match tcpmss needs -p tcp");
            }
            return new TcpmssMatch(range[0], range[1], inverted);
        }
    }
}
