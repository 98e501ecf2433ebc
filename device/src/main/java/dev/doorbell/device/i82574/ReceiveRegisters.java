package dev.doorbell.device.i82574;

import static dev.doorbell.bus.reg.Access.RW;
import static dev.doorbell.bus.reg.Access.SC;

import dev.doorbell.bus.reg.Field;
import dev.doorbell.bus.reg.Register;

/** Receive control, flow-control thresholds, RX FIFO pointers, the two receive rings: datasheet §10.2.5. */
class ReceiveRegisters extends InterruptRegisters {
    /** Receive Control. */
    static final Register RCTL = MAP.register("RCTL", 0x00100, 0);

    static final Field RCTL_EN = RCTL.bit("EN", 1, RW);
    static final Field RCTL_SBP = RCTL.bit("SBP", 2, RW); // store bad packets
    static final Field RCTL_UPE = RCTL.bit("UPE", 3, RW);
    static final Field RCTL_MPE = RCTL.bit("MPE", 4, RW);
    static final Field RCTL_LPE = RCTL.bit("LPE", 5, RW); // long packets
    static final Field RCTL_LBM = RCTL.bits("LBM", 7, 6, RW); // 0 none, 1 MAC, 3 PHY loop-back
    static final Field RCTL_RDMTS = RCTL.bits("RDMTS", 9, 8, RW); // RXDMT0 at 1/2, 1/4, 1/8 of the ring
    static final Field RCTL_DTYP = RCTL.bits("DTYP", 11, 10, RW); // 1: packet split
    static final Field RCTL_MO = RCTL.bits("MO", 13, 12, RW); // multicast hash offset
    static final Field RCTL_BAM = RCTL.bit("BAM", 15, RW);
    static final Field RCTL_BSIZE = RCTL.bits("BSIZE", 17, 16, RW); // 2048, 1024, 512, 256 bytes
    static final Field RCTL_VFE = RCTL.bit("VFE", 18, RW);
    static final Field RCTL_CFIEN = RCTL.bit("CFIEN", 19, RW);
    static final Field RCTL_CFI = RCTL.bit("CFI", 20, RW);
    static final Field RCTL_DPF = RCTL.bit("DPF", 22, RW); // discard PAUSE frames
    static final Field RCTL_PMCF = RCTL.bit("PMCF", 23, RW); // pass MAC control frames
    static final Field RCTL_BSEX = RCTL.bit("BSEX", 25, RW); // BSIZE times 16
    static final Field RCTL_SECRC = RCTL.bit("SECRC", 26, RW); // strip the FCS
    static final Field RCTL_FLXBUF = RCTL.bits("FLXBUF", 30, 27, RW); // buffer size in KiB, when not 0

    static final Register ERT = MAP.storage("ERT", 0x02008, 0, ~0);

    /** Flow Control Receive Threshold Low: send XON when the FIFO falls below it; bytes, granules of 8. */
    static final Register FCRTL = MAP.register("FCRTL", 0x02160, 0);

    static final Field FCRTL_RTL = FCRTL.bits("RTL", 15, 3, RW);
    static final Field FCRTL_XONE = FCRTL.bit("XONE", 31, RW);

    /** Flow Control Receive Threshold High: send XOFF when the FIFO rises above it. */
    static final Register FCRTH = MAP.register("FCRTH", 0x02168, 0);

    static final Field FCRTH_RTH = FCRTH.bits("RTH", 15, 3, RW);

    /** Packet Split Receive Control: buffer sizes of packet-split descriptors. */
    static final Register PSRCTL = MAP.register("PSRCTL", 0x02170, 0x0004_0402);

    static final Field PSRCTL_BSIZE0 = PSRCTL.bits("BSIZE0", 6, 0, RW); // 128 bytes
    static final Field PSRCTL_BSIZE1 = PSRCTL.bits("BSIZE1", 13, 8, RW); // KiB
    static final Field PSRCTL_BSIZE2 = PSRCTL.bits("BSIZE2", 21, 16, RW);
    static final Field PSRCTL_BSIZE3 = PSRCTL.bits("BSIZE3", 29, 24, RW);

    static final Register RDFH = MAP.storage("RDFH", 0x02410, 0, 0x1FFF);
    static final Register RDFT = MAP.storage("RDFT", 0x02418, 0, 0x1FFF);
    static final Register RDFHS = MAP.storage("RDFHS", 0x02420, 0, 0x1FFF);
    static final Register RDFTS = MAP.storage("RDFTS", 0x02428, 0, 0x1FFF);
    static final Register RDFPC = MAP.storage("RDFPC", 0x02430, 0, 0x1FFF);

    /** Descriptor ring of queue 0. Base in bytes, multiple of 16; length in bytes, multiple of 128. */
    static final Register RDBAL0 = MAP.register("RDBAL0", 0x02800, 0).writable(0xFFFF_FFF0);

    static final Register RDBAH0 = MAP.register("RDBAH0", 0x02804, 0).writable(~0);
    static final Register RDLEN0 = MAP.register("RDLEN0", 0x02808, 0).writable(0x000F_FF80);
    static final Register RDH0 = MAP.register("RDH0", 0x02810, 0).writable(0xFFFF);
    static final Register RDT0 = MAP.register("RDT0", 0x02818, 0).writable(0xFFFF);

    /** Receive packet timer, 1.024 us. */
    static final Register RDTR = MAP.register("RDTR0", 0x02820, 0);

    static final Field RDTR_DELAY = RDTR.bits("DELAY", 15, 0, RW);
    static final Field RDTR_FPD = RDTR.bit("FPD", 31, SC); // flush now

    /** Receive descriptor control. A write reaches RXDCTL1 too. */
    static final Register RXDCTL0 = MAP.register("RXDCTL0", 0x02828, 0x0001_0000);

    static final Field RXDCTL0_PTHRESH = RXDCTL0.bits("PTHRESH", 5, 0, RW);
    static final Field RXDCTL0_HTHRESH = RXDCTL0.bits("HTHRESH", 13, 8, RW);
    static final Field RXDCTL0_WTHRESH = RXDCTL0.bits("WTHRESH", 21, 16, RW);
    static final Field RXDCTL0_GRAN = RXDCTL0.bit("GRAN", 24, RW);

    static {
        RXDCTL0.writable(0xFEC0_C0C0);
    }

    /** Receive absolute timer, 1.024 us; 0 is off. */
    static final Register RADV = MAP.register("RADV", 0x0282C, 0).writable(0xFFFF);

    static final Register RDBAL1 = MAP.register("RDBAL1", 0x02900, 0).writable(0xFFFF_FFF0);
    static final Register RDBAH1 = MAP.register("RDBAH1", 0x02904, 0).writable(~0);
    static final Register RDLEN1 = MAP.register("RDLEN1", 0x02908, 0).writable(0x000F_FF80);
    static final Register RDH1 = MAP.register("RDH1", 0x02910, 0).writable(0xFFFF);
    static final Register RDT1 = MAP.register("RDT1", 0x02918, 0).writable(0xFFFF);
    static final Register RXDCTL1 =
            MAP.register("RXDCTL1", 0x02928, 0x0001_0000).writable(~0);

    /** Small-packet detect: frames up to so many bytes raise SRPD; 0 is off. */
    static final Register RSRPD = MAP.register("RSRPD", 0x02C00, 0).writable(0xFFF);

    /** Delay of the ACK cause, 1.024 us. */
    static final Register RAID = MAP.register("RAID", 0x02C08, 0).writable(0xFFFF);

    static final Register CPUVEC = MAP.storage("CPUVEC", 0x02C10, 0, ~0);

    static {
        MAP.alias(RDTR, 0x00108);
        MAP.alias(RDBAL0, 0x00110);
        MAP.alias(RDBAH0, 0x00114);
        MAP.alias(RDLEN0, 0x00118);
        MAP.alias(RDH0, 0x00120);
        MAP.alias(RDT0, 0x00128);
        MAP.alias(FCRTH, 0x00160);
        MAP.alias(FCRTL, 0x00168);
        MAP.alias(RDFH, 0x08000);
        MAP.alias(RDFT, 0x08008);
    }
}
