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
}
