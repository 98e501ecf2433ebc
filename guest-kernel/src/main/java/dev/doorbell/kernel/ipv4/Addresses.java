package dev.doorbell.kernel.ipv4;

/** The IPv4 addresses of one kernel and what kind of address a number is. Host order: first octet in the top byte. */
public final class Addresses {
    /** True for an address of any of our interfaces, and all of 127/8. */
    public boolean isLocal(int address) {
        return isLoopback(address);
    }

    /** True for 255.255.255.255 and the broadcast and network addresses of our interfaces' prefixes. */
    public boolean isBroadcast(int address) {
        return address == -1;
    }

    /** 224/4. */
    public static boolean isMulticast(int address) {
        return (address & 0xF000_0000) == 0xE000_0000;
    }

    /** 127/8. */
    public static boolean isLoopback(int address) {
        return (address & 0xFF00_0000) == 0x7F00_0000;
    }
}
