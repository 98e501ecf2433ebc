package dev.doorbell.kernel.inet;

import static dev.doorbell.kernel.socket.SocketConstants.*;

import dev.doorbell.bus.mem.GuestMemory;
import dev.doorbell.bus.wire.IpProtocol;
import dev.doorbell.bus.wire.Ipv4Header;
import dev.doorbell.bus.wire.Ipv6Header;
import dev.doorbell.kernel.ipv4.SendOptions;
import dev.doorbell.kernel.skb.SkBuff;
import dev.doorbell.kernel.socket.HeaderList;
import java.nio.ByteBuffer;

/**
 * What of a received datagram's IP header an application wants to see: extension headers as they came (RFC 3542 §4), IPv4
 * options as they came (IP_RECVOPTS) and as an answer would carry them (IP_RETOPTS).
 */
final class ReceivedHeaders {
    private static final int NEXT_HEADER_AT = 6, FRAGMENT_BYTES = 8, UNIT_BYTES = 8;

    private ReceivedHeaders() {}

    /** Hop-by-hop options, then destination options and routing headers in the order of the packet. */
    static void ipv6(SkBuff skb, Ipv6Options wanted, HeaderList into) {
        if (!wanted.receiveHopOptions && !wanted.receiveDestinationOptions && !wanted.receiveRouting) {
            return;
        }
        GuestMemory memory = skb.memory();
        int next = memory.readByte(skb.networkHeader + NEXT_HEADER_AT) & 0xFF;
        long at = skb.networkHeader + Ipv6Header.LENGTH;
        while (at < skb.transportHeader) {
            int type;
            boolean shown;
            switch (next) {
                case IpProtocol.HOP_BY_HOP -> {
                    type = IPV6_HOPOPTS;
                    shown = wanted.receiveHopOptions;
                }
                case IpProtocol.DESTINATION_OPTIONS -> {
                    type = IPV6_DSTOPTS;
                    shown = wanted.receiveDestinationOptions;
                }
                case IpProtocol.IPV6_ROUTING -> {
                    type = IPV6_RTHDR;
                    shown = wanted.receiveRouting;
                }
                case IpProtocol.IPV6_FRAGMENT -> {
                    type = 0;
                    shown = false;
                }
                default -> {
                    return;
                }
            }
            int units = (memory.readByte(at + 1) & 0xFF) + 1;
            int length = next == IpProtocol.IPV6_FRAGMENT ? FRAGMENT_BYTES : units * UNIT_BYTES;
            if (at + length > skb.transportHeader) {
                return;
            }
            if (shown) {
                into.add(SOL_IPV6, type, memory, at, length);
            }
            next = memory.readByte(at) & 0xFF;
            at += length;
        }
    }

    static void ipv4(SkBuff skb, InetSock sock, int headerLength, HeaderList into) {
        if (headerLength <= Ipv4Header.MIN_LENGTH) {
            return;
        }
        if (sock.receiveOptions) {
            long options = skb.networkHeader + Ipv4Header.MIN_LENGTH;
            into.add(SOL_IP, IP_RECVOPTS, skb.memory(), options, headerLength - Ipv4Header.MIN_LENGTH);
        }
        if (sock.receiveAnswerOptions) {
            SendOptions answer = new SendOptions();
            if (answer.echo(skb.memory(), skb.networkHeader, headerLength, sock.ipv4()::mayStamp)) {
                ByteBuffer bytes = ByteBuffer.allocate(SendOptions.MAX_LENGTH);
                answer.get(bytes);
                into.add(SOL_IP, IP_RETOPTS, bytes.flip());
            }
        }
    }
}
