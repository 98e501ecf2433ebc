package dev.doorbell.bus.pci;

/**
 * Advanced Error Reporting, extended capability 0x0001 (PCI Express Base 1.1 §7.10).
 *
 * <pre>
 *  +4 uncorrectable status   +8 its mask   +12 its severity   +16 correctable status   +20 its mask
 *  +24 capabilities and control   +28 header log, 16 bytes
 * </pre>
 */
public final class AdvancedErrorReporting extends Capability {
    public static final int POISONED_TLP = 1 << 12;
    public static final int COMPLETION_TIMEOUT = 1 << 14;
    public static final int COMPLETER_ABORT = 1 << 15;
    public static final int UNEXPECTED_COMPLETION = 1 << 16;
    public static final int MALFORMED_TLP = 1 << 18;
    public static final int UNSUPPORTED_REQUEST = 1 << 20;
    public static final int RECEIVER_ERROR = 1 << 0;
    public static final int BAD_TLP = 1 << 6;
    public static final int BAD_DLLP = 1 << 7;
    public static final int ADVISORY_NON_FATAL = 1 << 13;

    private static final int UNCORRECTABLE_STATUS = 4;
    private static final int UNCORRECTABLE_MASK = 8;
    private static final int SEVERITY = 12;
    private static final int CORRECTABLE_STATUS = 16;
    private static final int CORRECTABLE_MASK = 20;
    private static final int CONTROL = 24;
    private static final int HEADER_LOG = 28;
    private static final int UNCORRECTABLE_BITS = 0x001F_F010;
    private static final int CORRECTABLE_BITS = 0x0000_31C1;
    private static final int SEVERITY_RESET = 0x0006_2010;

    public AdvancedErrorReporting() {
        super(0x0001, true, 44);
    }

    @Override
    protected void layout() {
        int base = base();
        config().clearedByOne32(base + UNCORRECTABLE_STATUS, UNCORRECTABLE_BITS);
        config().writable32(base + UNCORRECTABLE_MASK, UNCORRECTABLE_BITS);
        config().init32(base + SEVERITY, SEVERITY_RESET);
        config().writable32(base + SEVERITY, UNCORRECTABLE_BITS);
        config().clearedByOne32(base + CORRECTABLE_STATUS, CORRECTABLE_BITS);
        config().init32(base + CORRECTABLE_MASK, ADVISORY_NON_FATAL);
        config().writable32(base + CORRECTABLE_MASK, CORRECTABLE_BITS);
        for (int at = UNCORRECTABLE_STATUS; at < bytes(); at += 4) {
            config().sticky32(base + at, -1);
        }
    }

    /** Whether software has given an uncorrectable error the severity "fatal". */
    public boolean isFatal(int error) {
        return (get32(SEVERITY) & error) != 0;
    }

    /** Sets the status of an uncorrectable error, and nothing else. */
    public void record(int error) {
        config().set32(base() + UNCORRECTABLE_STATUS, get32(UNCORRECTABLE_STATUS) | error);
    }

    /** Records one correctable error. @return whether it is to be reported: it is not masked */
    public boolean correctable(int error) {
        config().set32(base() + CORRECTABLE_STATUS, get32(CORRECTABLE_STATUS) | error);
        return (get32(CORRECTABLE_MASK) & error) == 0;
    }

    /**
     * Records one uncorrectable error; the first one since the status was clear also sets pointer and header log.
     *
     * @return whether it is to be reported: it is not masked
     */
    public boolean uncorrectable(int error, int header0, int header1, int header2, int header3) {
        int before = get32(UNCORRECTABLE_STATUS);
        boolean masked = (get32(UNCORRECTABLE_MASK) & error) != 0;
        record(error);
        if (before == 0 && !masked) {
            config().set32(base() + CONTROL, get32(CONTROL) & ~0x1F | Integer.numberOfTrailingZeros(error));
            config().set32(base() + HEADER_LOG, header0);
            config().set32(base() + HEADER_LOG + 4, header1);
            config().set32(base() + HEADER_LOG + 8, header2);
            config().set32(base() + HEADER_LOG + 12, header3);
        }
        return !masked;
    }
}
