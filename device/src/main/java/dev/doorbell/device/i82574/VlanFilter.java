package dev.doorbell.device.i82574;

import static dev.doorbell.device.i82574.MacRegisters.*;

import dev.doorbell.bus.reg.RegisterFile;

/** The VLAN filter, §7.4: a table of 4096 ids, and on demand the CFI bit. Untagged frames do not come here. */
final class VlanFilter {
    private static final int CFI_BIT = 1 << 12;
    private static final int ID_MASK = 0xFFF;

    private final RegisterFile regs;

    VlanFilter(RegisterFile regs) {
        this.regs = regs;
    }

    /** @param tci tag control information: priority 15:13, CFI 12, id 11:0 */
    boolean passes(int tci) {
        int rctl = regs.get(RCTL);
        if (!RCTL_VFE.isSet(rctl)) {
            return true;
        }
        if (RCTL_CFIEN.isSet(rctl) && ((tci & CFI_BIT) != 0) != RCTL_CFI.isSet(rctl)) {
            return false;
        }
        int id = tci & ID_MASK;
        return (regs.get(VFTA, id >>> 5) & 1 << (id & 31)) != 0;
    }
}
