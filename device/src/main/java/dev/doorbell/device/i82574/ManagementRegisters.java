package dev.doorbell.device.i82574;

import dev.doorbell.bus.reg.Field;
import dev.doorbell.bus.reg.Register;
import dev.doorbell.bus.reg.RegisterArray;
import dev.doorbell.bus.reg.RegisterWindow;

/** Wake-up, manageability, PCIe, semaphores, diagnostic memory: datasheet §10.2.8 to §10.2.11. */
class ManagementRegisters extends StatisticsRegisters {
    static final Register WUC = MAP.get("WUC");
    static final Field WUC_APME = MAP.get("WUC", "APME");
    static final Field WUC_PME_EN = MAP.get("WUC", "PME_EN");
    static final Field WUC_PME_STATUS = MAP.get("WUC", "PME_STATUS");
    static final Field WUC_APMPME = MAP.get("WUC", "APMPME");

    static final Register WUFC = MAP.get("WUFC");
    static final Register WUS = MAP.get("WUS");
    static final Register WUPL = MAP.get("WUPL");
    static final Field WUPL_LENGTH = MAP.get("WUPL", "LENGTH");
    static final RegisterArray WUPM = MAP.getArray("WUPM");
    static final Register IPAV = MAP.get("IPAV");
    static final Field IPAV_V4 = MAP.get("IPAV", "V4");
    static final Field IPAV_V6 = MAP.get("IPAV", "V6");
    static final RegisterArray IP4AT = MAP.getArray("IP4AT");
    static final RegisterArray IP6AT = MAP.getArray("IP6AT");
    static final RegisterArray FFLT = MAP.getArray("FFLT");
    static final RegisterArray FFMT = MAP.getArray("FFMT");
    static final RegisterArray FFVT = MAP.getArray("FFVT");

    static final Register FACTPS = MAP.get("FACTPS");
    static final Field FACTPS_FUNC0_POWER_STATE = MAP.get("FACTPS", "FUNC0_POWER_STATE");
    static final Field FACTPS_FUNC0_AUX_EN = MAP.get("FACTPS", "FUNC0_AUX_EN");
    static final Field FACTPS_PM_STATE_CHANGED = MAP.get("FACTPS", "PM_STATE_CHANGED");

    static final Register MANC = MAP.get("MANC");
    static final Register GCR = MAP.get("GCR");
    static final Register SWSM = MAP.get("SWSM");
    static final Register GCR2 = MAP.get("GCR2");
    static final Register FCRTV = MAP.get("FCRTV");
    static final Register PBACLR = MAP.get("PBACLR");
    static final RegisterWindow PBM = MAP.getWindow("PBM");
}
