package dev.doorbell.kernel.driver.e1000e;

import static dev.doorbell.kernel.driver.e1000e.Registers.*;

import dev.doorbell.kernel.core.ErrnoException;

/** IEEE 802.3x flow control: thresholds of the receive FIFO, and the resolution after autonegotiation. */
final class FlowControl {
    private final Hw hw;
    private final Phy phy;

    /** What the user asked for: receive (obey PAUSE), transmit (send PAUSE). */
    boolean wantRx = true, wantTx = true;
    /** Resolved with the partner instead of forced. */
    boolean autoneg = true;
    /** In force. */
    boolean rx, tx;

    private int highWater, lowWater;

    FlowControl(Hw hw, Phy phy) {
        this.hw = hw;
        this.phy = phy;
    }

    /**
     * Thresholds: XOFF while one more frame fits, at nine tenths at the latest.
     *
     * @param rxKilobytes of the FIFO
     */
    void thresholds(int rxKilobytes, int maxFrameBytes) {
        int fifo = rxKilobytes << 10;
        highWater = Math.min(fifo * 9 / 10, fifo - maxFrameBytes) & ~7;
        lowWater = highWater - 8;
    }

    /** Part of setup_link: constants, pause time, thresholds. */
    void setup() {
        hw.ew32(FCT, 0x8808);
        hw.ew32(FCAH, 0x0100);
        hw.ew32(FCAL, 0x00C2_8001);
        hw.ew32(FCTTV, FC_PAUSE_TIME);
        hw.ew32(FCRTL, wantTx ? lowWater | FCRTL_XONE : 0);
        hw.ew32(FCRTH, wantTx ? highWater : 0);
    }

    /** Pause bits for register 4 of the PHY, 802.3 table 28B-2. */
    int advertisement() {
        if (wantRx) {
            return Phy.ADVERTISE_PAUSE | Phy.ADVERTISE_ASYM_PAUSE;
        }
        return wantTx ? Phy.ADVERTISE_ASYM_PAUSE : 0;
    }

    /** e1000e_config_fc_after_link_up: table 28B-3. Full duplex only. */
    void afterLinkUp(boolean fullDuplex) throws ErrnoException {
        if (!autoneg) {
            rx = wantRx;
            tx = wantTx;
        } else if (!phy.isAutonegComplete()) {
            return;
        } else {
            resolve(phy.read(Phy.ANAR), phy.read(Phy.ANLPAR));
        }
        if (!fullDuplex) {
            rx = false;
            tx = false;
        }
        int ctrl = hw.er32(CTRL) & ~(CTRL_RFCE | CTRL_TFCE);
        hw.ew32(CTRL, ctrl | (rx ? CTRL_RFCE : 0) | (tx ? CTRL_TFCE : 0));
    }

    private void resolve(int mine, int partner) {
        boolean myPause = (mine & Phy.ADVERTISE_PAUSE) != 0, myAsym = (mine & Phy.ADVERTISE_ASYM_PAUSE) != 0;
        boolean hisPause = (partner & Phy.LPA_PAUSE) != 0, hisAsym = (partner & Phy.LPA_ASYM_PAUSE) != 0;
        if (myPause && hisPause) {
            rx = wantRx;
            tx = wantRx && wantTx;
        } else {
            tx = !myPause && myAsym && hisPause && hisAsym;
            rx = myPause && myAsym && !hisPause && hisAsym;
        }
    }

    /** As ethtool and the log name it. */
    String describe() {
        if (rx && tx) {
            return "Rx/Tx";
        }
        return rx ? "Rx" : tx ? "Tx" : "None";
    }
}
