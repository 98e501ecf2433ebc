package dev.doorbell.kernel.netfilter.match;

import dev.doorbell.bus.wire.TcpHeader;
import dev.doorbell.kernel.netfilter.Packet;

/**
 * The options in a packet's TCP header, which {@link #pullHeader} made readable. Hostile lengths end the search, late
 * at worst.
 */
public final class TcpOptionBytes {
    private TcpOptionBytes() {}

    /** Makes the whole TCP header readable, of which the fixed part is. @return its bytes; -1: it is none, or not all there */
    public static int pullHeader(Packet packet) {
        int header = packet.u8(12) >>> 4 << 2;
        return header >= TcpHeader.MIN_LENGTH && packet.pull(header) ? header : -1;
    }

    /**
     * @param header bytes of the TCP header
     * @param wanted kind of option
     * @param bytes what its length must say; 0: anything
     * @return where it begins in the TCP header, with that many bytes there; -1: there is none
     */
    public static int find(Packet packet, int header, int wanted, int bytes) {
        for (int at = TcpHeader.MIN_LENGTH; at < header; ) {
            int kind = packet.u8(at);
            int length = kind <= TcpHeader.OPTION_NOP || at + 1 >= header ? 1 : packet.u8(at + 1);
            if (kind == wanted && (bytes == 0 || length == bytes && at + bytes <= header)) {
                return at;
            }
            at += Math.max(1, length);
        }
        return -1;
    }
}
