package dev.doorbell.kernel.driver.e1000e;

/**
 * Offsets and bits of the 82574L's registers that the driver uses, as in Linux's regs.h and defines.h. 32-bit accesses
 * to BAR 0 only.
 */
final class Registers {
    static final int CTRL = 0x0000,
            STATUS = 0x0008,
            EECD = 0x0010,
            EERD = 0x0014,
            CTRL_EXT = 0x0018,
            MDIC = 0x0020,
            FCAL = 0x0028,
            FCAH = 0x002C,
            FCT = 0x0030,
            VET = 0x0038,
            ICR = 0x00C0,
            ITR = 0x00C4,
            ICS = 0x00C8,
            IMS = 0x00D0,
            IMC = 0x00D8,
            EIAC = 0x00DC,
            IAM = 0x00E0,
            IVAR = 0x00E4,
            EITR = 0x00E8,
            RCTL = 0x0100,
            FCTTV = 0x0170,
            TXCW = 0x0178,
            TCTL = 0x0400,
            TIPG = 0x0410,
            AIT = 0x0458,
            LEDCTL = 0x0E00,
            EXTCNF_CTRL = 0x0F00,
            PBA = 0x1000,
            FCRTL = 0x2160,
            FCRTH = 0x2168,
            RDBAL = 0x2800,
            RDBAH = 0x2804,
            RDLEN = 0x2808,
            RDH = 0x2810,
            RDT = 0x2818,
            RDTR = 0x2820,
            RXDCTL = 0x2828,
            RADV = 0x282C,
            TDBAL = 0x3800,
            TDBAH = 0x3804,
            TDLEN = 0x3808,
            TDH = 0x3810,
            TDT = 0x3818,
            TIDV = 0x3820,
            TXDCTL = 0x3828,
            TADV = 0x382C,
            TARC = 0x3840;
    /** Distance of the second queue's registers. */
    static final int QUEUE_STRIDE = 0x100;

    static final int RXCSUM = 0x5000,
            RFCTL = 0x5008,
            MTA = 0x5200,
            RAL = 0x5400,
            RAH = 0x5404,
            VFTA = 0x5600,
            WUC = 0x5800,
            WUFC = 0x5808,
            WUS = 0x5810,
            MRQC = 0x5818,
            MANC = 0x5820,
            GCR = 0x5B00,
            SWSM = 0x5B50,
            GCR2 = 0x5B64,
            RETA = 0x5C00,
            RSSRK = 0x5C80;
    static final int CTRL_FD = 1,
            CTRL_GIO_MASTER_DISABLE = 1 << 2,
            CTRL_SLU = 1 << 6,
            CTRL_FRCSPD = 1 << 11,
            CTRL_FRCDPX = 1 << 12,
            CTRL_RST = 1 << 26,
            CTRL_RFCE = 1 << 27,
            CTRL_TFCE = 1 << 28,
            CTRL_VME = 1 << 30;
    static final int STATUS_FD = 1,
            STATUS_LU = 1 << 1,
            STATUS_TXOFF = 1 << 4,
            STATUS_SPEED_100 = 1 << 6,
            STATUS_SPEED_1000 = 1 << 7,
            STATUS_GIO_MASTER_ENABLE = 1 << 19;
    static final int EECD_AUTO_RD = 1 << 9, EECD_SIZE_EX_SHIFT = 11;
    static final int EERD_START = 1, EERD_DONE = 1 << 1;
    static final int CTRL_EXT_EIAME = 1 << 24,
            CTRL_EXT_IAME = 1 << 27,
            CTRL_EXT_DRV_LOAD = 1 << 28,
            CTRL_EXT_PBA_CLR = 1 << 31;
    static final int MDIC_OP_WRITE = 1 << 26, MDIC_OP_READ = 2 << 26, MDIC_READY = 1 << 28, MDIC_ERROR = 1 << 30;
    static final int EXTCNF_CTRL_MDIO_SW_OWNERSHIP = 1 << 5;
    static final int MANC_RCV_TCO_EN = 1 << 17, MANC_BLK_PHY_RST_ON_IDE = 1 << 18;
    static final int SWSM_SMBI = 1;

    /** Interrupt causes, in ICR, ICS, IMS, IMC, IAM. */
    static final int ICR_TXDW = 1,
            ICR_LSC = 1 << 2,
            ICR_RXSEQ = 1 << 3,
            ICR_RXDMT0 = 1 << 4,
            ICR_RXO = 1 << 6,
            ICR_RXT0 = 1 << 7,
            ICR_MDAC = 1 << 9,
            ICR_SRPD = 1 << 16,
            ICR_ACK = 1 << 17,
            ICR_MNG = 1 << 18,
            ICR_RXQ0 = 1 << 20,
            ICR_TXQ0 = 1 << 22,
            ICR_OTHER = 1 << 24,
            ICR_INT_ASSERTED = 1 << 31;

    static final int RCTL_EN = 1 << 1,
            RCTL_SBP = 1 << 2,
            RCTL_UPE = 1 << 3,
            RCTL_MPE = 1 << 4,
            RCTL_LPE = 1 << 5,
            RCTL_LBM = 3 << 6,
            RCTL_BAM = 1 << 15;
    /** With {@link #RCTL_BSEX}: 4096 bytes; without: 256. */
    static final int RCTL_SZ_4096 = 3 << 16;

    static final int RCTL_SZ_MASK = 3 << 16,
            RCTL_VFE = 1 << 18,
            RCTL_CFIEN = 1 << 19,
            RCTL_DPF = 1 << 22,
            RCTL_PMCF = 1 << 23,
            RCTL_BSEX = 1 << 25,
            RCTL_SECRC = 1 << 26;
    static final int TCTL_EN = 1 << 1,
            TCTL_PSP = 1 << 3,
            TCTL_CT = 0xFF << 4,
            TCTL_CT_SHIFT = 4,
            TCTL_COLD = 0x3FF << 12,
            TCTL_COLD_SHIFT = 12,
            TCTL_RTLC = 1 << 24;
    static final int TXDCTL_COUNT_DESC = 1 << 22, TXDCTL_GRAN_WTHRESH_1 = 0x0101_0000, TXDCTL_WTHRESH = 0x3F << 16;
    /** GRAN, WTHRESH 1, HTHRESH 1, PTHRESH 0x1F: Linux's E1000_TXDCTL_DMA_BURST_ENABLE. */
    static final int TXDCTL_DMA_BURST_ENABLE = 0x0101_0000 | TXDCTL_COUNT_DESC | 1 << 8 | 0x1F;
    /** GRAN, WTHRESH 4, HTHRESH 4, PTHRESH 0x20. */
    static final int RXDCTL_DMA_BURST_ENABLE = 0x0104_0420;
    /** Flush partial descriptor block: RDTR and TIDV. */
    static final int FPD = 1 << 31;

    static final int RXCSUM_TUOFL = 1 << 9, RXCSUM_PCSD = 1 << 13;
    static final int RFCTL_ACK_DIS = 1 << 12, RFCTL_EXSTEN = 1 << 15;
    static final int RAH_AV = 1 << 31;
    /** RSS field bits as Linux sets them: it leaves MRQC's enable bits 0, so everything stays on queue 0. */
    static final int MRQC_RSS_FIELDS = 0x0037_0000;

    static final int FCRTL_XONE = 1 << 31;
    static final int FC_PAUSE_TIME = 0x0680;

    /** Statistics, all cleared by reading. */
    static final int CRCERRS = 0x4000,
            ALGNERRC = 0x4004,
            RXERRC = 0x400C,
            MPC = 0x4010,
            SCC = 0x4014,
            ECOL = 0x4018,
            MCC = 0x401C,
            LATECOL = 0x4020,
            COLC = 0x4028,
            DC = 0x4030,
            TNCRS = 0x4034,
            CEXTERR = 0x403C,
            RLEC = 0x4040,
            XONRXC = 0x4048,
            XONTXC = 0x404C,
            XOFFRXC = 0x4050,
            XOFFTXC = 0x4054,
            GPRC = 0x4074,
            BPRC = 0x4078,
            MPRC = 0x407C,
            GPTC = 0x4080,
            GORCL = 0x4088,
            GORCH = 0x408C,
            GOTCL = 0x4090,
            GOTCH = 0x4094,
            RNBC = 0x40A0,
            RUC = 0x40A4,
            RFC = 0x40A8,
            ROC = 0x40AC,
            RJC = 0x40B0,
            MGTPRC = 0x40B4,
            MGTPDC = 0x40B8,
            MGTPTC = 0x40BC,
            TPT = 0x40D4,
            MPTC = 0x40F0,
            BPTC = 0x40F4,
            TSCTC = 0x40F8,
            TSCTFC = 0x40FC;
    /** First and last of the block that a reset routine reads to clear. */
    static final int STATISTICS_FIRST = 0x4000, STATISTICS_LAST = 0x4124;

    private Registers() {}
}
