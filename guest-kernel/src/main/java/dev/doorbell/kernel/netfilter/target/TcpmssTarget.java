package dev.doorbell.kernel.netfilter.target;

import dev.doorbell.bus.mem.GuestMemory;
import dev.doorbell.bus.wire.InternetChecksum;
import dev.doorbell.bus.wire.IpProtocol;
import dev.doorbell.bus.wire.Ipv4Header;
import dev.doorbell.bus.wire.Ipv6Header;
import dev.doorbell.bus.wire.TcpHeader;
import dev.doorbell.kernel.netfilter.NetfilterHooks;
import dev.doorbell.kernel.netfilter.NetfilterHost;
import dev.doorbell.kernel.netfilter.Packet;
import dev.doorbell.kernel.netfilter.RulesException;
import dev.doorbell.kernel.netfilter.Words;
import dev.doorbell.kernel.netfilter.match.RuleHead;
import dev.doorbell.kernel.netfilter.match.TcpOptionBytes;
import dev.doorbell.kernel.netfilter.match.Values;
import dev.doorbell.kernel.skb.SkBuff;

/**
 * {@code -j TCPMSS}: lowers the MSS that a SYN offers, for paths whose errors about long packets get lost. Never raises
 * it. A SYN without the option gets one, with what its absence means (536, IPv6 1220) as the most.
 */
final class TcpmssTarget implements Target {
    private static final int CLAMP = 0xFFFF, OPTION_BYTES = 4, FULL_HEADER = 60;
    private static final int DEFAULT_MSS4 = 536, DEFAULT_MSS6 = 1220;

    private final NetfilterHost host;
    private final int mss;
    private final Ipv4Header ip = new Ipv4Header();
    private final Ipv6Header ip6 = new Ipv6Header();

    /** @param mss CLAMP: by the MTU of the way there, or of the way back when that is smaller */
    private TcpmssTarget(NetfilterHost host, int mss) {
        this.host = host;
        this.mss = mss;
    }

    @Override
    public Result apply(Packet packet) {
        if (packet.fragmentOffset() != 0) {
            return Result.CONTINUE;
        }
        SkBuff skb = packet.skb();
        if (!packet.pull(TcpHeader.MIN_LENGTH)) {
            return Result.DROP;
        }
        int header = TcpOptionBytes.pullHeader(packet);
        if (header < 0 || !skb.cow(0) || !packet.reload()) {
            return Result.DROP;
        }
        int wanted = mss == CLAMP ? clamped(packet) : mss;
        if (mss == CLAMP && wanted <= 0) {
            return Result.DROP; // as Linux: no segment fits such a path
        }
        int option = TcpOptionBytes.find(packet, header, TcpHeader.OPTION_MSS, OPTION_BYTES);
        if (option >= 0) {
            lower(packet, option + 2, wanted);
            return Result.CONTINUE;
        }
        if (packet.transportLength() > header || header == FULL_HEADER) {
            return Result.CONTINUE; // data behind the header would have to move, or no room is left
        }
        return insert(packet, header, Math.min(wanted, packet.isV6() ? DEFAULT_MSS6 : DEFAULT_MSS4))
                ? Result.CONTINUE
                : Result.DROP;
    }

    private int clamped(Packet packet) {
        int there = host.mtuOf(packet.skb());
        int back = host.mtuTo(packet.sourceHigh(), packet.sourceLow());
        int headers = (packet.isV6() ? Ipv6Header.LENGTH : Ipv4Header.MIN_LENGTH) + TcpHeader.MIN_LENGTH;
        return Math.min(there, back) - headers;
    }

    private static void lower(Packet packet, int at, int wanted) {
        int before = packet.u16(at);
        if (before > wanted) {
            put16(packet, at, wanted);
            // At an odd place in the header the two bytes are in two words of the sum.
            boolean odd = (at & 1) != 0;
            updateChecksum(packet, odd ? swapped(before) : before, odd ? swapped(wanted) : wanted);
        }
    }

    private static int swapped(int word) {
        return (word << 8 | word >>> 8) & 0xFFFF;
    }

    /** The option goes in front of the others. */
    private boolean insert(Packet packet, int header, int value) {
        SkBuff skb = packet.skb();
        if (!skb.makeTailroom(OPTION_BYTES)) {
            return false;
        }
        int bytes = packet.transportLength();
        skb.put(OPTION_BYTES);
        packet.reload();
        GuestMemory memory = skb.memory();
        for (int at = header - 1; at >= TcpHeader.MIN_LENGTH; at--) {
            memory.writeByte(packet.transport() + at + OPTION_BYTES, memory.readByte(packet.transport() + at));
        }
        put16(packet, TcpHeader.MIN_LENGTH, TcpHeader.OPTION_MSS << 8 | OPTION_BYTES);
        put16(packet, TcpHeader.MIN_LENGTH + 2, value);
        int offsetAndFlags = packet.u16(12);
        put16(packet, 12, offsetAndFlags + (OPTION_BYTES >> 2 << 12));
        updateLengths(packet, bytes);
        updateChecksum(packet, 0, TcpHeader.OPTION_MSS << 8 | OPTION_BYTES);
        updateChecksum(packet, 0, value);
        updateChecksum(packet, offsetAndFlags, packet.u16(12));
        return true;
    }

    /** The packet has grown: what IP says, and the pseudo header with it. */
    private void updateLengths(Packet packet, int bytes) {
        SkBuff skb = packet.skb();
        if (packet.isV6()) {
            ip6.wrap(skb.memory(), skb.data(), skb.headLength());
            ip6.payloadLength(ip6.payloadLength() + OPTION_BYTES);
        } else {
            ip.wrap(skb.memory(), skb.data(), skb.headLength());
            int before = ip.totalLength();
            ip.totalLength(before + OPTION_BYTES);
            ip.checksum(InternetChecksum.update16(ip.checksum(), before, before + OPTION_BYTES));
        }
        int sum = packet.u16(TcpHeader.CHECKSUM_OFFSET);
        boolean partial = skb.ipSummed == SkBuff.CHECKSUM_PARTIAL;
        int updated = InternetChecksum.update16(partial ? ~sum & 0xFFFF : sum, bytes, bytes + OPTION_BYTES);
        put16(packet, TcpHeader.CHECKSUM_OFFSET, partial ? ~updated & 0xFFFF : updated);
    }

    private static void updateChecksum(Packet packet, int before, int after) {
        SkBuff skb = packet.skb();
        if (skb.ipSummed == SkBuff.CHECKSUM_PARTIAL) {
            return; // the card sums the header up
        }
        int sum = packet.u16(TcpHeader.CHECKSUM_OFFSET);
        put16(packet, TcpHeader.CHECKSUM_OFFSET, InternetChecksum.update16(sum, before, after));
        if (skb.ipSummed == SkBuff.CHECKSUM_COMPLETE) {
            skb.ipSummed = SkBuff.CHECKSUM_NONE;
        }
    }

    private static void put16(Packet packet, int offset, int value) {
        packet.skb().memory().writeShort(packet.transport() + offset, Short.reverseBytes((short) value));
    }

    @Override
    public void save(StringBuilder out) {
        out.append(" -j TCPMSS ");
        if (mss == CLAMP) {
            out.append("--clamp-mss-to-pmtu");
        } else {
            out.append("--set-mss ").append(mss);
        }
    }

    /** Reads one of the two options. */
    static final class Builder implements TargetBuilder {
        private static final int NOT_GIVEN = -1;

        private final NetfilterHost host;
        private int mss = NOT_GIVEN;

        Builder(NetfilterHost host) {
            this.host = host;
        }

        @Override
        public boolean option(String name, boolean inverted, Words words) throws RulesException {
            boolean sets = name.equals("--set-mss");
            if (!sets && !name.equals("--clamp-mss-to-pmtu")) {
                return false;
            }
            Values.notInverted(name, inverted);
            if (mss != NOT_GIVEN) {
                throw new RulesException("-j TCPMSS: only one of --set-mss and --clamp-mss-to-pmtu");
            }
            mss = sets ? (int) Values.number(name, words.argument(name), 0, CLAMP - 1) : CLAMP;
            return true;
        }

        @Override
        public Target build(RuleHead head) throws RulesException {
            if (mss == NOT_GIVEN) {
                throw new RulesException("-j TCPMSS needs --set-mss or --clamp-mss-to-pmtu");
            }
            if (!head.isFor(IpProtocol.TCP) || !head.synOnly()) {
                throw new RulesException("-j TCPMSS: only for SYNs, with -p tcp --tcp-flags SYN,RST SYN");
            }
            if (mss == CLAMP) {
                Places.requireHook(
                        "TCPMSS --clamp-mss-to-pmtu",
                        head,
                        NetfilterHooks.FORWARD,
                        NetfilterHooks.LOCAL_OUT,
                        NetfilterHooks.POST_ROUTING);
            }
            return new TcpmssTarget(host, mss);
        }
    }
}
