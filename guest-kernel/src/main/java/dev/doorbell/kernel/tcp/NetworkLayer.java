package dev.doorbell.kernel.tcp;

import dev.doorbell.kernel.skb.SkBuff;
import org.jspecify.annotations.Nullable;

/** What TCP needs from the layer below it: IPv4 in a kernel, a wire in tests. */
interface NetworkLayer {
    /** Bytes in front of a transport header: room for all headers below. */
    int maxHeader();

    /**
     * @param source address the packets will have, or 0
     * @param outInterface interface index, or 0
     * @return null: there is no way
     */
    @Nullable
    Path path(int destination, int source, int outInterface);

    /** True when {@code address} is one of this host's. */
    boolean isLocal(int address);

    /** True for addresses that name more than one host. */
    boolean isMulticastOrBroadcast(int address);

    /**
     * Sends; data() is at the TCP header, checksum partial, several segments when gsoSegments says so.
     *
     * @param skb gone in every case
     * @return 0, or a negated errno when it was dropped on this host
     */
    int transmit(SkBuff skb, Path path, int source, int destination, int tos, int ttl);

    /** Interface whose index the received packet came in by; 0 when unknown. */
    int interfaceOf(SkBuff skb);
}
