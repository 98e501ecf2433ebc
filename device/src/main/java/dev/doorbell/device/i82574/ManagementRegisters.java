package dev.doorbell.device.i82574;

import dev.doorbell.bus.reg.Field;
import dev.doorbell.bus.reg.Register;
import dev.doorbell.bus.reg.RegisterWindow;

/** Wake-up, manageability, PCIe, semaphores, diagnostic memory: datasheet §10.2.8 to §10.2.11. */
class ManagementRegisters extends StatisticsRegisters {
    static final Register WUC = MAP.get("WUC");
    static final Field WUC_APME = MAP.get("WUC", "APME");

    static final Register MANC = MAP.get("MANC");
    static final Register GCR = MAP.get("GCR");
    static final Register SWSM = MAP.get("SWSM");
    static final Register GCR2 = MAP.get("GCR2");
    static final Register PBACLR = MAP.get("PBACLR");
    static final RegisterWindow PBM = MAP.getWindow("PBM");
}
