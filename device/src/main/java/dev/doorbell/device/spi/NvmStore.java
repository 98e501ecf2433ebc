package dev.doorbell.device.spi;

/** Non-volatile memory of 16-bit words. */
public interface NvmStore {
    /** The words, exactly as long as the part; an array of length 0 asks the model for its default image. */
    short[] load();

    /**
     * Called when the guest has changed words, at most once in a write cycle: when this returns the guest is told that
     * they are written. A store that cannot keep them says so to its user, and does not throw.
     */
    void store(short[] words);

    /** MAC address for a default image: 48 bits, first octet on the wire in bits 47:40. */
    long defaultMac();
}
