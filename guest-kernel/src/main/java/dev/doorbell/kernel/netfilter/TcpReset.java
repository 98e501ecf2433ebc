package dev.doorbell.kernel.netfilter;

import dev.doorbell.bus.mem.GuestMemory;
import dev.doorbell.bus.wire.InternetChecksum;
import dev.doorbell.bus.wire.TcpHeader;
import dev.doorbell.kernel.skb.SkBuff;
import dev.doorbell.kernel.skb.SkbChecksum;

/** The reset that answers a refused TCP segment, RFC 9293 §3.5.2, for either version of IP. */
public final class TcpReset {
    private final TcpHeader tcp = new TcpHeader();
    private final TcpHeader answer = new TcpHeader();
    private int length;

    /**
     * Reads the segment.
     *
     * @param header bytes in front of its TCP header, all linear with {@link TcpHeader#MIN_LENGTH} more
     * @param pseudo sum of its pseudo header
     * @param verify whether the checksum must be right
     * @return false: it is not answered
     */
    public boolean read(SkBuff skb, int header, long pseudo, boolean verify) {
        length = skb.length() - header;
        tcp.wrap(skb.memory(), skb.data() + header, length);
        if (!tcp.isValid() || tcp.isRst()) {
            return false;
        }
        return !verify
                || SkbChecksum.isUnnecessary(skb)
                || InternetChecksum.fold(SkbChecksum.sum(skb, header, length, pseudo)) == 0;
    }

    /**
     * Writes the answer to what was read.
     *
     * @param at where its {@link TcpHeader#MIN_LENGTH} bytes go
     * @param pseudo sum of its pseudo header
     */
    public void write(GuestMemory memory, long at, long pseudo) {
        boolean acknowledges = !tcp.isAck();
        int consumed = length - tcp.headerLength() + (tcp.isSyn() ? 1 : 0) + (tcp.isFin() ? 1 : 0);
        answer.wrap(memory, at, TcpHeader.MIN_LENGTH)
                .sourcePort(tcp.destinationPort())
                .destinationPort(tcp.sourcePort())
                .sequence(acknowledges ? 0 : tcp.acknowledgment())
                .acknowledgment(acknowledges ? tcp.sequence() + consumed : 0)
                .headerLengthAndFlags(
                        TcpHeader.MIN_LENGTH, acknowledges ? TcpHeader.RST | TcpHeader.ACK : TcpHeader.RST)
                .window(0)
                .urgentPointer(0)
                .checksum(0);
        answer.checksum(InternetChecksum.fold(InternetChecksum.sum(memory, at, TcpHeader.MIN_LENGTH, pseudo)));
    }
}
