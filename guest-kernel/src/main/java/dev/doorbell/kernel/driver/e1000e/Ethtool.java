package dev.doorbell.kernel.driver.e1000e;

import static dev.doorbell.kernel.driver.e1000e.Registers.*;

import dev.doorbell.kernel.core.Errno;
import dev.doorbell.kernel.core.ErrnoException;
import dev.doorbell.kernel.netdev.EthtoolOps;

/** What ethtool asks: Linux's ethtool.c of the driver. */
final class Ethtool implements EthtoolOps {
    /** ETHTOOL_LINK_MODE bits. */
    private static final int MODE_10_HALF = 1,
            MODE_10_FULL = 1 << 1,
            MODE_100_HALF = 1 << 2,
            MODE_100_FULL = 1 << 3,
            MODE_1000_FULL = 1 << 5,
            MODE_AUTONEG = 1 << 6,
            MODE_TP = 1 << 7;

    private static final int MODES_10_100 =
            MODE_10_HALF | MODE_10_FULL | MODE_100_HALF | MODE_100_FULL | MODE_AUTONEG | MODE_TP;
    private static final int PHY_ADDRESS = 1;

    private static final String[] STATISTICS = {
        "rx_packets",
        "tx_packets",
        "rx_bytes",
        "tx_bytes",
        "rx_broadcast",
        "tx_broadcast",
        "rx_multicast",
        "tx_multicast",
        "rx_crc_errors",
        "rx_no_buffer_count",
        "rx_missed_errors",
        "rx_short_length_errors",
        "rx_long_length_errors",
        "tx_restart_queue",
        "tx_tcp_seg_good",
        "tx_tcp_seg_failed",
        "rx_flow_control_xon",
        "rx_flow_control_xoff",
        "tx_flow_control_xon",
        "tx_flow_control_xoff",
        "rx_csum_offload_good",
        "rx_csum_offload_errors",
        "alloc_rx_buff_failed",
        "tx_dma_failed",
        "tx_timeout_count",
        "tx_hang_count",
        "resets",
        "irq_rx",
        "irq_tx",
        "irq_other"
    };

    private final Adapter adapter;

    Ethtool(Adapter adapter) {
        this.adapter = adapter;
    }

    @Override
    public DrvInfo getDrvinfo() {
        String firmware;
        try {
            int version = adapter.nvm().read(Nvm.WORD_VERSION);
            firmware = (version >>> 12) + "." + (version >>> 4 & 0xFF) + "-" + (version & 0xF);
        } catch (ErrnoException e) {
            firmware = "unknown";
        }
        return new DrvInfo("e1000e", "1.0", firmware, adapter.dev().name());
    }

    @Override
    public LinkSettings getLinkKsettings() {
        int supported = MODES_10_100 | MODE_1000_FULL;
        int advertised = adapter.card().advertiseGigabit ? supported : MODES_10_100;
        boolean up = adapter.netdev().netifCarrierOk();
        return new LinkSettings(
                up ? adapter.watchdog().speed() : -1,
                adapter.watchdog().isFullDuplex(),
                true,
                supported,
                advertised,
                PHY_ADDRESS);
    }

    @Override
    public void setLinkKsettings(LinkSettings settings) throws ErrnoException {
        if (!settings.autoneg()) {
            throw new ErrnoException("set_link_ksettings: forced speed", Errno.EOPNOTSUPP);
        }
        adapter.card().advertiseGigabit = (settings.advertising() & MODE_1000_FULL) != 0;
        if (!adapter.isDown()) {
            adapter.card().setupLink();
        }
    }

    @Override
    public RingParam getRingparam() {
        E1000eOptions options = adapter.options();
        return new RingParam(E1000eOptions.MAX_RING, E1000eOptions.MAX_RING, options.rxRing(), options.txRing());
    }

    /** Rounds to the next legal size, as Linux does. */
    @Override
    public void setRingparam(RingParam rings) throws ErrnoException {
        E1000eOptions next = adapter.options().withRings(ringSize(rings.rx()), ringSize(rings.tx()));
        adapter.restartAround(() -> adapter.options(next));
    }

    private static int ringSize(int wanted) {
        int bounded = Math.max(E1000eOptions.MIN_RING, Math.min(wanted, E1000eOptions.MAX_RING));
        return bounded + 7 & ~7;
    }

    @Override
    public Coalesce getCoalesce() {
        Itr itr = adapter.itr();
        int usecs = itr.setting() <= 4 ? itr.setting() : 1_000_000 / itr.setting();
        return new Coalesce(usecs, usecs);
    }

    @Override
    public void setCoalesce(Coalesce coalesce) throws ErrnoException {
        int usecs = coalesce.rxUsecs();
        boolean special = usecs == 0 || usecs == 1 || usecs == 3 || usecs == 4;
        if (!special && (usecs < 10 || usecs > 10_000)) {
            throw new ErrnoException("set_coalesce " + usecs + " usecs", Errno.EINVAL);
        }
        adapter.itr().set(special ? usecs : 1_000_000 / usecs);
        if (!adapter.isDown()) {
            adapter.itr().write();
        }
    }

    @Override
    public PauseParam getPauseparam() {
        FlowControl flow = adapter.flowControl();
        return new PauseParam(flow.autoneg, flow.rx, flow.tx);
    }

    @Override
    public void setPauseparam(PauseParam pause) throws ErrnoException {
        // Down and up as Linux does it: a link that comes back at once would keep CTRL's bits of before.
        adapter.restartAround(() -> {
            FlowControl flow = adapter.flowControl();
            flow.autoneg = pause.autoneg();
            flow.wantRx = pause.rx();
            flow.wantTx = pause.tx();
        });
    }

    @Override
    public void nwayReset() throws ErrnoException {
        if (adapter.isDown()) {
            throw new ErrnoException("nway_reset", Errno.EAGAIN);
        }
        adapter.phy().restartAutoneg();
    }

    @Override
    public String[] getStrings() {
        return STATISTICS.clone();
    }

    @Override
    public long[] getEthtoolStats() {
        adapter.netdev().stats();
        HwStats hw = adapter.hwStats();
        SoftStats soft = adapter.softStats();
        long[] irqs = adapter.interrupts().counts;
        return new long[] {
            hw.gprc,
            hw.gptc,
            hw.gorc,
            hw.gotc,
            hw.bprc,
            hw.bptc,
            hw.mprc,
            hw.mptc,
            hw.crcerrs,
            hw.rnbc,
            hw.mpc,
            hw.ruc,
            hw.roc,
            soft.txRestartQueue,
            hw.tsctc,
            hw.tsctfc,
            hw.xonrxc,
            hw.xoffrxc,
            hw.xontxc,
            hw.xofftxc,
            soft.rxCsumGood,
            soft.rxCsumError,
            soft.rxAllocFailed,
            soft.txDmaFailed,
            soft.txTimeouts,
            soft.txHangs,
            soft.resets,
            irqs[0],
            irqs[1],
            irqs[2]
        };
    }

    @Override
    public int[] getRegs() throws ErrnoException {
        Hw hw = adapter.hw();
        Phy phy = adapter.phy();
        return new int[] {
            hw.er32(CTRL),
            hw.er32(STATUS),
            hw.er32(RCTL),
            hw.er32(RDLEN),
            hw.er32(RDH),
            hw.er32(RDT),
            hw.er32(RDTR),
            hw.er32(TCTL),
            hw.er32(TDLEN),
            hw.er32(TDH),
            hw.er32(TDT),
            hw.er32(TIDV),
            phy.read(Phy.COPPER_STATUS),
            phy.read(Phy.COPPER_CONTROL),
            phy.read(Phy.GSTATUS)
        };
    }

    /** Bytes are the low half of a word first, as in the chip. */
    @Override
    public byte[] getEeprom(int offset, int bytes) throws ErrnoException {
        if (offset < 0 || bytes < 0 || offset + bytes > 2 * adapter.nvm().words()) {
            throw new ErrnoException("get_eeprom offset " + offset + " bytes " + bytes, Errno.EINVAL);
        }
        byte[] data = new byte[bytes];
        for (int i = 0; i < bytes; i++) {
            int word = adapter.nvm().read(offset + i >>> 1);
            data[i] = (byte) ((offset + i & 1) == 0 ? word : word >>> 8);
        }
        return data;
    }

    @Override
    public SelfTest selfTest(boolean offline) throws ErrnoException {
        return new E1000eSelfTest(adapter).run(offline);
    }
}
