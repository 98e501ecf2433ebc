package dev.doorbell.kernel.netfilter.match;

import dev.doorbell.kernel.netfilter.Packet;
import dev.doorbell.kernel.netfilter.RulesException;
import dev.doorbell.kernel.netfilter.Words;
import dev.doorbell.kernel.skb.SkBuff;

/** {@code -m pkttype}: to whom the link says the packet is addressed. */
record PacketTypeMatch(int type, boolean inverted) implements Match {
    private static final String[] NAMES = {"unicast", "broadcast", "multicast"};

    @Override
    public boolean matches(Packet packet) {
        int actual = packet.skb().packetType;
        if (packet.in() != null && packet.in().isLoopback()) {
            actual = isGroup(packet) ? SkBuff.PACKET_MULTICAST : SkBuff.PACKET_BROADCAST;
        }
        return (actual == type) != inverted;
    }

    /** As Linux: copies of what we sent to an IPv6 group or to all. */
    private static boolean isGroup(Packet packet) {
        return packet.isV6() || (int) packet.destinationLow() >>> 28 == 0xE;
    }

    @Override
    public void save(StringBuilder out) {
        out.append(" -m pkttype");
        Values.saveInverted(out, inverted);
        out.append(" --pkt-type ").append(NAMES[type]);
    }

    /** Reads --pkt-type. */
    static final class Builder implements MatchBuilder {
        private int type = -1;
        private boolean inverted;

        @Override
        public boolean option(String name, boolean invert, Words words) throws RulesException {
            if (!name.equals("--pkt-type")) {
                return false;
            }
            String text = words.argument(name);
            type = switch (text) {
                case "unicast", "host" -> SkBuff.PACKET_HOST;
                case "broadcast" -> SkBuff.PACKET_BROADCAST;
                case "multicast" -> SkBuff.PACKET_MULTICAST;
                default ->
                    throw new RulesException(name + " \"" + text + "\": must be unicast, broadcast or multicast");
            };
            inverted = invert;
            return true;
        }

        @Override
        public Match build(RuleHead head) throws RulesException {
            if (type < 0) {
                throw new RulesException("match pkttype needs --pkt-type");
            }
            return new PacketTypeMatch(type, inverted);
        }
    }
}
