package dev.doorbell.bus.pci;

/** Device Serial Number, extended capability 0x0003: an EUI-64 (PCI Express Base 1.1 §7.12). */
public final class DeviceSerialNumber extends Capability {
    private final long eui64;

    /** @param eui64 first octet in bits 63:56 */
    public DeviceSerialNumber(long eui64) {
        super(0x0003, true, 12);
        this.eui64 = eui64;
    }

    /** The EUI-64 of a MAC address: FF FF in its middle, as Intel's parts build it. */
    public static long eui64(long mac) {
        return (mac & 0xFFFF_FF00_0000L) << 16 | 0xFF_FF00_0000L | mac & 0xFF_FFFFL;
    }

    @Override
    protected void layout() {
        serialNumber(eui64);
    }

    /** Loads another number, for a function that finds its MAC address in the NVM. */
    public void serialNumber(long eui64) {
        config().init32(base() + 4, (int) eui64);
        config().init32(base() + 8, (int) (eui64 >>> 32));
    }
}
