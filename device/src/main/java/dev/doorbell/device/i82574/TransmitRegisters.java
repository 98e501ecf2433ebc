package dev.doorbell.device.i82574;

import static dev.doorbell.bus.reg.Access.RW;
import static dev.doorbell.bus.reg.Access.SC;

import dev.doorbell.bus.reg.Field;
import dev.doorbell.bus.reg.Register;

/** Transmit control, TX FIFO pointers, the two transmit rings: datasheet §10.2.6. */
class TransmitRegisters extends ReceiveRegisters {
    /** Transmit Control. */
    static final Register TCTL = MAP.register("TCTL", 0x00400, 0);

    static final Field TCTL_EN = TCTL.bit("EN", 1, RW);
    static final Field TCTL_PSP = TCTL.bit("PSP", 3, RW); // pad short packets
    static final Field TCTL_CT = TCTL.bits("CT", 11, 4, RW);
    static final Field TCTL_COLD = TCTL.bits("COLD", 21, 12, RW);
    static final Field TCTL_SWXOFF = TCTL.bit("SWXOFF", 22, SC); // send XOFF
    static final Field TCTL_PBE = TCTL.bit("PBE", 23, RW);
    static final Field TCTL_RTLC = TCTL.bit("RTLC", 24, RW);
    static final Field TCTL_NRTU = TCTL.bit("NRTU", 25, RW);
    static final Field TCTL_MULR = TCTL.bit("MULR", 28, RW);

    static {
        TCTL.writable(0xEC00_0005);
    }

    static final Register TCTL_EXT = MAP.storage("TCTL_EXT", 0x00404, 0, ~0);
    static final Register TIPG = MAP.storage("TIPG", 0x00410, 0x0060_2008, 0x3FFF_FFFF);
    static final Register AIT = MAP.storage("AIT", 0x00458, 0, 0xFFFF);

    static final Register TDFH = MAP.storage("TDFH", 0x03410, 0x600, 0x1FFF);
    static final Register TDFT = MAP.storage("TDFT", 0x03418, 0x600, 0x1FFF);
    static final Register TDFHS = MAP.storage("TDFHS", 0x03420, 0x600, 0x1FFF);
    static final Register TDFTS = MAP.storage("TDFTS", 0x03428, 0x600, 0x1FFF);
    static final Register TDFPC = MAP.storage("TDFPC", 0x03430, 0, 0x1FFF);

    /** Descriptor ring of queue 0. Base in bytes, multiple of 16; length in bytes, multiple of 128. */
    static final Register TDBAL0 = MAP.register("TDBAL0", 0x03800, 0).writable(0xFFFF_FFF0);

    static final Register TDBAH0 = MAP.register("TDBAH0", 0x03804, 0).writable(~0);
    static final Register TDLEN0 = MAP.register("TDLEN0", 0x03808, 0).writable(0x000F_FF80);
    static final Register TDH0 = MAP.register("TDH0", 0x03810, 0).writable(0xFFFF);
    static final Register TDT0 = MAP.register("TDT0", 0x03818, 0).writable(0xFFFF);

    /** Transmit interrupt delay, 1.024 us. */
    static final Register TIDV = MAP.register("TIDV", 0x03820, 0);

    static final Field TIDV_DELAY = TIDV.bits("DELAY", 15, 0, RW);
    static final Field TIDV_FPD = TIDV.bit("FPD", 31, SC); // flush now

    /** Transmit descriptor control. */
    static final Register TXDCTL0 = MAP.register("TXDCTL0", 0x03828, 0);

    static final Field TXDCTL0_PTHRESH = TXDCTL0.bits("PTHRESH", 5, 0, RW);
    static final Field TXDCTL0_HTHRESH = TXDCTL0.bits("HTHRESH", 13, 8, RW);
    static final Field TXDCTL0_WTHRESH = TXDCTL0.bits("WTHRESH", 21, 16, RW);
    static final Field TXDCTL0_COUNT_DESC = TXDCTL0.bit("COUNT_DESC", 22, RW);
    static final Field TXDCTL0_GRAN = TXDCTL0.bit("GRAN", 24, RW);
    static final Field TXDCTL0_LWTHRESH = TXDCTL0.bits("LWTHRESH", 31, 25, RW); // in 8 descriptors

    static {
        TXDCTL0.writable(0x0080_C0C0);
    }

    /** Transmit absolute delay, 1.024 us; 0 is off. */
    static final Register TADV = MAP.register("TADV", 0x0382C, 0).writable(0xFFFF);

    static final Register TSPMT = MAP.storage("TSPMT", 0x03830, 0, ~0);

    /** Transmit arbitration count; ENABLE 0 stops the queue. */
    static final Register TARC0 = MAP.register("TARC0", 0x03840, 0x0000_0403);

    static final Field TARC0_ENABLE = TARC0.bit("ENABLE", 10, RW);

    static {
        TARC0.writable(0xFFFF_FBFF);
    }

    static final Register TDBAL1 = MAP.register("TDBAL1", 0x03900, 0).writable(0xFFFF_FFF0);
    static final Register TDBAH1 = MAP.register("TDBAH1", 0x03904, 0).writable(~0);
    static final Register TDLEN1 = MAP.register("TDLEN1", 0x03908, 0).writable(0x000F_FF80);
    static final Register TDH1 = MAP.register("TDH1", 0x03910, 0).writable(0xFFFF);
    static final Register TDT1 = MAP.register("TDT1", 0x03918, 0).writable(0xFFFF);

    static final Register TXDCTL1 = MAP.register("TXDCTL1", 0x03928, 0);

    static final Field TXDCTL1_LWTHRESH = TXDCTL1.bits("LWTHRESH", 31, 25, RW);

    static {
        TXDCTL1.writable(0x01FF_FFFF);
    }

    static final Register TARC1 = MAP.register("TARC1", 0x03940, 0x0000_0403);

    static final Field TARC1_ENABLE = TARC1.bit("ENABLE", 10, RW);

    static {
        TARC1.writable(0xFFFF_FBFF);
        MAP.alias(TDBAL0, 0x00420);
        MAP.alias(TDBAH0, 0x00424);
        MAP.alias(TDLEN0, 0x00428);
        MAP.alias(TDH0, 0x00430);
        MAP.alias(TDT0, 0x00438);
        MAP.alias(TIDV, 0x00440);
        MAP.alias(TDFH, 0x08010);
        MAP.alias(TDFT, 0x08018);
    }
}
