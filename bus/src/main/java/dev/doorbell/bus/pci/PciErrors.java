package dev.doorbell.bus.pci;

import java.util.Objects;

/**
 * How a function shows errors, PCI Express Base 1.1 §6.2: in Device Status, in Advanced Error Reporting with severity,
 * mask and header log, in Status, and by a message to the root complex where software wants one. Also the place to
 * inject errors that nothing has caused.
 */
public final class PciErrors {
    /** What a message to the root complex says. */
    public enum Severity {
        CORRECTABLE,
        NON_FATAL,
        FATAL
    }

    /** Takes the messages: ERR_COR, ERR_NONFATAL, ERR_FATAL. */
    @FunctionalInterface
    public interface Listener {
        void message(Severity severity);
    }

    private final ConfigSpace config;
    private final AdvancedErrorReporting advanced;
    private final PciExpress express;
    private Listener listener = severity -> {};

    /** @throws NullPointerException when the function lacks one of the two capabilities */
    public PciErrors(ConfigSpace config) {
        this.config = config;
        advanced = Objects.requireNonNull(config.capability(AdvancedErrorReporting.class));
        express = Objects.requireNonNull(config.capability(PciExpress.class));
    }

    public void onMessage(Listener messages) {
        listener = messages;
    }

    /** @param error a bit of the correctable status, such as {@link AdvancedErrorReporting#BAD_TLP} */
    public void correctable(int error) {
        express.setDeviceStatus(PciExpress.CORRECTABLE_DETECTED);
        if (advanced.correctable(error) && express.reports(Severity.CORRECTABLE)) {
            listener.message(Severity.CORRECTABLE);
        }
    }

    /**
     * An error of a request that has no other answer.
     *
     * @param error a bit of the uncorrectable status, such as {@link AdvancedErrorReporting#POISONED_TLP}
     * @param header0 first of four dwords of the packet's header, as the log shows it
     */
    public void uncorrectable(int error, int header0, int header1, int header2, int header3) {
        boolean fatal = advanced.isFatal(error);
        express.setDeviceStatus(fatal ? PciExpress.FATAL_DETECTED : PciExpress.NON_FATAL_DETECTED);
        if (advanced.uncorrectable(error, header0, header1, header2, header3)) {
            message(error, fatal ? Severity.FATAL : Severity.NON_FATAL);
        }
    }

    /**
     * The same for a request whose requester hears of it by the completion (§6.2.3.2.4): unless it is fatal, only an
     * advisory goes out, as a correctable error.
     */
    public void advisory(int error, int header0, int header1, int header2, int header3) {
        if (advanced.isFatal(error)) {
            uncorrectable(error, header0, header1, header2, header3);
            return;
        }
        express.setDeviceStatus(PciExpress.CORRECTABLE_DETECTED);
        boolean wanted = advanced.correctable(AdvancedErrorReporting.ADVISORY_NON_FATAL);
        if (wanted) {
            boolean reported = advanced.uncorrectable(error, header0, header1, header2, header3);
            if (reported && express.reports(Severity.CORRECTABLE) && reportsRequest(error)) {
                listener.message(Severity.CORRECTABLE);
            }
        } else {
            advanced.record(error);
        }
    }

    /**
     * Nobody in the function takes a request.
     *
     * @param posted it is a memory write: no completion tells the requester
     */
    public void unsupportedRequest(boolean posted, int header0, int header1, int header2) {
        express.setDeviceStatus(PciExpress.UNSUPPORTED_REQUEST_DETECTED);
        if (posted) {
            uncorrectable(AdvancedErrorReporting.UNSUPPORTED_REQUEST, header0, header1, header2, 0);
        } else {
            advisory(AdvancedErrorReporting.UNSUPPORTED_REQUEST, header0, header1, header2, 0);
        }
    }

    /** A read of the function was answered as an unsupported request. */
    public void receivedMasterAbort() {
        config.set16(ConfigSpace.STATUS, config.get16(ConfigSpace.STATUS) | ConfigSpace.STATUS_RECEIVED_MASTER_ABORT);
    }

    private void message(int error, Severity severity) {
        boolean system = (config.command() & ConfigSpace.COMMAND_SERR) != 0;
        if (!reportsRequest(error) || !system && !express.reports(severity)) {
            return;
        }
        if (system) {
            config.set16(
                    ConfigSpace.STATUS, config.get16(ConfigSpace.STATUS) | ConfigSpace.STATUS_SIGNALLED_SYSTEM_ERROR);
        }
        listener.message(severity);
    }

    /** Unsupported requests have an enable of their own, Device Control bit 3, which SERR overrules. */
    private boolean reportsRequest(int error) {
        return error != AdvancedErrorReporting.UNSUPPORTED_REQUEST
                || express.reportsUnsupportedRequests()
                || (config.command() & ConfigSpace.COMMAND_SERR) != 0;
    }
}
