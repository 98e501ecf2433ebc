package dev.doorbell.kernel.netdev;

import dev.doorbell.bus.wire.EthernetHeader;
import dev.doorbell.kernel.core.Errno;
import dev.doorbell.kernel.skb.DropReason;
import dev.doorbell.kernel.skb.SkBuff;

/** dev_hard_header: Ethernet's header for packets that need no neighbour, because their MAC address is known. */
public final class HardHeader {
    private final EthernetHeader ethernet = new EthernetHeader();

    /**
     * Puts the header in front of a packet and hands that to its interface.
     *
     * @param skb data() at the network header; gone in every case
     * @param destination 48 bits, first octet in bits 47:40
     * @return 0, NET_XMIT_* of {@link TxQueue}, or a negated errno
     */
    public int xmit(SkBuff skb, NetDevice dev, long destination, int etherType) {
        if (skb.headroom() < EthernetHeader.LENGTH && !skb.cow(EthernetHeader.LENGTH)) {
            skb.drop(DropReason.NOMEM);
            return Errno.ENOBUFS.negated();
        }
        skb.macHeader = skb.push(EthernetHeader.LENGTH);
        ethernet.wrap(skb.memory(), skb.macHeader, EthernetHeader.LENGTH)
                .destination(destination)
                .source(dev.devAddr())
                .etherType(etherType);
        return dev.devQueueXmit(skb);
    }
}
