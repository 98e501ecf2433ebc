package dev.doorbell.device.i82574;

import dev.doorbell.bus.reg.Field;
import dev.doorbell.bus.reg.Register;
import dev.doorbell.bus.reg.RegisterBook;
import dev.doorbell.bus.reg.RegisterMap;

/** Device control and status, NVM, PHY, flow-control addresses, LEDs, packet-buffer split: datasheet §10.2.2, §10.2.3. */
class GeneralRegisters {
    /** Every register and bit of BAR 0, with reset values, access kinds and effects. */
    static final RegisterBook BOOK = RegisterBook.read(
            GeneralRegisters.class,
            "registers/general.txt",
            "registers/interrupt.txt",
            "registers/receive.txt",
            "registers/transmit.txt",
            "registers/filter.txt",
            "registers/statistics.txt",
            "registers/management.txt",
            "registers/timesync.txt");

    /** Compiled from the book. Everybody but the blocks uses {@link MacRegisters#map()} or {@link MacRegisters#newFile()}. */
    static final RegisterMap MAP = BOOK.compile("82574L MAC", 0x2_0000);

    static final Register CTRL = MAP.get("CTRL");
    static final Field CTRL_FD = MAP.get("CTRL", "FD");
    static final Field CTRL_GIO_MASTER_DISABLE = MAP.get("CTRL", "GIO_MASTER_DISABLE");
    static final Field CTRL_SLU = MAP.get("CTRL", "SLU");
    static final Field CTRL_SPD = MAP.get("CTRL", "SPD");
    static final Field CTRL_FRCSPD = MAP.get("CTRL", "FRCSPD");
    static final Field CTRL_FRCDPX = MAP.get("CTRL", "FRCDPX");
    static final Field CTRL_RST = MAP.get("CTRL", "RST");
    static final Field CTRL_RFCE = MAP.get("CTRL", "RFCE");
    static final Field CTRL_TFCE = MAP.get("CTRL", "TFCE");
    static final Field CTRL_VME = MAP.get("CTRL", "VME");
    static final Field CTRL_PHY_RST = MAP.get("CTRL", "PHY_RST");

    static final Register STATUS = MAP.get("STATUS");
    static final Field STATUS_FD = MAP.get("STATUS", "FD");
    static final Field STATUS_LU = MAP.get("STATUS", "LU");
    static final Field STATUS_TXOFF = MAP.get("STATUS", "TXOFF");
    static final Field STATUS_SPEED = MAP.get("STATUS", "SPEED");
    static final Field STATUS_PHYRA = MAP.get("STATUS", "PHYRA");
    static final Field STATUS_GIO_MASTER_ENABLE = MAP.get("STATUS", "GIO_MASTER_ENABLE");

    static final Register EECD = MAP.get("EECD");
    static final Field EECD_SK = MAP.get("EECD", "SK");
    static final Field EECD_CS = MAP.get("EECD", "CS");
    static final Field EECD_DI = MAP.get("EECD", "DI");
    static final Field EECD_DO = MAP.get("EECD", "DO");
    static final Field EECD_ADDR_BITS = MAP.get("EECD", "ADDR_BITS");
    static final Field EECD_FLUPD = MAP.get("EECD", "FLUPD");
    static final Field EECD_REQ = MAP.get("EECD", "REQ");
    static final Field EECD_GNT = MAP.get("EECD", "GNT");
    static final Field EECD_PRES = MAP.get("EECD", "PRES");
    static final Field EECD_AUTO_RD = MAP.get("EECD", "AUTO_RD");
    static final Field EECD_SIZE_EX = MAP.get("EECD", "SIZE_EX");

    static final Register EERD = MAP.get("EERD");
    static final Field EERD_START = MAP.get("EERD", "START");
    static final Field EERD_DONE = MAP.get("EERD", "DONE");
    static final Field EERD_ADDR = MAP.get("EERD", "ADDR");
    static final Field EERD_DATA = MAP.get("EERD", "DATA");

    static final Register CTRL_EXT = MAP.get("CTRL_EXT");
    static final Field CTRL_EXT_EE_RST = MAP.get("CTRL_EXT", "EE_RST");
    static final Field CTRL_EXT_SPD_BYPS = MAP.get("CTRL_EXT", "SPD_BYPS");
    static final Field CTRL_EXT_PHYPDEN = MAP.get("CTRL_EXT", "PHYPDEN");
    static final Field CTRL_EXT_EIAME = MAP.get("CTRL_EXT", "EIAME");
    static final Field CTRL_EXT_IAME = MAP.get("CTRL_EXT", "IAME");
    static final Field CTRL_EXT_INT_TIMERS_CLEAR_ENA = MAP.get("CTRL_EXT", "INT_TIMERS_CLEAR_ENA");
    static final Field CTRL_EXT_PBA_CLR = MAP.get("CTRL_EXT", "PBA_CLR");

    static final Register MDIC = MAP.get("MDIC");
    static final Field MDIC_DATA = MAP.get("MDIC", "DATA");
    static final Field MDIC_REG = MAP.get("MDIC", "REG");
    static final Field MDIC_PHY = MAP.get("MDIC", "PHY");
    static final Field MDIC_OP = MAP.get("MDIC", "OP");
    static final Field MDIC_READY = MAP.get("MDIC", "READY");
    static final Field MDIC_INT_EN = MAP.get("MDIC", "INT_EN");
    static final Field MDIC_ERROR = MAP.get("MDIC", "ERROR");

    static final Register FCAL = MAP.get("FCAL");
    static final Register FCAH = MAP.get("FCAH");
    static final Register FCT = MAP.get("FCT");
    static final Register VET = MAP.get("VET");
    static final Register FCTTV = MAP.get("FCTTV");
    static final Register TXCW = MAP.get("TXCW");
    static final Register EXTCNF_CTRL = MAP.get("EXTCNF_CTRL");

    static final Register POEMB = MAP.get("POEMB");
    static final Field POEMB_D0A_LPLU = MAP.get("POEMB", "D0A_LPLU");
    static final Field POEMB_NOND0A_LPLU = MAP.get("POEMB", "NOND0A_LPLU");

    static final Register LEDCTL = MAP.get("LEDCTL");
    static final Field LEDCTL_GLOBAL_BLINK_MODE = MAP.get("LEDCTL", "GLOBAL_BLINK_MODE");

    static final Register FLA = MAP.get("FLA");
    static final Field FLA_FL_REQ = MAP.get("FLA", "FL_REQ");
    static final Field FLA_FL_GNT = MAP.get("FLA", "FL_GNT");

    static final Register PBA = MAP.get("PBA");
    static final Field PBA_RXA = MAP.get("PBA", "RXA");
    static final Field PBA_TXA = MAP.get("PBA", "TXA");

    static final Register EEWR = MAP.get("EEWR");
    static final Field EEWR_START = MAP.get("EEWR", "START");
    static final Field EEWR_DONE = MAP.get("EEWR", "DONE");
    static final Field EEWR_ADDR = MAP.get("EEWR", "ADDR");
    static final Field EEWR_DATA = MAP.get("EEWR", "DATA");
}
