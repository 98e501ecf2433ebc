package dev.doorbell.device.i82574;

import static dev.doorbell.bus.reg.Access.RW;

import dev.doorbell.bus.reg.Field;
import dev.doorbell.bus.reg.Register;
import dev.doorbell.bus.reg.RegisterArray;

/** Address, multicast and VLAN filters, receive checksum and RSS: datasheet §10.2.5. */
class FilterRegisters extends TransmitRegisters {
    /** Receive Checksum Control. */
    static final Register RXCSUM = MAP.register("RXCSUM", 0x05000, 0x0000_0300);

    static final Field RXCSUM_PCSS = RXCSUM.bits("PCSS", 7, 0, RW); // start of the raw sum
    static final Field RXCSUM_IPOFL = RXCSUM.bit("IPOFL", 8, RW);
    static final Field RXCSUM_TUOFL = RXCSUM.bit("TUOFL", 9, RW);
    static final Field RXCSUM_IPPCSE = RXCSUM.bit("IPPCSE", 12, RW);
    static final Field RXCSUM_PCSD = RXCSUM.bit("PCSD", 13, RW); // 1: RSS hash, 0: raw sum and IP id

    static {
        RXCSUM.writable(0x0000_0C00);
    }

    /** Receive Filter Control. */
    static final Register RFCTL = MAP.register("RFCTL", 0x05008, 0);

    static final Field RFCTL_ISCSI_DIS = RFCTL.bit("ISCSI_DIS", 0, RW);
    static final Field RFCTL_ISCSI_DWC = RFCTL.bits("ISCSI_DWC", 5, 1, RW);
    static final Field RFCTL_NFSW_DIS = RFCTL.bit("NFSW_DIS", 6, RW);
    static final Field RFCTL_NFSR_DIS = RFCTL.bit("NFSR_DIS", 7, RW);
    static final Field RFCTL_NFS_VER = RFCTL.bits("NFS_VER", 9, 8, RW);
    static final Field RFCTL_IPV6_DIS = RFCTL.bit("IPV6_DIS", 10, RW);
    static final Field RFCTL_IPV6_XSUM_DIS = RFCTL.bit("IPV6_XSUM_DIS", 11, RW);
    static final Field RFCTL_ACK_DIS = RFCTL.bit("ACK_DIS", 12, RW);
    static final Field RFCTL_ACKD_DIS = RFCTL.bit("ACKD_DIS", 13, RW);
    static final Field RFCTL_IPFRSP_DIS = RFCTL.bit("IPFRSP_DIS", 14, RW);
    static final Field RFCTL_EXSTEN = RFCTL.bit("EXSTEN", 15, RW); // extended descriptors
    static final Field RFCTL_IPV6_EX_DIS = RFCTL.bit("IPV6_EX_DIS", 16, RW);
    static final Field RFCTL_NEW_IPV6_EXT_DIS = RFCTL.bit("NEW_IPV6_EXT_DIS", 17, RW);

    static final RegisterArray MAVTV = MAP.array("MAVTV", 0x05010, 4, 4, 0, ~0);

    /** Multicast Table Array: 4096 hash bits. */
    static final RegisterArray MTA = MAP.array("MTA", 0x05200, 128, 4, 0, ~0);

    /** Receive Address Low: bytes 0 to 3 of the address, the first on the wire in bits 7:0. */
    static final RegisterArray RAL = MAP.array("RAL", 0x05400, 16, 8, 0, ~0);

    /** Receive Address High: bytes 4 and 5, address select 17:16, valid 31. */
    static final RegisterArray RAH = MAP.array("RAH", 0x05404, 16, 8, 0, 0x8003_FFFF);

    static final int RAH_AV = 0x8000_0000;
    static final int RAH_ASEL = 0x0003_0000;

    /** VLAN Filter Table Array: one bit per VLAN id. */
    static final RegisterArray VFTA = MAP.array("VFTA", 0x05600, 128, 4, 0, ~0);

    /** Multiple Receive Queues Command. */
    static final Register MRQC = MAP.register("MRQC", 0x05818, 0);

    static final Field MRQC_ENABLE = MRQC.bits("ENABLE", 1, 0, RW); // 1: RSS
    static final Field MRQC_TCP_IPV4 = MRQC.bit("TCP_IPV4", 16, RW);
    static final Field MRQC_IPV4 = MRQC.bit("IPV4", 17, RW);
    static final Field MRQC_TCP_IPV6_EX = MRQC.bit("TCP_IPV6_EX", 18, RW);
    static final Field MRQC_IPV6_EX = MRQC.bit("IPV6_EX", 19, RW);
    static final Field MRQC_IPV6 = MRQC.bit("IPV6", 20, RW);
    static final Field MRQC_TCP_IPV6 = MRQC.bit("TCP_IPV6", 21, RW); // stored, no effect

    static {
        MRQC.writable(0xFFC0_FFFC);
    }

    static final Register RSSIM = MAP.storage("RSSIM", 0x05864, 0, ~0);
    static final Register RSSIR = MAP.storage("RSSIR", 0x05868, 0, ~0);

    /** Redirection table: 128 bytes, lane 0 first; bit 7 of a byte is the queue. */
    static final RegisterArray RETA = MAP.array("RETA", 0x05C00, 32, 4, 0, ~0);

    /** RSS key: 40 bytes, lane 0 first. */
    static final RegisterArray RSSRK = MAP.array("RSSRK", 0x05C80, 10, 4, 0, ~0);

    static {
        MAP.alias(RAL, 0x00040);
        MAP.alias(RAH, 0x00044);
        MAP.alias(VFTA, 0x00600);
    }
}
