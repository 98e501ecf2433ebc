package dev.doorbell.kernel.netdev;

import dev.doorbell.kernel.skb.SkBuff;

/** Sees every packet that enters or leaves, like tcpdump's socket. */
@FunctionalInterface
public interface PacketTap {
    /**
     * Looks at a packet. It stays the caller's: whoever wants to keep it clones it. It begins at {@code skb.macHeader}
     * for received packets (data is behind the Ethernet header) and at data for outgoing ones.
     */
    void packet(SkBuff skb, NetDevice dev, boolean outgoing);
}
