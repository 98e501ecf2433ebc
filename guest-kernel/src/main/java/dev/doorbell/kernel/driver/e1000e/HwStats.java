package dev.doorbell.kernel.driver.e1000e;

import static dev.doorbell.kernel.driver.e1000e.Registers.*;

import dev.doorbell.kernel.core.KernelContext;
import dev.doorbell.kernel.core.SpinLock;
import dev.doorbell.kernel.netdev.NetDeviceStats;

/** The card's counters, added up: each reading clears the register. e1000e_update_stats. */
final class HwStats {
    private static final int ALL_ONES = -1;

    private final Hw hw;
    /** stats64_lock: the watchdog and a reader of the counters must not both take what a reading clears. */
    private final SpinLock lock;

    long crcerrs, gprc, gorc, bprc, mprc, roc, mpc, xonrxc, xontxc, xoffrxc, xofftxc, gptc, gotc, rnbc, ruc;
    long rlec, rjc, rfc, scc, ecol, mcc, latecol, dc, colc, mptc, bptc, tpt;
    long algnerrc, rxerrc, tncrs, cexterr, tsctc, tsctfc, mgptc, mgprc, mgpdc;

    HwStats(Hw hw, KernelContext kernel) {
        this.hw = hw;
        this.lock = new SpinLock(kernel, "e1000e stats64_lock");
    }

    /** @param halfDuplex collisions exist only then */
    void update(boolean halfDuplex) {
        lock.lock();
        try {
            readAll(halfDuplex);
        } finally {
            lock.unlock();
        }
    }

    private void readAll(boolean halfDuplex) {
        if (hw.er32(STATUS) == ALL_ONES) {
            return; // the card is gone: its answers are not counts
        }
        crcerrs += count(CRCERRS);
        gprc += count(GPRC);
        gorc += octets(GORCL, GORCH);
        bprc += count(BPRC);
        mprc += count(MPRC);
        roc += count(ROC);
        mpc += count(MPC);
        rlec += count(RLEC);
        rjc += count(RJC);
        rfc += count(RFC);
        if (halfDuplex) {
            scc += count(SCC);
            ecol += count(ECOL);
            mcc += count(MCC);
            latecol += count(LATECOL);
            dc += count(DC);
            colc += count(COLC);
            tncrs += count(TNCRS);
        }
        xonrxc += count(XONRXC);
        xontxc += count(XONTXC);
        xoffrxc += count(XOFFRXC);
        xofftxc += count(XOFFTXC);
        gptc += count(GPTC);
        gotc += octets(GOTCL, GOTCH);
        rnbc += count(RNBC);
        ruc += count(RUC);
        mptc += count(MPTC);
        bptc += count(BPTC);
        tpt += count(TPT);
        algnerrc += count(ALGNERRC);
        rxerrc += count(RXERRC);
        cexterr += count(CEXTERR);
        tsctc += count(TSCTC);
        tsctfc += count(TSCTFC);
        mgptc += count(MGTPTC);
        mgprc += count(MGTPRC);
        mgpdc += count(MGTPDC);
    }

    private long count(int register) {
        return Integer.toUnsignedLong(hw.er32(register));
    }

    /** Low half first: reading the high half clears both. */
    private long octets(int low, int high) {
        long value = Integer.toUnsignedLong(hw.er32(low));
        return value | (long) hw.er32(high) << 32;
    }

    /** e1000e_get_stats64; packets, bytes and drops on transmit are counted elsewhere. */
    void into(NetDeviceStats stats) {
        stats.multicast = mprc;
        stats.collisions = colc;
        stats.rxErrors = rxerrc + crcerrs + algnerrc + ruc + roc + cexterr;
        stats.rxLengthErrors = ruc + roc;
        stats.rxCrcErrors = crcerrs;
        stats.rxFrameErrors = algnerrc;
        stats.rxMissedErrors = mpc;
        stats.txErrors = ecol + latecol;
        stats.txAbortedErrors = ecol;
        stats.txWindowErrors = latecol;
        stats.txCarrierErrors = tncrs;
    }
}
