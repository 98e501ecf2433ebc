package dev.doorbell.bus.pci;

/** Bus, device and function number as one requester id: bus 15:8, device 7:3, function 2:0. */
public final class Bdf {
    private Bdf() {}

    public static int of(int bus, int device, int function) {
        if ((bus & ~0xFF) != 0 || (device & ~0x1F) != 0 || (function & ~0x7) != 0) {
            throw new IllegalArgumentException(
                    "PCI address " + bus + ":" + device + "." + function + ": bus 0-255, device 0-31, function 0-7");
        }
        return bus << 8 | device << 3 | function;
    }

    public static int bus(int bdf) {
        return bdf >>> 8 & 0xFF;
    }

    public static int device(int bdf) {
        return bdf >>> 3 & 0x1F;
    }

    public static int function(int bdf) {
        return bdf & 0x7;
    }

    /** As lspci prints it: "00:03.0". */
    public static String format(int bdf) {
        return String.format("%02x:%02x.%d", bus(bdf), device(bdf), function(bdf));
    }
}
