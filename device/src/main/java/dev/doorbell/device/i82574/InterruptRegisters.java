package dev.doorbell.device.i82574;

import dev.doorbell.bus.reg.Register;
import dev.doorbell.bus.reg.RegisterArray;

/** Interrupt causes, masks, moderation, MSI-X allocation: datasheet §10.2.4. Their rules are the interrupt unit's. */
class InterruptRegisters extends GeneralRegisters {
    static final Register ICR = MAP.get("ICR");
    static final Register ITR = MAP.get("ITR");
    static final Register ICS = MAP.get("ICS");
    static final Register IMS = MAP.get("IMS");
    static final Register IMC = MAP.get("IMC");
    static final Register EIAC = MAP.get("EIAC");
    static final Register IAM = MAP.get("IAM");
    static final Register IVAR = MAP.get("IVAR");
    static final RegisterArray EITR = MAP.getArray("EITR");
}
