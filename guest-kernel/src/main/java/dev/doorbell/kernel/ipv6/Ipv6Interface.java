package dev.doorbell.kernel.ipv6;

import dev.doorbell.kernel.netdev.NetDevice;

/** What IPv6 knows about one interface: inet6_dev, with the settings of net.ipv6.conf.NAME. */
public final class Ipv6Interface {
    private final NetDevice dev;

    /** Probes of duplicate address detection; 0: addresses are used at once. */
    public int dadTransmits = 1;
    /** Whether routers' advertisements are listened to, and addresses made from their prefixes. */
    public boolean acceptRa = true, autoconf = true;
    /** Whether redirects are followed. */
    public boolean acceptRedirects = true;
    /** Secret of RFC 7217 interface identifiers; 0: from the MAC address, RFC 4291 appendix A. */
    public long stableSecret;
    /** Hop limit of packets that ask for none, from the router. */
    public int hopLimit = Ipv6.DEFAULT_HOP_LIMIT;
    /** Flags of the last advertisement: addresses, other settings by DHCPv6. */
    public boolean managed, otherConfiguration;

    private int routerMtu;
    /** Autoconfiguration runs: it is up and has had a carrier. */
    boolean started;

    Ipv6Interface(NetDevice dev) {
        this.dev = dev;
    }

    public NetDevice dev() {
        return dev;
    }

    /** Bytes of the largest packet on the link: the device's MTU, or what the router said. */
    public int mtu() {
        return routerMtu != 0 ? Math.min(routerMtu, dev.mtu()) : dev.mtu();
    }

    /** MTU option of an advertisement, RFC 4861 §6.3.4; ignored outside of 1280 to the device's MTU. */
    public boolean routerMtu(int bytes) {
        if (bytes < Ipv6.MIN_MTU || bytes > dev.mtu() || bytes == routerMtu) {
            return false;
        }
        routerMtu = bytes;
        return true;
    }

    /** Has neighbours to ask; otherwise nothing is ever sent of our own accord. */
    public boolean hasNeighbours() {
        return (dev.flags() & NetDevice.IFF_NOARP) == 0 && !dev.isLoopback();
    }
}
