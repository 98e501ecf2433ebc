package dev.doorbell.bus.pci;

/**
 * PCI Power Management capability, id 0x01 (PCI Bus Power Management 1.2 §3.2).
 *
 * <pre>
 *  +0  id, next      +2  PMC: capabilities      +4  PMCSR: control and status      +6  bridge, data
 * </pre>
 */
public final class PowerManagement extends Capability {
    private static final int PMC = 2;
    private static final int PMCSR = 4;
    private static final int STATE = 0x3;
    private static final int NO_SOFT_RESET = 1 << 3;
    private static final int PME_ENABLE = 1 << 8;
    private static final int DATA_SELECT = 0xF << 9;
    private static final int PME_STATUS = 1 << 15;
    private static final int PMC_D1 = 1 << 9;
    private static final int PMC_D2 = 1 << 10;

    private final int pmc;
    private final int pmcsr;
    private int state;
    private Runnable onPme = () -> {};

    /**
     * @param pmc the capabilities word: version, DSI, D1 and D2 support, PME support
     * @param pmcsr reset value of control and status: No_Soft_Reset, data scale
     */
    public PowerManagement(int pmc, int pmcsr) {
        super(0x01, false, 8);
        this.pmc = pmc;
        this.pmcsr = pmcsr;
    }

    @Override
    protected void layout() {
        config().init16(base() + PMC, pmc);
        config().init16(base() + PMCSR, pmcsr);
        config().writable16(base() + PMCSR, STATE | PME_ENABLE | DATA_SELECT);
        config().clearedByOne16(base() + PMCSR, PME_STATUS);
        config().sticky32(base() + PMCSR, PME_ENABLE | PME_STATUS);
    }

    /** A state that the function does not have is not entered: the bits keep the present one (§3.2.4). */
    @Override
    protected void written(int at, int count) {
        int next = get16(PMCSR) & STATE;
        if (next == 1 && (pmc & PMC_D1) == 0 || next == 2 && (pmc & PMC_D2) == 0) {
            config().set16(base() + PMCSR, get16(PMCSR) & ~STATE | state);
            return;
        }
        state = next;
    }

    @Override
    protected void restored() {
        state = get16(PMCSR) & STATE;
    }

    /** 0 for D0 to 3 for D3hot. */
    public int powerState() {
        return state;
    }

    /** False: the change from D3hot to D0 resets the function. */
    public boolean noSoftReset() {
        return (get16(PMCSR) & NO_SOFT_RESET) != 0;
    }

    public boolean pmeEnabled() {
        return (get16(PMCSR) & PME_ENABLE) != 0;
    }

    /** The same bit that software may set in configuration space, for functions that show it elsewhere too. */
    public void setPmeEnabled(boolean enabled) {
        config().set16(base() + PMCSR, enabled ? get16(PMCSR) | PME_ENABLE : get16(PMCSR) & ~PME_ENABLE);
    }

    public boolean pmeStatus() {
        return (get16(PMCSR) & PME_STATUS) != 0;
    }

    /** The function saw a wake-up event; software clears it by writing one. Whoever listens hears of the first. */
    public void setPmeStatus() {
        boolean first = !pmeStatus();
        config().set16(base() + PMCSR, get16(PMCSR) | PME_STATUS);
        if (first) {
            onPme.run();
        }
    }

    public void clearPmeStatus() {
        config().set16(base() + PMCSR, get16(PMCSR) & ~PME_STATUS);
    }

    /** Takes the PME message, or the wake-up pin, of this function. */
    public void onPme(Runnable listener) {
        onPme = listener;
    }

    /** D0 active rather than uninitialised: software has enabled an address decoder or bus mastering. */
    public boolean isInUse() {
        int enables = ConfigSpace.COMMAND_IO | ConfigSpace.COMMAND_MEMORY | ConfigSpace.COMMAND_MASTER;
        return state == 0 && (config().command() & enables) != 0;
    }
}
