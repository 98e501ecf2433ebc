package dev.doorbell.kernel.netfilter.nat;

import dev.doorbell.kernel.netfilter.AddressRange;
import org.jspecify.annotations.Nullable;

/**
 * What a connection may be mapped to.
 *
 * @param addresses null: the address stays, or is chosen when the connection comes
 * @param mapPorts the ports count; otherwise the port stays where it can
 * @param minPort the first port; the last is {@code maxPort}
 * @param random ports are drawn, even where the old one is free
 * @param persistent the same client always gets the same address, whatever it talks to
 */
public record NatRange(
        @Nullable AddressRange addresses,
        boolean mapPorts,
        int minPort,
        int maxPort,
        boolean random,
        boolean persistent) {

    boolean hasPort(int port) {
        return !mapPorts || port >= minPort && port <= maxPort;
    }
}
