package dev.doorbell.kernel.ipv6;

import dev.doorbell.kernel.netdev.NetDevice;

/** What IPv6 knows about one interface: inet6_dev, with the settings of net.ipv6.conf.NAME. */
public final class Ipv6Interface {
    private final NetDevice dev;

    /** Probes of duplicate address detection; 0: addresses are used at once. */
    public int dadTransmits = 1;
    /** Whether routers' advertisements are listened to: 0: no, 1: unless we forward, 2: always. */
    public int acceptRa = 1;
    /** Whether addresses are made from their prefixes. */
    public boolean autoconf = true;
    /** A router's interface rather than a host's: {@link Ipv6#setForwarding}. */
    boolean forwarding;
    /** It has joined the groups of all routers. */
    boolean memberOfRouters;
    /** disable_ipv6: takes no part, and has no addresses. */
    public boolean disabled;
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

    /** net.ipv6.conf.NAME.mtu: no packets longer than this; from the device's MTU on, no limit. */
    public void limitMtu(int bytes) {
        routerMtu = bytes >= dev.mtu() ? 0 : bytes;
    }

    /** Begins with the settings of net.ipv6.conf.default. */
    void copySettings(Ipv6Interface defaults) {
        dadTransmits = defaults.dadTransmits;
        acceptRa = defaults.acceptRa;
        autoconf = defaults.autoconf;
        acceptRedirects = defaults.acceptRedirects;
        hopLimit = defaults.hopLimit;
        disabled = defaults.disabled;
        forwarding = defaults.forwarding;
        limitMtu(defaults.mtu());
    }

    /** net.ipv6.conf.NAME.forwarding. */
    public boolean isForwarding() {
        return forwarding;
    }

    /** Whether an advertisement counts. */
    public boolean listensToRouters() {
        return acceptRa == 2 || acceptRa == 1 && !forwarding;
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
