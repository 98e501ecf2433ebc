package dev.doorbell.kernel.pci;

import dev.doorbell.kernel.core.ErrnoException;

/** A driver for PCI functions: struct pci_driver. Its methods run in task context. */
public interface PciDriver {
    /** "e1000e". */
    String name();

    PciDeviceId[] idTable();

    /** A device of the id table is there. Whoever throws has undone everything. */
    void probe(PciDev dev) throws ErrnoException;

    /** The device is to be left, or is gone already ({@link PciDev#isDisconnected}). */
    void remove(PciDev dev);

    /** The system goes to sleep, or the device alone does; the driver saves what it needs. */
    default void suspend(PciDev dev) throws ErrnoException {}

    default void resume(PciDev dev) throws ErrnoException {}

    /**
     * The function reported an error, or its link did: err_handler->error_detected. Called with
     * {@link PciChannelState#PERM_FAILURE} there is no way back.
     */
    default PciErsResult errorDetected(PciDev dev, PciChannelState state) {
        return PciErsResult.NONE;
    }

    /** Register access works again; asked of a driver that can recover without a reset: err_handler->mmio_enabled. */
    default PciErsResult mmioEnabled(PciDev dev) {
        return PciErsResult.RECOVERED;
    }

    /** The function was reset, its configuration space with it: err_handler->slot_reset. */
    default PciErsResult slotReset(PciDev dev) {
        return PciErsResult.DISCONNECT;
    }

    /** Traffic may go on: err_handler->resume. */
    default void errorResume(PciDev dev) {}
}
