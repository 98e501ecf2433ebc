package dev.doorbell.kernel.pci;

/** A kind of device that a driver handles: an entry of its id table. */
public record PciDeviceId(int vendor, int device) {
    /** Matches everything. */
    public static final int PCI_ANY_ID = -1;

    public boolean matches(int vendorId, int deviceId) {
        return (vendor == PCI_ANY_ID || vendor == vendorId) && (device == PCI_ANY_ID || device == deviceId);
    }
}
