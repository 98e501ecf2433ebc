package dev.doorbell.device.i82574;

import dev.doorbell.bus.reg.Field;
import dev.doorbell.bus.reg.Register;

/** Receive control, flow-control thresholds, RX FIFO pointers, the two receive rings: datasheet §10.2.5. */
class ReceiveRegisters extends InterruptRegisters {
    static final Register RCTL = MAP.get("RCTL");
    static final Field RCTL_EN = MAP.get("RCTL", "EN");
    static final Field RCTL_SBP = MAP.get("RCTL", "SBP");
    static final Field RCTL_UPE = MAP.get("RCTL", "UPE");
    static final Field RCTL_MPE = MAP.get("RCTL", "MPE");
    static final Field RCTL_LPE = MAP.get("RCTL", "LPE");
    static final Field RCTL_LBM = MAP.get("RCTL", "LBM");
    static final Field RCTL_RDMTS = MAP.get("RCTL", "RDMTS");
    static final Field RCTL_DTYP = MAP.get("RCTL", "DTYP");
    static final Field RCTL_MO = MAP.get("RCTL", "MO");
    static final Field RCTL_BAM = MAP.get("RCTL", "BAM");
    static final Field RCTL_BSIZE = MAP.get("RCTL", "BSIZE");
    static final Field RCTL_VFE = MAP.get("RCTL", "VFE");
    static final Field RCTL_CFIEN = MAP.get("RCTL", "CFIEN");
    static final Field RCTL_CFI = MAP.get("RCTL", "CFI");
    static final Field RCTL_DPF = MAP.get("RCTL", "DPF");
    static final Field RCTL_PMCF = MAP.get("RCTL", "PMCF");
    static final Field RCTL_BSEX = MAP.get("RCTL", "BSEX");
    static final Field RCTL_SECRC = MAP.get("RCTL", "SECRC");
    static final Field RCTL_FLXBUF = MAP.get("RCTL", "FLXBUF");

    static final Register FCRTL = MAP.get("FCRTL");
    static final Field FCRTL_RTL = MAP.get("FCRTL", "RTL");
    static final Field FCRTL_XONE = MAP.get("FCRTL", "XONE");

    static final Register FCRTH = MAP.get("FCRTH");

    static final Register PSRCTL = MAP.get("PSRCTL");
    static final Field PSRCTL_BSIZE0 = MAP.get("PSRCTL", "BSIZE0");
    static final Field PSRCTL_BSIZE1 = MAP.get("PSRCTL", "BSIZE1");
    static final Field PSRCTL_BSIZE2 = MAP.get("PSRCTL", "BSIZE2");
    static final Field PSRCTL_BSIZE3 = MAP.get("PSRCTL", "BSIZE3");

    static final Register RDBAL0 = MAP.get("RDBAL0");
    static final Register RDBAH0 = MAP.get("RDBAH0");
    static final Register RDLEN0 = MAP.get("RDLEN0");
    static final Register RDH0 = MAP.get("RDH0");
    static final Register RDT0 = MAP.get("RDT0");
    static final Register RDTR = MAP.get("RDTR0");
    static final Field RDTR_FPD = MAP.get("RDTR0", "FPD");
    static final Field RDTR_DELAY = MAP.get("RDTR0", "DELAY");
    static final Register RXDCTL0 = MAP.get("RXDCTL0");
    static final Field RXDCTL0_WTHRESH = MAP.get("RXDCTL0", "WTHRESH");
    static final Field RXDCTL0_GRAN = MAP.get("RXDCTL0", "GRAN");
    static final Register RADV = MAP.get("RADV");
    static final Register RDBAL1 = MAP.get("RDBAL1");
    static final Register RDBAH1 = MAP.get("RDBAH1");
    static final Register RDLEN1 = MAP.get("RDLEN1");
    static final Register RDH1 = MAP.get("RDH1");
    static final Register RDT1 = MAP.get("RDT1");
    static final Register RXDCTL1 = MAP.get("RXDCTL1");
    static final Register RSRPD = MAP.get("RSRPD");
    static final Register RAID = MAP.get("RAID");
}
