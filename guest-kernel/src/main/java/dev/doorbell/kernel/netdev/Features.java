package dev.doorbell.kernel.netdev;

/** What a device does in hardware, NETIF_F_*: what it lacks, the stack does in software. */
public final class Features {
    /** Scatter/gather: buffers with fragments. */
    public static final int SG = 1;
    /** Checksums any protocol's packet from checksumStart on. */
    public static final int HW_CSUM = 1 << 1;
    /** Checksums TCP and UDP over IPv4. */
    public static final int IP_CSUM = 1 << 2;
    /** Checksums TCP and UDP over IPv6. */
    public static final int IPV6_CSUM = 1 << 3;
    /** Segments TCP over IPv4. */
    public static final int TSO = 1 << 4;
    /** Segments TCP over IPv6. */
    public static final int TSO6 = 1 << 5;
    /** Verifies checksums of received packets. */
    public static final int RXCSUM = 1 << 6;
    /** Inserts VLAN tags. */
    public static final int VLAN_TX = 1 << 7;
    /** Strips VLAN tags. */
    public static final int VLAN_RX = 1 << 8;
    /** Filters VLAN tags. */
    public static final int VLAN_FILTER = 1 << 9;
    /** Buffers above 4 GiB. */
    public static final int HIGHDMA = 1 << 10;
    /** Keeps the FCS of received frames. */
    public static final int RXFCS = 1 << 11;
    /** Delivers frames with errors. */
    public static final int RXALL = 1 << 12;
    /** Hashes received packets. */
    public static final int RXHASH = 1 << 13;
    /** Merges received segments, in software. */
    public static final int GRO = 1 << 14;
    /** Segments in software what the hardware cannot. */
    public static final int GSO = 1 << 15;
    /** Packets never leave the machine: checksums are not needed. */
    public static final int LOOPBACK = 1 << 16;

    public static final int CSUM_MASK = HW_CSUM | IP_CSUM | IPV6_CSUM;
    public static final int ALL_TSO = TSO | TSO6;
    /** What every device can, because the stack does it: NETIF_F_SOFT_FEATURES. On from registration. */
    public static final int SOFTWARE = GRO | GSO;

    private Features() {}
}
