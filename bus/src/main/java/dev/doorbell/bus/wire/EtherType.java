package dev.doorbell.bus.wire;

/** EtherTypes, IEEE registry. */
public final class EtherType {
    public static final int IPV4 = 0x0800;
    public static final int ARP = 0x0806;
    /** IEEE 802.1Q customer tag. */
    public static final int VLAN = 0x8100;
    /** IEEE 802.1ad service tag. */
    public static final int QINQ = 0x88A8;

    public static final int IPV6 = 0x86DD;
    /** IEEE 802.3x MAC control: PAUSE. */
    public static final int FLOW_CONTROL = 0x8808;

    public static final int LLDP = 0x88CC;
    /** IEEE 1588 over Ethernet. */
    public static final int PTP = 0x88F7;

    private EtherType() {}
}
