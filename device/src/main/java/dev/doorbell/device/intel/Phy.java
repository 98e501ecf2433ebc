package dev.doorbell.device.intel;

import dev.doorbell.bus.time.Event;
import dev.doorbell.bus.time.Scheduler;
import java.util.Arrays;

/**
 * The integrated 1000BASE-T PHY of the 82571 to 82574 family ("BM", derived from Marvell's Alaska): the registers
 * behind MDIO address 1, autonegotiation, loop-back and power down. IEEE 802.3 clause 22 and 28; datasheet chapter 8.
 *
 * <pre>
 *  state         | carrier and not powered down | delay over         | carrier lost, power down | loop-back set
 *  DOWN          | NEGOTIATING                  | -                  | DOWN                     | LOOPBACK
 *  NEGOTIATING   | NEGOTIATING (starts again)   | UP                 | DOWN                     | LOOPBACK
 *  UP            | NEGOTIATING on a restart     | -                  | DOWN                     | LOOPBACK
 *  LOOPBACK      | NEGOTIATING when cleared     | -                  | LOOPBACK (no cable used) | LOOPBACK
 * </pre>
 *
 * With autonegotiation off (BMCR.12 = 0) the link comes up at the forced speed without a delay.
 */
public final class Phy {
    /** Hears about every edge of {@link Phy#linkUp()}, from inside the access or event that caused it. */
    @FunctionalInterface
    public interface Listener {
        void linkChanged(boolean up);
    }

    /** MDIO address of the internal PHY. */
    public static final int ADDRESS = 1;
    /** What {@link #read} gives for a register that is not there. */
    public static final int NO_REGISTER = -1;

    public static final int BMCR = 0, BMSR = 1, ID1 = 2, ID2 = 3, ANAR = 4, ANLPAR = 5, ANER = 6, ANNPTR = 7;
    public static final int GCTRL = 9, GSTATUS = 10, ESTATUS = 15;
    public static final int COPPER_CONTROL = 16, COPPER_STATUS = 17, RX_ERRORS = 21, PAGE_SELECT = 22, OEM_BITS = 25;
    public static final int BMCR_RESET = 0x8000, BMCR_LOOPBACK = 0x4000, BMCR_AUTONEGOTIATE = 0x1000;
    public static final int BMCR_POWER_DOWN = 0x0800, BMCR_ISOLATE = 0x0400, BMCR_RESTART = 0x0200;
    public static final int BMCR_FULL_DUPLEX = 0x0100;
    private static final int BMCR_SPEED_LSB = 0x2000, BMCR_SPEED_MSB = 0x0040, BMCR_STORED = 0x7DC0;
    private static final int BMCR_COMMITTED_BY_RESET =
            BMCR_LOOPBACK | BMCR_SPEED_LSB | BMCR_AUTONEGOTIATE | BMCR_FULL_DUPLEX | BMCR_SPEED_MSB | BMCR_POWER_DOWN;

    private static final int BMSR_ABILITIES = 0x7949, BMSR_NEGOTIATED = 0x0020, BMSR_LINK = 0x0004;
    private static final int PARTNER_ABILITIES = 0x8DE1, PARTNER_ACKNOWLEDGE = 0x4000;
    private static final int ADVERTISE_PAUSE = 0x0C00;
    private static final int GSTATUS_PARTNER = 0x3C00, GSTATUS_MASTER = 0x4000;
    private static final int COPPER_LINK = 0x0C00, COPPER_DUPLEX = 0x2000, COPPER_SPEED_SHIFT = 14;
    private static final int COPPER_PAUSE = 0x000C, OEM_RESTART = 0x0400;
    private static final int PAGES = 8, REGISTERS = 32;
    private static final int PAGED_FROM = 16;

    /** Page 0 and 2 to 6 registers 16 to 31 that exist and can be written: one bit each. */
    private static final int[] WRITABLE = new int[PAGES];

    /** Registers 16 to 31 that exist but ignore writes. */
    private static final int[] READ_ONLY = new int[PAGES];

    static {
        WRITABLE[0] = bits(16, 18, 20, 22, 25, 26, 29, 30);
        READ_ONLY[0] = bits(17, 19, 21);
        WRITABLE[2] = bits(16, 18, 21, 22);
        READ_ONLY[2] = bits(19);
        WRITABLE[3] = bits(16, 17, 18, 19, 22);
        READ_ONLY[5] = bits(20, 21);
        WRITABLE[5] = bits(22);
        READ_ONLY[6] = bits(17);
        WRITABLE[6] = bits(22);
        WRITABLE[1] = WRITABLE[4] = WRITABLE[7] = bits(22);
    }

    private final Event negotiated;
    private final long negotiationNs;
    private final int partnerAbilities;
    private final Listener listener;
    private final short[] registers = new short[PAGES * REGISTERS];
    private int page;
    private boolean carrier;
    private boolean linkUp;
    private boolean linkWasDown;
    private boolean negotiationComplete;

    /** With a partner that advertises everything. */
    public Phy(Scheduler scheduler, long negotiationNs, Listener listener) {
        this(scheduler, negotiationNs, true, listener);
    }

    /**
     * @param negotiationNs how long autonegotiation takes; 1000BASE-T takes seconds, a test may want milliseconds
     * @param partnerPauses the partner advertises PAUSE, both directions; everything else it advertises in any case
     */
    public Phy(Scheduler scheduler, long negotiationNs, boolean partnerPauses, Listener listener) {
        this.negotiationNs = negotiationNs;
        partnerAbilities = partnerPauses ? PARTNER_ABILITIES : PARTNER_ABILITIES & ~ADVERTISE_PAUSE;
        this.listener = listener;
        negotiated = scheduler.event("PHY autonegotiation", this::negotiationDone);
        setDefaults();
    }

    /** Hardware reset (power-on, CTRL.PHY_RST): all registers to default, the link drops and negotiation starts. */
    public void reset() {
        setDefaults();
        restart();
    }

    /** The cable or the partner comes or goes. */
    public void carrier(boolean up) {
        if (carrier != up) {
            carrier = up;
            restart();
        }
    }

    /** The PHY's link, before the MAC's CTRL.SLU. */
    public boolean linkUp() {
        return linkUp;
    }

    /** BMCR.14: what is transmitted comes back, and the wire sees nothing of it. */
    public boolean loopback() {
        return (u16(BMCR) & BMCR_LOOPBACK) != 0;
    }

    /** Resolved or forced speed as the MAC codes it: 0 for 10, 1 for 100, 2 for 1000 Mb/s. */
    public int speed() {
        int bmcr = u16(BMCR);
        if ((bmcr & BMCR_AUTONEGOTIATE) != 0) {
            return negotiatedSpeed();
        }
        if ((bmcr & BMCR_SPEED_MSB) != 0) {
            return 2;
        }
        return (bmcr & BMCR_SPEED_LSB) != 0 ? 1 : 0;
    }

    public boolean fullDuplex() {
        int bmcr = u16(BMCR);
        if ((bmcr & BMCR_AUTONEGOTIATE) == 0) {
            return (bmcr & BMCR_FULL_DUPLEX) != 0;
        }
        return switch (negotiatedSpeed()) {
            case 2 -> (u16(GCTRL) & 0x0200) != 0;
            case 1 -> (u16(ANAR) & 0x0100) != 0;
            default -> (u16(ANAR) & 0x0040) != 0;
        };
    }

    /**
     * An MDIO read, with its side effects.
     *
     * @param register 0 to 31, on the selected page from 16 on
     * @return 16 bits, or {@link #NO_REGISTER}
     */
    public int read(int register) {
        if (!exists(register)) {
            return NO_REGISTER;
        }
        return switch (register) {
            case BMSR -> readStatus();
            case PAGE_SELECT -> page;
            case COPPER_STATUS -> page == 0 ? copperStatus() : u16(slot(register));
            default -> u16(slot(register));
        };
    }

    /** An MDIO write. @return false when the register does not exist */
    public boolean write(int register, int value) {
        if (register == PAGE_SELECT) {
            page = value & 0xFFFF;
            return true;
        }
        if (!exists(register)) {
            return false;
        }
        if (register < PAGED_FROM) {
            writeStandard(register, value);
        } else if ((WRITABLE[page] & 1 << register) != 0) {
            registers[slot(register)] = (short) value;
            if (register == OEM_BITS && page == 0 && (value & OEM_RESTART) != 0) {
                registers[slot(register)] = (short) (value & ~OEM_RESTART);
                restart();
            }
        }
        return true;
    }

    private void writeStandard(int register, int value) {
        switch (register) {
            case BMCR -> writeControl(value);
            // Takes effect with the next negotiation, as on the wire.
            case ANAR, ANNPTR, GCTRL -> registers[register] = (short) value;
            default -> {} // read-only
        }
    }

    private void writeControl(int value) {
        int before = u16(BMCR);
        registers[BMCR] = (short) (value & BMCR_STORED);
        // "Commit" on this family: the mode bits take effect, the other registers keep what was written.
        int changed = (before ^ value) & BMCR_COMMITTED_BY_RESET;
        boolean isolated = ((before ^ value) & BMCR_ISOLATE) != 0;
        if ((value & (BMCR_RESET | BMCR_RESTART)) != 0 || changed != 0 || isolated) {
            restart();
        }
    }

    /** Drops the link and starts what leads to the next one. */
    private void restart() {
        negotiated.cancel();
        negotiationComplete = false;
        registers[GSTATUS] = 0;
        registers[ANLPAR] = 0;
        registers[ANER] = 0x0004;
        int bmcr = u16(BMCR);
        if ((bmcr & BMCR_LOOPBACK) != 0 && (bmcr & BMCR_POWER_DOWN) == 0) {
            setLink(true); // no partner needed, so no delay
            return;
        }
        if (!carrier || (bmcr & (BMCR_POWER_DOWN | BMCR_ISOLATE)) != 0) {
            setLink(false);
        } else if ((bmcr & BMCR_AUTONEGOTIATE) != 0) {
            setLink(false);
            negotiated.after(negotiationNs);
        } else {
            setLink(true);
        }
    }

    private void negotiationDone() {
        negotiationComplete = true;
        registers[ANLPAR] = (short) (partnerAbilities | PARTNER_ACKNOWLEDGE);
        registers[ANER] = 0x0005;
        registers[GSTATUS] = (short) (GSTATUS_PARTNER | GSTATUS_MASTER);
        setLink(true);
    }

    private void setLink(boolean up) {
        if (!up) {
            linkWasDown = true;
        }
        if (linkUp != up) {
            linkUp = up;
            listener.linkChanged(up);
        }
    }

    /** Best of what both sides advertise; the partner advertises every speed. */
    private int negotiatedSpeed() {
        if ((u16(GCTRL) & 0x0300) != 0) {
            return 2;
        }
        return (u16(ANAR) & 0x0180) != 0 ? 1 : 0;
    }

    /** BMSR: the link bit latches low until it has been read once. */
    private int readStatus() {
        int status = BMSR_ABILITIES;
        if (negotiationComplete) {
            status |= BMSR_NEGOTIATED;
        }
        if (linkUp && !linkWasDown) {
            status |= BMSR_LINK;
        }
        linkWasDown = !linkUp;
        return status;
    }

    private int copperStatus() {
        int status = speed() << COPPER_SPEED_SHIFT;
        if (fullDuplex()) {
            status |= COPPER_DUPLEX;
        }
        if (linkUp) {
            status |= COPPER_LINK;
            status |= (u16(ANAR) & partnerAbilities & ADVERTISE_PAUSE) != 0 ? COPPER_PAUSE : 0;
        }
        return status;
    }

    private boolean exists(int register) {
        if (register == PAGE_SELECT) {
            return true;
        }
        if (register < PAGED_FROM) {
            return register <= GSTATUS || register == ESTATUS;
        }
        return page < PAGES && ((WRITABLE[page] | READ_ONLY[page]) & 1 << register) != 0;
    }

    private int slot(int register) {
        return register < PAGED_FROM ? register : page * REGISTERS + register;
    }

    private int u16(int slot) {
        return registers[slot] & 0xFFFF;
    }

    private void setDefaults() {
        Arrays.fill(registers, (short) 0);
        page = 0;
        set(0, BMCR, 0x1140);
        set(0, ID1, 0x0141);
        set(0, ID2, 0x0CB1);
        set(0, ANAR, 0x0DE1);
        set(0, ANER, 0x0004);
        set(0, ANNPTR, 0x2001);
        set(0, GCTRL, 0x0F00);
        set(0, ESTATUS, 0x3000);
        set(0, COPPER_CONTROL, 0x3360);
        set(2, 16, 0x0088);
        set(2, 21, 0x1046);
        set(3, 18, 0x4005);
    }

    private void set(int onPage, int register, int value) {
        registers[onPage * REGISTERS + register] = (short) value;
    }

    private static int bits(int... registers) {
        int mask = 0;
        for (int register : registers) {
            mask |= 1 << register;
        }
        return mask;
    }
}
