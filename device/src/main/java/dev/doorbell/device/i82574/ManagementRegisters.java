package dev.doorbell.device.i82574;

import static dev.doorbell.bus.reg.Access.RO;
import static dev.doorbell.bus.reg.Access.RS;
import static dev.doorbell.bus.reg.Access.RW;
import static dev.doorbell.bus.reg.Access.SC;
import static dev.doorbell.bus.reg.Access.W1C;

import dev.doorbell.bus.reg.Field;
import dev.doorbell.bus.reg.Register;
import dev.doorbell.bus.reg.RegisterArray;
import dev.doorbell.bus.reg.RegisterWindow;

/** Wake-up, manageability, PCIe, semaphores, diagnostic memory: datasheet §10.2.8 to §10.2.11. */
class ManagementRegisters extends StatisticsRegisters {
    /** Wake Up Control. */
    static final Register WUC = MAP.register("WUC", 0x05800, 0);

    static final Field WUC_APME = WUC.bit("APME", 0, RW);
    static final Field WUC_PME_EN = WUC.bit("PME_EN", 1, RW);
    static final Field WUC_PME_STATUS = WUC.bit("PME_STATUS", 2, W1C);
    static final Field WUC_APMPME = WUC.bit("APMPME", 3, RW);

    static final Register WUFC = MAP.storage("WUFC", 0x05808, 0, ~0);

    static final Register WUS = MAP.register("WUS", 0x05810, 0).storageOnly();

    static final Field WUS_EVENTS = WUS.bits("EVENTS", 31, 0, W1C);

    /** Management Control. DIS_IP_CHK_ARP set; RCV_TCO_EN and BLK_PHY_RST_ON_IDE clear, or Linux thinks of firmware. */
    static final Register MANC = MAP.storage("MANC", 0x05820, 0x1000_0000, ~0);

    static final Register MFVAL = MAP.storage("MFVAL", 0x05824, 0, ~0);
    static final Register MFUTP01 = MAP.storage("MFUTP01", 0x05828, 0, ~0);
    static final Register MFUTP23 = MAP.storage("MFUTP23", 0x05830, 0, ~0);
    static final Register IPAV = MAP.storage("IPAV", 0x05838, 0, ~0);
    static final RegisterArray IP4AT = MAP.array("IP4AT", 0x05840, 8, 4, 0, ~0);
    static final Register MANC2H = MAP.storage("MANC2H", 0x05860, 0, ~0);
    static final RegisterArray IP6AT = MAP.array("IP6AT", 0x05880, 4, 4, 0, ~0);
    static final RegisterArray MDEF = MAP.array("MDEF", 0x05890, 8, 4, 0, ~0);
    static final Register WUPL = MAP.storage("WUPL", 0x05900, 0, 0);
    static final RegisterArray WUPM = MAP.array("WUPM", 0x05A00, 32, 4, 0, 0);

    /** PCIe Control: bits 23, 25 and 26 read only. */
    static final Register GCR = MAP.storage("GCR", 0x05B00, 0x0680_0200, 0xF97F_FFFF);

    static final Register FUNCTAG = MAP.storage("FUNCTAG", 0x05B08, 0, ~0);
    static final RegisterArray GSCL = MAP.array("GSCL", 0x05B10, 4, 4, 0, ~0);
    static final RegisterArray GSCN = MAP.array("GSCN", 0x05B20, 4, 4, 0, ~0);
    /** Function Active and Power State: LAN 0 enabled and in D0, manageability clock gated. */
    static final Register FACTPS = MAP.storage("FACTPS", 0x05B30, 0x2000_0004, 0);

    /** Software Semaphore. SMBI starts clear: the first reader gets it. */
    static final Register SWSM = MAP.register("SWSM", 0x05B50, 0);

    static final Field SWSM_SMBI = SWSM.bit("SMBI", 0, RS);
    static final Field SWSM_SWESMBI = SWSM.bit("SWESMBI", 1, RW);
    static final Field SWSM_WMNG = SWSM.bit("WMNG", 2, RW);
    static final Field SWSM_DRV_LOAD = SWSM.bit("DRV_LOAD", 3, RW);

    static final Register FWSM = MAP.storage("FWSM", 0x05B54, 0, 0);
    static final Register SWSM2 = MAP.storage("SWSM2", 0x05B58, 0, ~0);
    static final Register SW_FW_SYNC = MAP.storage("SW_FW_SYNC", 0x05B5C, 0, ~0);
    static final Register GCR2 = MAP.storage("GCR2", 0x05B64, 0, ~0);

    /** MSI-X pending bit clear: what is written reaches the hook. */
    static final Register PBACLR = MAP.register("PBACLR", 0x05B68, 0);

    static final Field PBACLR_PENBIT = PBACLR.bits("PENBIT", 4, 0, SC);

    static final RegisterArray FFLT = MAP.array("FFLT", 0x05F00, 4, 8, 0, 0x7FF);
    static final Register FCRTV = MAP.storage("FCRTV", 0x05F40, 0, 0xFFFF);
    static final RegisterArray HOST_IF = MAP.array("HOST_IF", 0x08800, 0x700 / 4, 4, 0, ~0);

    /** Host Interface Control: EN reads 0, there is no firmware. */
    static final Register HICR = MAP.register("HICR", 0x08F00, 0).storageOnly();

    static final Field HICR_EN = HICR.bit("EN", 0, RO);

    static {
        HICR.writable(~1);
    }

    static final RegisterArray FFMT = MAP.array("FFMT", 0x09000, 128, 8, 0, 0xF);
    static final RegisterArray FTFT = MAP.array("FTFT", 0x09400, 128, 8, 0, ~0);
    static final RegisterArray FFVT = MAP.array("FFVT", 0x09800, 128, 8, 0, ~0);

    /** Packet Buffer Memory: a diagnostic view of the FIFO. */
    static final RegisterWindow PBM = MAP.window("PBM", 0x10000, 0x10000);

    static {
        for (RegisterArray table :
                new RegisterArray[] {MAVTV, IP4AT, IP6AT, MDEF, WUPM, GSCL, GSCN, FFLT, HOST_IF, FFMT, FTFT, FFVT}) {
            table.storageOnly();
        }
    }
}
