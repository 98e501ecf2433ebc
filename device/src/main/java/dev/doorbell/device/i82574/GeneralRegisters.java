package dev.doorbell.device.i82574;

import static dev.doorbell.bus.reg.Access.RO;
import static dev.doorbell.bus.reg.Access.RW;
import static dev.doorbell.bus.reg.Access.SC;
import static dev.doorbell.bus.reg.Access.W0C;

import dev.doorbell.bus.reg.Field;
import dev.doorbell.bus.reg.Register;
import dev.doorbell.bus.reg.RegisterMap;

/** Device control and status, NVM, PHY, flow-control addresses, LEDs, packet-buffer split: datasheet §10.2.2, §10.2.3. */
class GeneralRegisters {
    /** Open for the blocks; everybody else uses {@link MacRegisters#map()} or {@link MacRegisters#newFile()}. */
    static final RegisterMap MAP = new RegisterMap("82574L MAC", 0x2_0000);

    /** Device Control. Also at 0x0004. Bit 3 (LRST of older parts) reads 1. */
    static final Register CTRL = MAP.register("CTRL", 0x00000, 0x0014_0249);

    static final Field CTRL_FD = CTRL.bit("FD", 0, RW); // full duplex, when forced
    static final Field CTRL_GIO_MASTER_DISABLE = CTRL.bit("GIO_MASTER_DISABLE", 2, RW);
    static final Field CTRL_RESERVED3 = CTRL.bit("RESERVED3", 3, RO);
    static final Field CTRL_ASDE = CTRL.bit("ASDE", 5, RW);
    static final Field CTRL_SLU = CTRL.bit("SLU", 6, RW); // set link up
    static final Field CTRL_ILOS = CTRL.bit("ILOS", 7, RW);
    static final Field CTRL_SPD = CTRL.bits("SPD", 9, 8, RW); // forced speed: 10, 100, 1000
    static final Field CTRL_FRCSPD = CTRL.bit("FRCSPD", 11, RW);
    static final Field CTRL_FRCDPX = CTRL.bit("FRCDPX", 12, RW);
    static final Field CTRL_SWDPIN0 = CTRL.bit("SWDPIN0", 18, RW);
    static final Field CTRL_SWDPIN1 = CTRL.bit("SWDPIN1", 19, RW);
    static final Field CTRL_ADVD3WUC = CTRL.bit("ADVD3WUC", 20, RW);
    static final Field CTRL_SWDPIO0 = CTRL.bit("SWDPIO0", 22, RW);
    static final Field CTRL_RST = CTRL.bit("RST", 26, SC);
    static final Field CTRL_RFCE = CTRL.bit("RFCE", 27, RW); // obey received PAUSE
    static final Field CTRL_TFCE = CTRL.bit("TFCE", 28, RW); // send PAUSE
    static final Field CTRL_VME = CTRL.bit("VME", 30, RW); // strip VLAN tags, honour VLE
    static final Field CTRL_PHY_RST = CTRL.bit("PHY_RST", 31, RW);

    static {
        CTRL.writable(0x23A3_E412); // 1, 4, 10, 13-17, 21, 23-25, 29: stored, no effect
        MAP.alias(CTRL, 0x00004);
    }

    /** Device Status. The reset value has no link; the link unit fills in what it resolved. */
    static final Register STATUS = MAP.register("STATUS", 0x00008, 0x0008_0280);

    static final Field STATUS_FD = STATUS.bit("FD", 0, RO);
    static final Field STATUS_LU = STATUS.bit("LU", 1, RO);
    static final Field STATUS_TXOFF = STATUS.bit("TXOFF", 4, RO);
    static final Field STATUS_SPEED = STATUS.bits("SPEED", 7, 6, RO); // 10, 100, 1000
    static final Field STATUS_ASDV = STATUS.bits("ASDV", 9, 8, RO);
    static final Field STATUS_PHYRA = STATUS.bit("PHYRA", 10, W0C);
    static final Field STATUS_GIO_MASTER_ENABLE = STATUS.bit("GIO_MASTER_ENABLE", 19, RO);

    /** EEPROM/Flash Control and Data. PRES and AUTO_RD set; FWE 00. */
    static final Register EECD = MAP.register("EECD", 0x00010, 0x0000_0300);

    static final Field EECD_SK = EECD.bit("SK", 0, RW);
    static final Field EECD_CS = EECD.bit("CS", 1, RW);
    static final Field EECD_DI = EECD.bit("DI", 2, RW);
    static final Field EECD_DO = EECD.bit("DO", 3, RO);
    static final Field EECD_FWE = EECD.bits("FWE", 5, 4, RW);
    static final Field EECD_REQ = EECD.bit("REQ", 6, RW);
    static final Field EECD_GNT = EECD.bit("GNT", 7, RO);
    static final Field EECD_PRES = EECD.bit("PRES", 8, RO);
    static final Field EECD_AUTO_RD = EECD.bit("AUTO_RD", 9, RO);
    static final Field EECD_ADDR_BITS = EECD.bit("ADDR_BITS", 10, RO);
    static final Field EECD_SIZE_EX = EECD.bits("SIZE_EX", 14, 11, RO); // 2^(6 + n) words
    static final Field EECD_NVM_TYPE = EECD.bits("NVM_TYPE", 16, 15, RO); // 11b: flash
    static final Field EECD_SELSHAD = EECD.bit("SELSHAD", 17, RW);
    static final Field EECD_INITSRAM = EECD.bit("INITSRAM", 18, RW);
    static final Field EECD_FLUPD = EECD.bit("FLUPD", 19, SC);
    static final Field EECD_AUPDEN = EECD.bit("AUPDEN", 20, RW);
    static final Field EECD_SHADV = EECD.bit("SHADV", 21, RW);
    static final Field EECD_SEC1VAL = EECD.bit("SEC1VAL", 22, RW);

    /** EEPROM Read. */
    static final Register EERD = MAP.register("EERD", 0x00014, 0x0000_0002);

    static final Field EERD_START = EERD.bit("START", 0, SC);
    static final Field EERD_DONE = EERD.bit("DONE", 1, RO);
    static final Field EERD_ADDR = EERD.bits("ADDR", 15, 2, RW); // in words
    static final Field EERD_DATA = EERD.bits("DATA", 31, 16, RO);

    /** Extended Device Control. */
    static final Register CTRL_EXT = MAP.register("CTRL_EXT", 0x00018, 0);

    static final Field CTRL_EXT_ASDCHK = CTRL_EXT.bit("ASDCHK", 12, SC);
    static final Field CTRL_EXT_EE_RST = CTRL_EXT.bit("EE_RST", 13, SC);
    static final Field CTRL_EXT_SPD_BYPS = CTRL_EXT.bit("SPD_BYPS", 15, RW);
    static final Field CTRL_EXT_RO_DIS = CTRL_EXT.bit("RO_DIS", 17, RW);
    static final Field CTRL_EXT_PHYPDEN = CTRL_EXT.bit("PHYPDEN", 20, RW);
    static final Field CTRL_EXT_LINK_MODE = CTRL_EXT.bits("LINK_MODE", 23, 22, RW);
    static final Field CTRL_EXT_EIAME = CTRL_EXT.bit("EIAME", 24, RW);
    static final Field CTRL_EXT_IAME = CTRL_EXT.bit("IAME", 27, RW);
    static final Field CTRL_EXT_DRV_LOAD = CTRL_EXT.bit("DRV_LOAD", 28, RW);
    static final Field CTRL_EXT_INT_TIMERS_CLEAR_ENA = CTRL_EXT.bit("INT_TIMERS_CLEAR_ENA", 29, RW);
    static final Field CTRL_EXT_PBA_CLR = CTRL_EXT.bit("PBA_CLR", 31, RW);

    static {
        CTRL_EXT.writable(0x462D_4FFF);
    }

    /** Flash Access. */
    static final Register FLA =
            MAP.register("FLA", 0x0001C, 0).writable(~0).sticky().storageOnly();

    /** MDI Control. */
    static final Register MDIC = MAP.register("MDIC", 0x00020, 0x1000_0000);

    static final Field MDIC_DATA = MDIC.bits("DATA", 15, 0, RW);
    static final Field MDIC_REG = MDIC.bits("REG", 20, 16, RW);
    static final Field MDIC_PHY = MDIC.bits("PHY", 25, 21, RW);
    static final Field MDIC_OP = MDIC.bits("OP", 27, 26, RW); // 1 write, 2 read
    static final Field MDIC_READY = MDIC.bit("READY", 28, RO);
    static final Field MDIC_INT_EN = MDIC.bit("INT_EN", 29, RW);
    static final Field MDIC_ERROR = MDIC.bit("ERROR", 30, RO);

    static final Register SCTL = MAP.storage("SCTL", 0x00024, 0, ~0);
    /** Flow Control Address: the low four bytes of the PAUSE destination, first on the wire in bits 7:0. */
    static final Register FCAL = MAP.register("FCAL", 0x00028, 0).writable(~0);

    static final Register FCAH = MAP.register("FCAH", 0x0002C, 0).writable(0xFFFF);
    /** Flow Control Type: the EtherType of PAUSE frames. */
    static final Register FCT = MAP.register("FCT", 0x00030, 0).writable(0xFFFF);
    /** VLAN EtherType, as a number: 0x8100. The family's default, so that it works before a driver writes it. */
    static final Register VET = MAP.register("VET", 0x00038, 0x8100).writable(0xFFFF);

    static final Register FCTTV = MAP.register("FCTTV", 0x00170, 0).writable(0xFFFF);
    static final Register TXCW = MAP.storage("TXCW", 0x00178, 0, 0xC000_FFFF);
    static final Register RXCW = MAP.storage("RXCW", 0x00180, 0, 0);
    static final Register LEDCTL = MAP.storage("LEDCTL", 0x00E00, 0x0006_8302, ~0);

    /** Extended Configuration Control: who owns MDIO. */
    static final Register EXTCNF_CTRL = MAP.register("EXTCNF_CTRL", 0x00F00, 0x0000_0008);

    static final Field EXTCNF_CTRL_LCD_WRITE_ENABLE = EXTCNF_CTRL.bit("LCD_WRITE_ENABLE", 0, RW);
    static final Field EXTCNF_CTRL_OEM_WRITE_ENABLE = EXTCNF_CTRL.bit("OEM_WRITE_ENABLE", 3, RW);
    static final Field EXTCNF_CTRL_MDIO_SW_OWNERSHIP = EXTCNF_CTRL.bit("MDIO_SW_OWNERSHIP", 5, RW);
    static final Field EXTCNF_CTRL_MDIO_HW_OWNERSHIP = EXTCNF_CTRL.bit("MDIO_HW_OWNERSHIP", 6, RO);
    static final Field EXTCNF_CTRL_MDIO_MNG_OWNERSHIP = EXTCNF_CTRL.bit("MDIO_MNG_OWNERSHIP", 7, RO);
    static final Field EXTCNF_CTRL_POINTER = EXTCNF_CTRL.bits("POINTER", 27, 16, RW);

    static final Register EXTCNF_SIZE = MAP.storage("EXTCNF_SIZE", 0x00F08, 0, ~0);
    static final Register POEMB = MAP.storage("POEMB", 0x00F10, 0x0000_030D, ~0);

    /** Packet Buffer Allocation, in KiB. The upper half follows the lower one: 40 in all. */
    static final Register PBA = MAP.register("PBA", 0x01000, 0x0014_0014).sticky();

    static final Field PBA_RXA = PBA.bits("RXA", 15, 0, RW);
    static final Field PBA_TXA = PBA.bits("TXA", 31, 16, RO);

    static final Register PBS =
            MAP.register("PBS", 0x01008, 0x28).writable(~0).sticky().storageOnly();
    /** EEPROM Manageability Control: CFG_DONE (18) and DONE (31) stay set. */
    static final Register EEMNGCTL = MAP.storage("EEMNGCTL", 0x01010, 0x8004_0000, 0x7FFB_FFFF);

    static final Register EEMNGDATA = MAP.storage("EEMNGDATA", 0x01014, 0, 0);
    static final Register FLMNGCTL = MAP.storage("FLMNGCTL", 0x01018, 0, ~0);
    static final Register FLMNGDATA = MAP.storage("FLMNGDATA", 0x0101C, 0, ~0);
    static final Register FLMNGCNT = MAP.storage("FLMNGCNT", 0x01020, 0, ~0);
    static final Register EEARBC = MAP.storage("EEARBC", 0x01024, 0, ~0);
    static final Register FLASHT = MAP.storage("FLASHT", 0x01028, 2, 0xFFFF);

    /** EEPROM Write: laid out as EERD. */
    static final Register EEWR = MAP.register("EEWR", 0x0102C, 0x0000_0002);

    static final Field EEWR_START = EEWR.bit("START", 0, SC);
    static final Field EEWR_DONE = EEWR.bit("DONE", 1, RO);
    static final Field EEWR_ADDR = EEWR.bits("ADDR", 15, 2, RW); // in words
    static final Field EEWR_DATA = EEWR.bits("DATA", 31, 16, RW);

    static final Register FLSWCTL = MAP.storage("FLSWCTL", 0x01030, 0xC000_0000, 0x3FFF_FFFF);
    static final Register FLSWDATA = MAP.storage("FLSWDATA", 0x01034, 0, ~0);
    static final Register FLSWCNT = MAP.storage("FLSWCNT", 0x01038, 0, ~0);
    static final Register FLOP = MAP.storage("FLOP", 0x0103C, 0, ~0);
    static final Register FLOL = MAP.storage("FLOL", 0x01050, 1, ~0);
    static final Register PBA_ECC = MAP.storage("PBA_ECC", 0x01100, 0, ~0);
}
