package dev.doorbell.kernel.ipv4;

import dev.doorbell.bus.wire.Ipv4Address;
import dev.doorbell.kernel.netdev.NetDevice;

/** An address of an interface with its prefix: struct in_ifaddr. */
public record InterfaceAddress(NetDevice dev, int address, int prefixLength) {
    public int mask() {
        return Ipv4Address.mask(prefixLength);
    }

    /** First address of the prefix. */
    public int network() {
        return address & mask();
    }

    /** Last address of the prefix; 0 when the prefix is too small to have one (31 and 32 bits, RFC 3021). */
    public int broadcast() {
        return prefixLength >= 31 ? 0 : address | ~mask();
    }

    public boolean contains(int other) {
        return (other & mask()) == network();
    }

    /** CIDR notation. */
    @Override
    public String toString() {
        return Ipv4Address.format(address) + "/" + prefixLength;
    }
}
