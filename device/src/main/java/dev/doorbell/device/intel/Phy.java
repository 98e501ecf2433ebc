package dev.doorbell.device.intel;

import dev.doorbell.bus.reg.Register;
import dev.doorbell.bus.reg.RegisterBook;
import dev.doorbell.bus.reg.RegisterFile;
import dev.doorbell.bus.reg.RegisterMap;
import dev.doorbell.bus.time.Event;
import dev.doorbell.bus.time.Scheduler;

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
    /** Hears about every edge of {@link Phy#linkUp()}, and that it is up at another speed, from inside what caused it. */
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
    public static final int COPPER_CONTROL = 16, COPPER_STATUS = 17, COPPER_EVENTS = 19;
    public static final int RX_ERRORS = 21, PAGE_SELECT = 22, OEM_BITS = 25;
    public static final int BMCR_RESET = 0x8000, BMCR_LOOPBACK = 0x4000, BMCR_AUTONEGOTIATE = 0x1000;
    public static final int BMCR_POWER_DOWN = 0x0800, BMCR_ISOLATE = 0x0400, BMCR_RESTART = 0x0200;
    public static final int BMCR_FULL_DUPLEX = 0x0100;
    private static final int BMCR_SPEED_LSB = 0x2000, BMCR_SPEED_MSB = 0x0040;
    /** A change of one of these takes effect at once. */
    private static final int BMCR_MODE = BMCR_LOOPBACK
            | BMCR_SPEED_LSB
            | BMCR_AUTONEGOTIATE
            | BMCR_FULL_DUPLEX
            | BMCR_SPEED_MSB
            | BMCR_POWER_DOWN
            | BMCR_ISOLATE;

    private static final int BMSR_NEGOTIATED = 0x0020, BMSR_LINK = 0x0004;
    private static final int PARTNER_ABILITIES = 0x8DE1, PARTNER_ACKNOWLEDGE = 0x4000;
    private static final int ADVERTISE_10_FULL = 0x0040, ADVERTISE_100 = 0x0180, ADVERTISE_100_FULL = 0x0100;
    private static final int ADVERTISE_1000 = 0x0300, ADVERTISE_1000_FULL = 0x0200;
    private static final int ADVERTISE_PAUSE = 0x0C00;
    private static final int ANER_PARTNER_NEGOTIATES = 0x0001;
    private static final int GSTATUS_PARTNER = 0x3C00, GSTATUS_MASTER = 0x4000;
    private static final int COPPER_LINK = 0x0C00, COPPER_DUPLEX = 0x2000, COPPER_SPEED_SHIFT = 14;
    private static final int COPPER_PAUSE = 0x000C, COPPER_DOWNSHIFTED = 0x0020, CONTROL_DOWNSHIFT = 0x0800;
    private static final int EVENT_LINK = 0x0400, EVENT_NEGOTIATED = 0x0800, EVENT_MODE = 0x6000;
    private static final int OEM_LPLU = 0x0004, OEM_NO_GIGABIT = 0x0040, OEM_RESTART = 0x0400;
    private static final int SPEED_10 = 0, SPEED_100 = 1, SPEED_1000 = 2;
    private static final int PAGED_FROM = 16, BYTES_PER_REGISTER = 4;
    private static final int PAIRS = 4, PAIRS_FOR_100 = 2;

    private final Event negotiated;
    private final long negotiationNs;
    private final int partnerAbilities;
    private final Listener listener;
    private final RegisterFile registers;
    private final Register control;
    private final Register advertisement;
    private final Register partner;
    private final Register expansion;
    private final Register gigabitControl;
    private final Register gigabitStatus;
    private final Register copperControl;
    private final Register copperEvents;
    private final Register pageSelect;
    private final Register oemBits;
    private int controlBefore;
    private int pairs = PAIRS;
    private boolean carrier;
    private long carrierLosses;
    private boolean asleep;
    private boolean lowestSpeedOnly;
    private boolean linkUp;
    private boolean linkWasDown;
    private boolean negotiationComplete;
    /** What the last negotiation came to; registers written since wait for the next one. */
    private int resolvedSpeed;

    private boolean resolvedFullDuplex;
    private boolean resolvedDownshift;

    /** With a partner that advertises everything. */
    public Phy(RegisterMap map, Scheduler scheduler, long negotiationNs, Listener listener) {
        this(map, scheduler, negotiationNs, true, listener);
    }

    /**
     * @param map of a {@link RegisterBook} compiled with 4 bytes for each register
     * @param negotiationNs how long autonegotiation takes; 1000BASE-T takes seconds, a test may want milliseconds
     * @param partnerPauses the partner advertises PAUSE, both directions; everything else it advertises in any case
     */
    public Phy(RegisterMap map, Scheduler scheduler, long negotiationNs, boolean partnerPauses, Listener listener) {
        this.negotiationNs = negotiationNs;
        partnerAbilities = partnerPauses ? PARTNER_ABILITIES : PARTNER_ABILITIES & ~ADVERTISE_PAUSE;
        this.listener = listener;
        registers = map.newFile();
        control = map.get("BMCR");
        advertisement = map.get("ANAR");
        partner = map.get("ANLPAR");
        expansion = map.get("ANER");
        gigabitControl = map.get("GCTRL");
        gigabitStatus = map.get("GSTATUS");
        copperControl = map.get("COPPER_CONTROL");
        copperEvents = map.get("COPPER_EVENTS");
        pageSelect = map.get("PAGE_SELECT");
        oemBits = map.get("OEM_BITS");
        controlBefore = registers.get(control);
        negotiated = scheduler.event("PHY autonegotiation", this::negotiationDone);
        registers
                .onWrite(control, this::controlWritten)
                .onWrite(oemBits, this::oemBitsWritten)
                .onRead(map.get("BMSR"), this::readStatus)
                .onRead(map.get("COPPER_STATUS"), stored -> copperStatus());
    }

    /** What is stored, for tests and tools. */
    public RegisterFile registers() {
        return registers;
    }

    /** Hardware reset (power-on, CTRL.PHY_RST): all registers to default, the link drops and negotiation starts. */
    public void reset() {
        registers.reset();
        controlBefore = registers.get(control);
        restart();
    }

    /** The cable or the partner comes or goes. */
    public void carrier(boolean up) {
        if (carrier != up) {
            carrier = up;
            carrierLosses += up ? 0 : 1;
            restart();
        }
    }

    /** How often the cable or the partner has gone so far. */
    public long carrierLosses() {
        return carrierLosses;
    }

    /**
     * How many pairs of the cable are in order: 1000BASE-T needs four, anything else two. With two, negotiation falls back
     * to 100 Mb/s if downshift is enabled, and fails otherwise.
     */
    public void pairs(int inOrder) {
        if (pairs != inOrder) {
            pairs = inOrder;
            restart();
        }
    }

    /** LPLU: negotiates no more than 10 Mb/s, from now on. */
    public void lowestSpeedOnly(boolean on) {
        if (lowestSpeedOnly != on) {
            lowestSpeedOnly = on;
            restart();
        }
    }

    /** The card takes the PHY's power away. */
    public void sleep(boolean on) {
        if (asleep != on) {
            asleep = on;
            restart();
        }
    }

    /** The PHY's link, before the MAC's CTRL.SLU. */
    public boolean linkUp() {
        return linkUp;
    }

    /** BMCR.14: what is transmitted comes back, and the wire sees nothing of it. */
    public boolean loopback() {
        return (registers.get(control) & BMCR_LOOPBACK) != 0;
    }

    /** Resolved or forced speed as the MAC codes it: 0 for 10, 1 for 100, 2 for 1000 Mb/s. */
    public int speed() {
        int bmcr = registers.get(control);
        if ((bmcr & BMCR_AUTONEGOTIATE) != 0) {
            return negotiationComplete ? resolvedSpeed : negotiatedSpeed();
        }
        if ((bmcr & BMCR_SPEED_MSB) != 0) {
            return SPEED_1000;
        }
        return (bmcr & BMCR_SPEED_LSB) != 0 ? SPEED_100 : SPEED_10;
    }

    public boolean fullDuplex() {
        int bmcr = registers.get(control);
        if ((bmcr & BMCR_AUTONEGOTIATE) == 0) {
            return (bmcr & BMCR_FULL_DUPLEX) != 0;
        }
        return negotiationComplete ? resolvedFullDuplex : negotiatedFullDuplex();
    }

    private boolean negotiatedFullDuplex() {
        return switch (negotiatedSpeed()) {
            case SPEED_1000 -> (registers.get(gigabitControl) & ADVERTISE_1000_FULL) != 0;
            case SPEED_100 -> (registers.get(advertisement) & ADVERTISE_100_FULL) != 0;
            default -> (registers.get(advertisement) & ADVERTISE_10_FULL) != 0;
        };
    }

    /**
     * An MDIO read, with its side effects.
     *
     * @param register 0 to 31, on the selected page from 16 on
     * @return 16 bits, or {@link #NO_REGISTER}
     */
    public int read(int register) {
        int offset = offset(register);
        return registers.map().answers(offset) ? registers.read(offset) & 0xFFFF : NO_REGISTER;
    }

    /** An MDIO write. @return false when the register does not exist */
    public boolean write(int register, int value) {
        int offset = offset(register);
        if (!registers.map().answers(offset)) {
            return false;
        }
        registers.write(offset, value & 0xFFFF);
        return true;
    }

    private int offset(int register) {
        boolean paged = register >= PAGED_FROM && register != PAGE_SELECT;
        int page = paged ? registers.get(pageSelect) : 0;
        return (page * RegisterBook.REGISTERS_PER_PAGE + register) * BYTES_PER_REGISTER;
    }

    private void controlWritten(int value) {
        int now = registers.get(control);
        int changed = (controlBefore ^ now) & BMCR_MODE;
        controlBefore = now;
        // "Commit" on this family: the mode bits take effect, the other registers keep what was written.
        if ((value & (BMCR_RESET | BMCR_RESTART)) != 0 || changed != 0) {
            restart();
        }
    }

    private void oemBitsWritten(int value) {
        if ((value & OEM_RESTART) != 0) {
            restart();
        }
    }

    /** Drops the link, except into loop-back, and starts what leads to the next one. */
    private void restart() {
        negotiated.cancel();
        negotiationComplete = false;
        registers.set(gigabitStatus, 0);
        registers.set(partner, 0);
        registers.set(expansion, registers.get(expansion) & ~ANER_PARTNER_NEGOTIATES);
        int bmcr = registers.get(control);
        if ((bmcr & BMCR_LOOPBACK) != 0 && (bmcr & BMCR_POWER_DOWN) == 0 && !asleep) {
            if (linkUp) {
                listener.linkChanged(true); // at another speed perhaps
            }
            setLink(true); // no partner needed, so no delay
            return;
        }
        setLink(false);
        if (!carrier || asleep || (bmcr & (BMCR_POWER_DOWN | BMCR_ISOLATE)) != 0 || pairs < PAIRS_FOR_100) {
            return;
        }
        if ((bmcr & BMCR_AUTONEGOTIATE) != 0) {
            if (wantedSpeed() != SPEED_1000 || pairs == PAIRS || canDownshift()) {
                negotiated.after(negotiationNs);
            }
        } else {
            setLink(speed() != SPEED_1000 || pairs == PAIRS);
        }
    }

    private void negotiationDone() {
        resolvedSpeed = negotiatedSpeed();
        resolvedFullDuplex = negotiatedFullDuplex();
        resolvedDownshift = resolvedSpeed != wantedSpeed();
        negotiationComplete = true;
        registers.set(partner, partnerAbilities | PARTNER_ACKNOWLEDGE);
        registers.set(expansion, registers.get(expansion) | ANER_PARTNER_NEGOTIATES);
        registers.set(gigabitStatus, GSTATUS_PARTNER | GSTATUS_MASTER);
        event(EVENT_NEGOTIATED);
        setLink(true);
    }

    private void setLink(boolean up) {
        if (!up) {
            linkWasDown = true;
        }
        if (linkUp != up) {
            linkUp = up;
            event(up ? EVENT_LINK | EVENT_MODE : EVENT_LINK);
            listener.linkChanged(up);
        }
    }

    private void event(int bits) {
        registers.set(copperEvents, registers.get(copperEvents) | bits);
    }

    private boolean canDownshift() {
        return (registers.get(copperControl) & CONTROL_DOWNSHIFT) != 0;
    }

    private int negotiatedSpeed() {
        int wanted = wantedSpeed();
        return wanted == SPEED_1000 && pairs < PAIRS ? SPEED_100 : wanted;
    }

    /** Best of what both sides advertise; the partner advertises every speed. */
    private int wantedSpeed() {
        int oem = registers.get(oemBits);
        if (lowestSpeedOnly || (oem & OEM_LPLU) != 0) {
            return SPEED_10;
        }
        if ((registers.get(gigabitControl) & ADVERTISE_1000) != 0 && (oem & OEM_NO_GIGABIT) == 0) {
            return SPEED_1000;
        }
        return (registers.get(advertisement) & ADVERTISE_100) != 0 ? SPEED_100 : SPEED_10;
    }

    /** BMSR: the link bit latches low until it has been read once. */
    private int readStatus(int abilities) {
        int status = abilities;
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
            status |= (registers.get(advertisement) & partnerAbilities & ADVERTISE_PAUSE) != 0 ? COPPER_PAUSE : 0;
            status |= negotiationComplete && resolvedDownshift ? COPPER_DOWNSHIFTED : 0;
        }
        return status;
    }
}
