package dev.doorbell.device.i82574;

import dev.doorbell.bus.reg.Field;
import dev.doorbell.bus.reg.Register;
import dev.doorbell.bus.reg.RegisterArray;

/** Address, multicast and VLAN filters, receive checksum and RSS: datasheet §10.2.5. */
class FilterRegisters extends TransmitRegisters {
    static final Register RXCSUM = MAP.get("RXCSUM");
    static final Field RXCSUM_PCSS = MAP.get("RXCSUM", "PCSS");
    static final Field RXCSUM_IPOFL = MAP.get("RXCSUM", "IPOFL");
    static final Field RXCSUM_TUOFL = MAP.get("RXCSUM", "TUOFL");
    static final Field RXCSUM_IPPCSE = MAP.get("RXCSUM", "IPPCSE");
    static final Field RXCSUM_PCSD = MAP.get("RXCSUM", "PCSD");

    static final Register RFCTL = MAP.get("RFCTL");
    static final Field RFCTL_IPV6_DIS = MAP.get("RFCTL", "IPV6_DIS");
    static final Field RFCTL_IPV6_XSUM_DIS = MAP.get("RFCTL", "IPV6_XSUM_DIS");
    static final Field RFCTL_ACK_DIS = MAP.get("RFCTL", "ACK_DIS");
    static final Field RFCTL_ACKD_DIS = MAP.get("RFCTL", "ACKD_DIS");
    static final Field RFCTL_IPFRSP_DIS = MAP.get("RFCTL", "IPFRSP_DIS");
    static final Field RFCTL_EXSTEN = MAP.get("RFCTL", "EXSTEN");
    static final Field RFCTL_IPV6_EX_DIS = MAP.get("RFCTL", "IPV6_EX_DIS");
    static final Field RFCTL_NEW_IPV6_EXT_DIS = MAP.get("RFCTL", "NEW_IPV6_EXT_DIS");

    static final RegisterArray MTA = MAP.getArray("MTA");
    static final RegisterArray RAL = MAP.getArray("RAL");
    static final RegisterArray RAH = MAP.getArray("RAH");
    static final int RAH_AV = 0x8000_0000;
    static final RegisterArray VFTA = MAP.getArray("VFTA");

    static final Register MRQC = MAP.get("MRQC");
    static final Field MRQC_ENABLE = MAP.get("MRQC", "ENABLE");
    static final Field MRQC_TCP_IPV4 = MAP.get("MRQC", "TCP_IPV4");
    static final Field MRQC_IPV4 = MAP.get("MRQC", "IPV4");
    static final Field MRQC_TCP_IPV6_EX = MAP.get("MRQC", "TCP_IPV6_EX");
    static final Field MRQC_IPV6_EX = MAP.get("MRQC", "IPV6_EX");
    static final Field MRQC_IPV6 = MAP.get("MRQC", "IPV6");

    static final RegisterArray RETA = MAP.getArray("RETA");
    static final RegisterArray RSSRK = MAP.getArray("RSSRK");
}
