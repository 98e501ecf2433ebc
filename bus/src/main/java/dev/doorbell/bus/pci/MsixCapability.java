package dev.doorbell.bus.pci;

/**
 * MSI-X, id 0x11 (PCI Local Bus 3.0 §6.8.2). The vectors themselves are in a {@link MsixTable} behind a BAR.
 *
 * <pre>
 *  +0  id, next     +2  message control     +4  table offset and BAR     +8  pending bit array offset and BAR
 * </pre>
 */
public final class MsixCapability extends Capability {
    private static final int CONTROL = 2;
    private static final int ENABLE = 1 << 15;
    private static final int FUNCTION_MASK = 1 << 14;

    private final int tableBar;
    private final int tableOffset;
    private final int pbaBar;
    private final int pbaOffset;
    private final MsixTable table;

    /** @param tableSize vectors, 1 to 2048; offsets are bytes in their BAR, multiples of 8 */
    public MsixCapability(int tableSize, int tableBar, int tableOffset, int pbaBar, int pbaOffset) {
        super(0x11, false, 12);
        if (tableSize < 1 || tableSize > 2048 || (tableOffset & 7) != 0 || (pbaOffset & 7) != 0) {
            throw new IllegalArgumentException("MSI-X table of " + tableSize + " at " + tableOffset
                    + ", pending bits at " + pbaOffset + ": 1 to 2048 vectors, offsets multiples of 8");
        }
        this.tableBar = tableBar;
        this.tableOffset = tableOffset;
        this.pbaBar = pbaBar;
        this.pbaOffset = pbaOffset;
        table = new MsixTable(tableSize, tableOffset, pbaOffset);
    }

    @Override
    protected void layout() {
        config().init16(base() + CONTROL, table.size() - 1);
        config().writable16(base() + CONTROL, ENABLE | FUNCTION_MASK);
        config().init32(base() + 4, tableOffset | tableBar);
        config().init32(base() + 8, pbaOffset | pbaBar);
    }

    @Override
    protected void written(int at, int count) {
        publish();
    }

    @Override
    protected void restored() {
        table.reset();
        publish();
    }

    private void publish() {
        int control = get16(CONTROL);
        table.control((control & ENABLE) != 0, (control & FUNCTION_MASK) != 0);
    }

    public boolean isEnabled() {
        return table.isEnabled();
    }

    /** Index of the BAR that the vectors are behind. */
    public int tableBar() {
        return tableBar;
    }

    /** Of the first vector, in bytes from the start of its BAR. */
    public int tableOffset() {
        return tableOffset;
    }

    /** Index of the BAR that the pending bits are behind. */
    public int pbaBar() {
        return pbaBar;
    }

    /** Of the pending bits, in bytes from the start of their BAR. */
    public int pbaOffset() {
        return pbaOffset;
    }

    /** Table and pending bits: the function routes accesses to the BARs below into it. */
    public MsixTable table() {
        return table;
    }
}
