package dev.doorbell.kernel.netfilter.nat;

/**
 * What a connection may be mapped to. Addresses as ints, both ends inclusive.
 *
 * @param mapAddresses the addresses count; otherwise the address stays
 * @param mapPorts the ports count; otherwise the port stays where it can
 * @param random ports are drawn, even where the old one is free
 * @param persistent the same client always gets the same address, whatever it talks to
 */
public record NatRange(
        boolean mapAddresses,
        int minAddress,
        int maxAddress,
        boolean mapPorts,
        int minPort,
        int maxPort,
        boolean random,
        boolean persistent) {

    boolean hasAddress(int address) {
        return !mapAddresses
                || Integer.compareUnsigned(address, minAddress) >= 0
                        && Integer.compareUnsigned(address, maxAddress) <= 0;
    }

    boolean hasPort(int port) {
        return !mapPorts || port >= minPort && port <= maxPort;
    }
}
