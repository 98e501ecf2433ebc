package dev.doorbell.kernel.tcp;

import dev.doorbell.kernel.inet.Endpoints;
import dev.doorbell.kernel.ipv4.SendOptions;
import dev.doorbell.kernel.skb.SkBuff;
import org.jspecify.annotations.Nullable;

/** What TCP needs from the layer below it: IPv4 and IPv6 in a kernel, a wire in tests. */
interface NetworkLayer {
    /** Bytes in front of a transport header: room for all headers below. */
    int maxHeader();

    /**
     * The way to the remote end.
     *
     * @param ends the local address may be open yet
     * @param outInterface interface index, or 0
     * @param options of every packet along it; a source route leads to its first hop
     * @return null: there is no way
     */
    @Nullable
    Path path(Endpoints ends, int outInterface, @Nullable SendOptions options);

    /** What goes back of a received segment's IP options; null: nothing. */
    @Nullable
    SendOptions echoedOptions(SkBuff skb, Endpoints ends);

    /** True when the address is one of this host's. */
    boolean isLocal(long high, long low);

    /** True for addresses that name more than one host. */
    boolean isMulticastOrBroadcast(long high, long low);

    /**
     * Sends; data() is at the TCP header, checksum partial, several segments when gsoSegments says so.
     *
     * @param skb gone in every case
     * @return 0, or a negated errno when it was dropped on this host
     */
    int transmit(SkBuff skb, Path path, Endpoints ends, int tos, int ttl);

    /** A router said that the way to the remote end takes no more than {@code mtu}; others may know, too. */
    void learnMtu(Endpoints ends, int mtu, int outInterface);

    /** Interface whose index the received packet came in by; 0 when unknown. */
    int interfaceOf(SkBuff skb);
}
