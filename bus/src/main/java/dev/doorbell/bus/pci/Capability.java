package dev.doorbell.bus.pci;

/**
 * A capability structure of a {@link ConfigSpace}. It owns no bytes: it declares its layout once and is the named view of
 * it afterwards. Offsets inside are relative to the structure.
 */
public abstract class Capability {
    private final int id;
    private final boolean extended;
    private final int bytes;
    private ConfigSpace config = ConfigSpace.NONE;
    private int base;

    /**
     * @param extended lives at 0x100 and above, with a 4-byte header
     * @param bytes of the structure, header included
     */
    protected Capability(int id, boolean extended, int bytes) {
        this.id = id;
        this.extended = extended;
        this.bytes = bytes;
    }

    /** Sets reset values and masks through {@link #config()}; the header is already there. */
    protected abstract void layout();

    /** Software wrote into the structure; {@code at} is relative to it. Storage is already updated. */
    protected void written(int at, int count) {}

    /** After a reset, or any other change not made through {@link #written}. */
    protected void restored() {}

    final void place(ConfigSpace config, int base) {
        if (this.config != ConfigSpace.NONE) {
            throw new IllegalStateException("capability " + id + " is already part of a configuration space");
        }
        this.config = config;
        this.base = base;
        layout();
    }

    public final int id() {
        return id;
    }

    public final boolean isExtended() {
        return extended;
    }

    public final int bytes() {
        return bytes;
    }

    /** Where the structure begins in configuration space. */
    public final int base() {
        return base;
    }

    protected final ConfigSpace config() {
        return config;
    }

    protected final int get16(int at) {
        return config.get16(base + at);
    }

    protected final int get32(int at) {
        return config.get32(base + at);
    }
}
