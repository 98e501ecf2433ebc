package dev.doorbell.kernel.driver.e1000e;

import static dev.doorbell.kernel.driver.e1000e.Registers.*;

import dev.doorbell.kernel.core.ErrnoException;
import dev.doorbell.kernel.netdev.Features;
import dev.doorbell.kernel.netdev.NetDevice;
import dev.doorbell.kernel.pci.PciDev;

/** Makes the rings and tells the card of them: configure_tx, setup_rctl, setup_mrqc, configure_rx. */
final class RingSetup {
    private static final int COLLISION_THRESHOLD = 15, COLLISION_DISTANCE = 63;
    private static final int RSS_KEY_WORDS = 10, RETA_WORDS = 32;

    private final Hw hw;
    private final NetDevice netdev;
    private final PciDev dev;
    private E1000eOptions options;

    RingSetup(Hw hw, NetDevice netdev, PciDev dev, E1000eOptions options) {
        this.hw = hw;
        this.netdev = netdev;
        this.dev = dev;
        this.options = options;
    }

    void options(E1000eOptions next) {
        options = next;
    }

    private boolean isJumbo() {
        return netdev.mtu() > NetDevice.ETH_DATA_LEN;
    }

    /** The kind of ring that the MTU asks for. */
    RxRing newRxRing(RxRing.Upcall upcall, SoftStats soft) throws ErrnoException {
        return isJumbo()
                ? new PageRxRing(hw, dev, netdev, options.rxRing(), options.copybreak(), upcall, soft)
                : new SkbRxRing(hw, dev, netdev, options.rxRing(), options.copybreak(), upcall, soft);
    }

    void configureTx(TxRing ring) {
        writeRing(TDBAL, TDBAH, TDLEN, ring.descriptorsIova(), ring.descriptorsBytes());
        hw.ew32(TDH, 0);
        hw.ew32(TDT, 0);
        hw.ew32(TIDV, options.txIntDelay());
        hw.ew32(TADV, options.txAbsIntDelay());
        hw.ew32(TXDCTL, hw.er32(TXDCTL) & ~(TXDCTL_WTHRESH | 0x3F3F) | TXDCTL_DMA_BURST_ENABLE);
        hw.ew32(TXDCTL + QUEUE_STRIDE, hw.er32(TXDCTL)); // erratum: queue 1 like queue 0
        int tctl = hw.er32(TCTL) & ~(TCTL_CT | TCTL_COLD);
        // EN comes with the link: frames queued before wait on the ring.
        hw.ew32(
                TCTL,
                tctl
                        | TCTL_PSP
                        | TCTL_RTLC
                        | COLLISION_THRESHOLD << TCTL_CT_SHIFT
                        | COLLISION_DISTANCE << TCTL_COLD_SHIFT);
    }

    private void writeRing(int low, int high, int length, long iova, int bytes) {
        hw.ew32(low, (int) iova);
        hw.ew32(high, (int) (iova >>> 32));
        hw.ew32(length, bytes);
    }

    void configureRx(RxRing ring, Itr itr) {
        setupMrqc();
        setupRctl();
        hw.e1eFlush();
        hw.msleep(10);
        hw.ew32(RXDCTL, RXDCTL_DMA_BURST_ENABLE);
        hw.ew32(RXDCTL + QUEUE_STRIDE, RXDCTL_DMA_BURST_ENABLE);
        hw.ew32(RDTR, options.rxIntDelay());
        hw.ew32(RADV, options.rxAbsIntDelay());
        itr.write();
        hw.ew32(IAM, ~0);
        hw.setBits(CTRL_EXT, CTRL_EXT_IAME);
        hw.e1eFlush();
        writeRing(RDBAL, RDBAH, RDLEN, ring.descriptorsIova(), ring.descriptorsBytes());
        hw.ew32(RDH, 0);
        hw.ew32(RDT, 0);
        int rxcsum = hw.er32(RXCSUM);
        hw.ew32(RXCSUM, netdev.hasFeature(Features.RXCSUM) ? rxcsum | RXCSUM_TUOFL : rxcsum & ~RXCSUM_TUOFL);
    }

    /** e1000e_setup_rss_hash: all on queue 0; the descriptor carries the hash instead of the raw checksum. */
    private void setupMrqc() {
        var random = netdev.net().kernel().random("e1000e rss key");
        for (int i = 0; i < RSS_KEY_WORDS; i++) {
            hw.ew32(RSSRK + 4 * i, random.nextInt());
        }
        for (int i = 0; i < RETA_WORDS; i++) {
            hw.ew32(RETA + 4 * i, 0);
        }
        hw.setBits(RXCSUM, RXCSUM_PCSD);
        hw.ew32(MRQC, MRQC_RSS_FIELDS);
    }

    private void setupRctl() {
        hw.setBits(RFCTL, RFCTL_EXSTEN);
        int rctl = hw.er32(RCTL) & ~(RCTL_LBM | RCTL_SBP | RCTL_LPE | RCTL_SZ_MASK | RCTL_BSEX | 3 << 12 | 3 << 8);
        rctl |= RCTL_EN | RCTL_BAM | RCTL_SECRC;
        if (isJumbo()) {
            rctl |= RCTL_LPE | RCTL_BSEX | RCTL_SZ_4096;
        }
        if (netdev.hasFeature(Features.RXALL)) {
            rctl |= RCTL_SBP | RCTL_PMCF;
            rctl &= ~(RCTL_VFE | RCTL_DPF | RCTL_CFIEN);
        }
        hw.ew32(RCTL, rctl);
    }
}
