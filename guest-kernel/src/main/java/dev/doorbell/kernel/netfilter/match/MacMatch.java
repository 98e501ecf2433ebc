package dev.doorbell.kernel.netfilter.match;

import dev.doorbell.bus.wire.EthernetHeader;
import dev.doorbell.bus.wire.MacAddress;
import dev.doorbell.kernel.netfilter.NetfilterHooks;
import dev.doorbell.kernel.netfilter.Packet;
import dev.doorbell.kernel.netfilter.RulesException;
import dev.doorbell.kernel.netfilter.Words;
import dev.doorbell.kernel.skb.SkBuff;

/** {@code -m mac}: the Ethernet source address of what came in. */
final class MacMatch implements Match {
    private final long address;
    private final boolean inverted;
    private final EthernetHeader ethernet = new EthernetHeader();

    private MacMatch(long address, boolean inverted) {
        this.address = address;
        this.inverted = inverted;
    }

    @Override
    public boolean matches(Packet packet) {
        SkBuff skb = packet.skb();
        if (packet.in() == null
                || packet.in().isLoopback()
                || skb.macHeader < skb.headGpa()
                || skb.macHeader + EthernetHeader.LENGTH > skb.tail()) {
            return false;
        }
        ethernet.wrap(skb.memory(), skb.macHeader, EthernetHeader.LENGTH);
        return (ethernet.source() == address) != inverted;
    }

    @Override
    public void save(StringBuilder out) {
        out.append(" -m mac");
        Values.saveInverted(out, inverted);
        out.append(" --mac-source ").append(MacAddress.format(address));
    }

    /** Reads --mac-source. */
    static final class Builder implements MatchBuilder {
        private long address = -1;
        private boolean inverted;

        @Override
        public boolean option(String name, boolean invert, Words words) throws RulesException {
            if (!name.equals("--mac-source")) {
                return false;
            }
            String text = words.argument(name);
            try {
                address = MacAddress.parse(text);
            } catch (IllegalArgumentException e) {
                throw new RulesException(name + " \"" + text + "\": must be six octets such as 02:00:00:00:00:02");
            }
            inverted = invert;
            return true;
        }

        @Override
        public Match build(RuleHead head) throws RulesException {
            if (address < 0) {
                throw new RulesException("match mac needs --mac-source");
            }
            boolean received = head.hook() != NetfilterHooks.LOCAL_OUT && head.hook() != NetfilterHooks.POST_ROUTING;
            if (!received) {
                throw new RulesException(
                        "match mac works in PREROUTING, INPUT and FORWARD only, not in " + head.chain());
            }
            return new MacMatch(address, inverted);
        }
    }
}
