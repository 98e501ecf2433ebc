package dev.doorbell.device.i82574;

import static dev.doorbell.bus.reg.Access.RW;
import static dev.doorbell.bus.reg.Access.SC;
import static dev.doorbell.bus.reg.Access.W1C;
import static dev.doorbell.bus.reg.Access.W1S;

import dev.doorbell.bus.reg.Field;
import dev.doorbell.bus.reg.Register;
import dev.doorbell.bus.reg.RegisterArray;

/** Interrupt causes, masks, moderation, MSI-X allocation: datasheet §10.2.4. Their rules are the interrupt unit's. */
class InterruptRegisters extends GeneralRegisters {
    /** Interrupt Cause Read: cleared by reading on conditions, which are a hook's. Bit 31 is computed on reading. */
    static final Register ICR = MAP.register("ICR", 0x000C0, 0);

    static final Field ICR_CAUSES = ICR.bits("CAUSES", 24, 0, W1C);

    static final Register ITR = MAP.register("ITR", 0x000C4, 0).writable(0xFFFF);

    /** Interrupt Cause Set: what is written reaches the hook; reads are ICR without side effect, by a hook. */
    static final Register ICS = MAP.register("ICS", 0x000C8, 0);

    static final Field ICS_CAUSES = ICS.bits("CAUSES", 31, 0, SC);

    /** Interrupt Mask Set. Also the latched reserved causes 3, 5, 8 and 10 to 14 can be enabled. */
    static final Register IMS = MAP.register("IMS", 0x000D0, 0);

    static final Field IMS_LOW = IMS.bits("LOW", 18, 0, W1S);
    static final Field IMS_HIGH = IMS.bits("HIGH", 24, 20, W1S);

    /** Interrupt Mask Clear: the hook clears in IMS; reads 0. */
    static final Register IMC = MAP.register("IMC", 0x000D8, 0);

    static final Field IMC_CAUSES = IMC.bits("CAUSES", 31, 0, SC);

    /** Causes that sending their MSI-X message clears. */
    static final Register EIAC = MAP.register("EIAC", 0x000DC, 0).writable(0x01F0_0000);

    static final Register IAM = MAP.register("IAM", 0x000E0, 0).writable(~0);

    /** Interrupt Vector Allocation: one nibble per cause, vector 2:0 and valid 3. */
    static final Register IVAR = MAP.register("IVAR", 0x000E4, 0);

    static final Field IVAR_RXQ0 = IVAR.bits("RXQ0", 3, 0, RW);
    static final Field IVAR_RXQ1 = IVAR.bits("RXQ1", 7, 4, RW);
    static final Field IVAR_TXQ0 = IVAR.bits("TXQ0", 11, 8, RW);
    static final Field IVAR_TXQ1 = IVAR.bits("TXQ1", 15, 12, RW);
    static final Field IVAR_OTHER = IVAR.bits("OTHER", 19, 16, RW);
    /** Stored, without effect: descriptors without RS are not written back, so each write-back interrupts anyway. Unsure. */
    static final Field IVAR_TX_EVERY_WRITE_BACK = IVAR.bit("TX_EVERY_WRITE_BACK", 31, RW);

    static {
        IVAR.writable(0x7FF0_0000);
    }

    /** Throttle of each MSI-X vector, 256 ns; 0 is off. */
    static final RegisterArray EITR = MAP.array("EITR", 0x000E8, 5, 4, 0, 0xFFFF);
}
