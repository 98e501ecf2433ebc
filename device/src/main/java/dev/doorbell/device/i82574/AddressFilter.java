package dev.doorbell.device.i82574;

import static dev.doorbell.device.i82574.MacRegisters.*;

import dev.doorbell.bus.reg.RegisterFile;

/**
 * The destination address filter, §7.1.1. An address is two numbers as in RAL and RAH: octets 0 to 3 with the first in
 * bits 7:0, and octets 4 and 5.
 */
final class AddressFilter {
    static final int REJECT = 0;
    static final int ACCEPT = 1;
    /** Accepted by the multicast hash alone: status bit PIF, software must look again. */
    static final int INEXACT = 2;

    private static final int[] HASH_SHIFT = {4, 3, 2, 0};

    private final RegisterFile regs;

    AddressFilter(RegisterFile regs) {
        this.regs = regs;
    }

    static boolean isMulticast(int low) {
        return (low & 1) != 0;
    }

    static boolean isBroadcast(int low, int high) {
        return low == -1 && high == 0xFFFF;
    }

    int match(int low, int high) {
        if (isExact(low, high)) {
            return ACCEPT;
        }
        int rctl = regs.get(RCTL);
        if (!isMulticast(low)) {
            return RCTL_UPE.isSet(rctl) ? ACCEPT : REJECT;
        }
        if (isBroadcast(low, high)) {
            return RCTL_BAM.isSet(rctl) ? ACCEPT : REJECT;
        }
        if (RCTL_MPE.isSet(rctl)) {
            return ACCEPT;
        }
        int hash = multicastHash(high, RCTL_MO.of(rctl));
        return (regs.get(MTA, hash >>> 5) & 1 << (hash & 31)) != 0 ? INEXACT : REJECT;
    }

    /** 12 bits of the last two octets, chosen by RCTL.MO. */
    static int multicastHash(int high, int multicastOffset) {
        return high >>> HASH_SHIFT[multicastOffset] & 0xFFF;
    }

    /** Any valid receive address, multicast ones included. ASEL other than 0 selects something else than this address. */
    private boolean isExact(int low, int high) {
        for (int i = 0; i < RAL.count(); i++) {
            if (regs.get(RAL, i) == low && regs.get(RAH, i) == (high | RAH_AV)) {
                return true;
            }
        }
        return false;
    }

    /** The station address, RA[0]. */
    boolean isStation(int low, int high) {
        return regs.get(RAL, 0) == low && regs.get(RAH, 0) == (high | RAH_AV);
    }
}
