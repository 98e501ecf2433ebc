package dev.doorbell.bus.pci;

/**
 * PCI Express capability of an endpoint, id 0x10, version 1 (PCI Express Base 1.1 §7.8).
 *
 * <pre>
 *  +2 capabilities   +4 device capabilities   +8 device control   +10 device status
 *  +12 link capabilities   +16 link control   +18 link status
 * </pre>
 */
public final class PciExpress extends Capability {
    public static final int CORRECTABLE_DETECTED = 1 << 0;
    public static final int NON_FATAL_DETECTED = 1 << 1;
    public static final int FATAL_DETECTED = 1 << 2;
    public static final int UNSUPPORTED_REQUEST_DETECTED = 1 << 3;

    private static final int DEVICE_CONTROL = 8;
    private static final int DEVICE_STATUS = 10;
    private static final int UNSUPPORTED_REQUEST_REPORTING = 1 << 3;
    private static final int LINK_CONTROL = 16;
    private static final int LINK_STATUS = 18;
    /** Relaxed ordering and no-snoop enabled, 128 bytes of payload, 512 bytes of read request. */
    private static final int DEVICE_CONTROL_RESET = 0x2810;

    private static final int DEVICE_CONTROL_WRITABLE = 0x78FF;
    private static final int LINK_CONTROL_WRITABLE = 0x01C3;

    private final int deviceCapabilities;
    private final int linkCapabilities;

    public PciExpress(int deviceCapabilities, int linkCapabilities) {
        super(0x10, false, 20);
        this.deviceCapabilities = deviceCapabilities;
        this.linkCapabilities = linkCapabilities;
    }

    @Override
    protected void layout() {
        config().init16(base() + 2, 0x0001);
        config().init32(base() + 4, deviceCapabilities);
        config().init16(base() + DEVICE_CONTROL, DEVICE_CONTROL_RESET);
        config().writable16(base() + DEVICE_CONTROL, DEVICE_CONTROL_WRITABLE);
        config().clearedByOne16(base() + DEVICE_STATUS, 0xF);
        config().init32(base() + 12, linkCapabilities);
        config().writable16(base() + LINK_CONTROL, LINK_CONTROL_WRITABLE);
        config().init16(base() + LINK_STATUS, linkCapabilities & 0x3FF);
    }

    /** Device Status: sets error bits; software clears them by writing one. */
    public void setDeviceStatus(int bits) {
        config().set16(base() + DEVICE_STATUS, get16(DEVICE_STATUS) | bits & 0xF);
    }

    /** Device Control: software wants messages of this kind. */
    public boolean reports(PciErrors.Severity severity) {
        return (get16(DEVICE_CONTROL) & 1 << severity.ordinal()) != 0;
    }

    /** Device Control: software wants messages about unsupported requests. */
    public boolean reportsUnsupportedRequests() {
        return (get16(DEVICE_CONTROL) & UNSUPPORTED_REQUEST_REPORTING) != 0;
    }

    /** Bytes of payload that software allowed per write request. */
    public int maxPayloadBytes() {
        return 128 << Math.min(get16(DEVICE_CONTROL) >>> 5 & 0x7, deviceCapabilities & 0x7);
    }

    /** Bytes that software allowed per read request. */
    public int maxReadRequestBytes() {
        return 128 << Math.min(get16(DEVICE_CONTROL) >>> 12 & 0x7, 5);
    }
}
