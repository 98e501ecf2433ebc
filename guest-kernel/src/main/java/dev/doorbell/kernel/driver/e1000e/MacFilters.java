package dev.doorbell.kernel.driver.e1000e;

import static dev.doorbell.kernel.driver.e1000e.Registers.*;

import dev.doorbell.kernel.netdev.AddressList;
import dev.doorbell.kernel.netdev.NetDevice;

/** What the card lets through: receive addresses, multicast hash table, VLAN table, promiscuous bits. */
final class MacFilters {
    /** Receive addresses that the driver may use; the 16th belongs to management. */
    static final int RAR_ENTRIES = 15;

    private static final int MTA_WORDS = 128, VFTA_WORDS = 128;

    private final Hw hw;
    private final int[] mta = new int[MTA_WORDS];
    private final int[] vfta = new int[VFTA_WORDS];

    MacFilters(Hw hw) {
        this.hw = hw;
    }

    /** Permanent address, which the card loads from NVM into the first entry at each reset; 48 bits. */
    long readMacAddress() {
        int low = hw.er32(RAL), high = hw.er32(RAH);
        return (long) Integer.reverseBytes(low) << 16 & 0xFFFF_FFFF_0000L | Short.reverseBytes((short) high) & 0xFFFF;
    }

    /**
     * e1000e_rar_set_generic.
     *
     * @param mac 48 bits, first octet in 47:40
     */
    void rarSet(int index, long mac) {
        // Low half first: only the high half makes the entry valid.
        hw.ew32(RAL + 8 * index, Integer.reverseBytes((int) (mac >>> 16)));
        hw.e1eFlush();
        hw.ew32(RAH + 8 * index, Short.reverseBytes((short) mac) & 0xFFFF | (mac == 0 ? 0 : RAH_AV));
        hw.e1eFlush();
    }

    private void rarClear(int index) {
        hw.ew32(RAH + 8 * index, 0);
        hw.ew32(RAL + 8 * index, 0);
    }

    /** Part of init_hw: own address only, empty tables. */
    void init(long mac) {
        for (int i = 0; i < VFTA_WORDS; i++) {
            hw.ew32(VFTA + 4 * i, 0);
            hw.e1eFlush();
        }
        rarSet(0, mac);
        for (int i = 1; i < RAR_ENTRIES; i++) {
            rarSet(i, 0);
        }
        for (int i = 0; i < MTA_WORDS; i++) {
            hw.ew32(MTA + 4 * i, 0);
        }
    }

    /** e1000e_set_rx_mode, for flags and address lists of {@code dev}. {@code vlanFilter}: VLAN filtering is wanted. */
    void setRxMode(NetDevice dev, boolean vlanFilter) {
        int rctl = hw.er32(RCTL) & ~(RCTL_UPE | RCTL_MPE | RCTL_VFE | RCTL_CFIEN);
        if (dev.isPromiscuous()) {
            rctl |= RCTL_UPE | RCTL_MPE;
        } else {
            if (dev.isAllMulticast()) {
                rctl |= RCTL_MPE;
            }
            writeMulticastList(dev.multicast());
            if (!writeUnicastList(dev.unicast())) {
                rctl |= RCTL_UPE; // more addresses than entries
            }
            if (vlanFilter) {
                rctl |= RCTL_VFE;
            }
        }
        hw.ew32(RCTL, rctl);
    }

    private boolean writeUnicastList(AddressList list) {
        if (list.size() > RAR_ENTRIES - 1) {
            return false;
        }
        int entry = RAR_ENTRIES - 1;
        for (int i = 0; i < list.size(); i++, entry--) {
            rarSet(entry, list.get(i));
        }
        for (; entry > 0; entry--) {
            rarClear(entry);
        }
        hw.e1eFlush();
        return true;
    }

    private void writeMulticastList(AddressList list) {
        java.util.Arrays.fill(mta, 0);
        for (int i = 0; i < list.size(); i++) {
            int hash = hashMulticast(list.get(i));
            mta[hash >>> 5] |= 1 << (hash & 31);
        }
        for (int i = MTA_WORDS - 1; i >= 0; i--) {
            hw.ew32(MTA + 4 * i, mta[i]);
        }
        hw.e1eFlush();
    }

    /** 12 bits of the last two octets, for RCTL.MO = 0. */
    static int hashMulticast(long mac) {
        int fifth = (int) (mac >>> 8) & 0xFF, sixth = (int) mac & 0xFF;
        return (sixth << 8 | fifth) >>> 4 & 0xFFF;
    }

    void vlanAdd(int vid) {
        vfta[vid >>> 5] |= 1 << (vid & 31);
        writeVlanWord(vid >>> 5);
    }

    void vlanKill(int vid) {
        vfta[vid >>> 5] &= ~(1 << (vid & 31));
        writeVlanWord(vid >>> 5);
    }

    /** e1000_restore_vlan: after a reset. */
    void restoreVlans() {
        for (int i = 0; i < VFTA_WORDS; i++) {
            if (vfta[i] != 0) {
                writeVlanWord(i);
            }
        }
    }

    private void writeVlanWord(int index) {
        hw.ew32(VFTA + 4 * index, vfta[index]);
        hw.e1eFlush();
    }
}
