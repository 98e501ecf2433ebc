package dev.doorbell.kernel.netdev;

import dev.doorbell.kernel.skb.SkBuff;

/** Receives the packets of one Ethertype, Linux's packet_type. */
@FunctionalInterface
public interface PacketHandler {
    /** Takes over {@code skb}: data at the network header, networkHeader set, dev set. Softirq context. */
    void receive(SkBuff skb);
}
