package dev.doorbell.kernel.driver.e1000e;

import static dev.doorbell.kernel.driver.e1000e.Registers.*;

import dev.doorbell.kernel.core.ErrnoException;
import dev.doorbell.kernel.netdev.NetDevice;

/** e1000e_reset and init_hw: from a card in any state to one that knows its address and negotiates a link. */
final class CardReset {
    private static final int VLAN_ETHERNET_HEADER = 18, FCS = 4;
    private static final int STANDARD_FRAME = 1518;
    /** max_hw_frame_size of the family. */
    private static final int MAX_FRAME = 9234;
    /** Packet buffer for receive, KiB; the rest of 40 is for transmit. */
    private static final int RX_FIFO_KILOBYTES = 32;

    private static final int TX_FIFO_LIMIT = 24 << 10;

    private final Hw hw;
    private final Phy phy;
    private final FlowControl flowControl;
    private final MacFilters filters;
    private final NetDevice netdev;
    private final Log log;
    private int fifoLimit = TX_FIFO_LIMIT;

    /** Offer 1000 Mb/s to the partner. */
    boolean advertiseGigabit = true;

    CardReset(Hw hw, Phy phy, FlowControl flowControl, MacFilters filters, NetDevice netdev, Log log) {
        this.hw = hw;
        this.phy = phy;
        this.flowControl = flowControl;
        this.filters = filters;
        this.netdev = netdev;
        this.log = log;
    }

    static int maxMtu() {
        return MAX_FRAME - VLAN_ETHERNET_HEADER - FCS;
    }

    /** e1000e_reset. Errors are logged only: the interface stays, without link. */
    void reset() {
        int maxFrame = netdev.mtu() + VLAN_ETHERNET_HEADER + FCS;
        flowControl.thresholds(packetBuffer(maxFrame), maxFrame);
        hw.resetHw(phy);
        hw.getHwControl();
        hw.ew32(WUC, 0);
        try {
            initHw();
        } catch (ErrnoException e) {
            log.error("Hardware Error: " + e.getMessage());
        }
        hw.ew32(VET, 0x8100);
        hw.ew32(AIT, 0);
    }

    /** Bytes that one descriptor may carry: what the transmit half of the FIFO holds with room to spare. */
    int fifoLimit() {
        return fifoLimit;
    }

    /**
     * Splits the FIFO: two whole frames for transmit, and the rest, but one frame at least, for receive. The card splits
     * anew at the reset that follows.
     *
     * @return KiB for receive
     */
    private int packetBuffer(int maxFrame) {
        hw.ew32(PBA, RX_FIFO_KILOBYTES);
        int pba = hw.er32(PBA);
        int txKilobytes = pba >>> 16;
        int rxKilobytes = pba & 0xFFFF;
        if (maxFrame > STANDARD_FRAME + FCS) {
            int minTx = (maxFrame + Descriptors.BYTES - FCS) * 2 + 1023 >> 10;
            int minRx = maxFrame + 1023 >> 10;
            if (txKilobytes < minTx && minTx - txKilobytes < rxKilobytes) {
                rxKilobytes = Math.max(minRx, rxKilobytes - (minTx - txKilobytes));
                hw.ew32(PBA, rxKilobytes);
                txKilobytes = hw.er32(PBA) >>> 16;
            }
        }
        int limit = Math.min((txKilobytes << 10) - 96, TX_FIFO_LIMIT);
        fifoLimit = limit > 0 ? limit : TX_FIFO_LIMIT;
        return rxKilobytes;
    }

    private void initHw() throws ErrnoException {
        hw.initializeHwBits();
        filters.init(netdev.devAddr());
        setupLink();
        hw.ew32(TXDCTL, hw.er32(TXDCTL) & ~TXDCTL_WTHRESH | TXDCTL_GRAN_WTHRESH_1 | TXDCTL_COUNT_DESC);
        hw.setBits(GCR, 1 << 27);
        hw.clearHwCounters();
    }

    /** Negotiates the link anew, with what is to be advertised; does not wait for it. */
    void setupLink() throws ErrnoException {
        if ((hw.er32(MANC) & MANC_BLK_PHY_RST_ON_IDE) == 0) {
            phy.setupCopperLink(Phy.ADVERTISE_10_100 | flowControl.advertisement(), advertiseGigabit);
        }
        flowControl.setup();
    }

    void powerUpPhy() {
        try {
            phy.powerUp();
        } catch (ErrnoException e) {
            log.error("Hardware Error: " + e.getMessage());
        }
    }

    /** Nobody needs the link: unless management does. */
    void powerDownPhy() {
        try {
            if ((hw.er32(MANC) & (MANC_RCV_TCO_EN | MANC_BLK_PHY_RST_ON_IDE)) == 0) {
                phy.powerDown();
            }
        } catch (ErrnoException e) {
            log.debug("PHY power down: " + e.getMessage());
        }
    }
}
