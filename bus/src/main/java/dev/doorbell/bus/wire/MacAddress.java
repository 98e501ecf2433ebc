package dev.doorbell.bus.wire;

import dev.doorbell.bus.mem.GuestMemory;

/** Ethernet addresses as longs: 48 bits, first octet on the wire in bits 47:40. */
public final class MacAddress {
    public static final long BROADCAST = 0xFFFF_FFFF_FFFFL;
    public static final int LENGTH = 6;

    private MacAddress() {}

    /** Parses {@code 52:54:00:12:34:56}; dashes are fine too. */
    public static long parse(String text) {
        long mac = 0;
        if (text.length() != 17) {
            throw bad(text);
        }
        for (int i = 0; i < 17; i += 3) {
            int high = Character.digit(text.charAt(i), 16), low = Character.digit(text.charAt(i + 1), 16);
            if (high < 0 || low < 0 || i < 15 && text.charAt(i + 2) != ':' && text.charAt(i + 2) != '-') {
                throw bad(text);
            }
            mac = mac << 8 | high << 4 | low;
        }
        return mac;
    }

    /** {@code 52:54:00:12:34:56} */
    public static String format(long mac) {
        StringBuilder text = new StringBuilder(17);
        for (int shift = 40; shift >= 0; shift -= 8) {
            int octet = (int) (mac >>> shift) & 0xFF;
            text.append(Character.forDigit(octet >>> 4, 16)).append(Character.forDigit(octet & 0xF, 16));
            if (shift > 0) {
                text.append(':');
            }
        }
        return text.toString();
    }

    /** Group address, broadcast included. */
    public static boolean isMulticast(long mac) {
        return (mac & 0x0100_0000_0000L) != 0;
    }

    /** Usable as a station's own address: individual and not zero. */
    public static boolean isValidStation(long mac) {
        return !isMulticast(mac) && (mac & BROADCAST) != 0;
    }

    /** The group address of an IPv4 multicast group, RFC 1112 §6.4. */
    public static long ofIpv4Multicast(int group) {
        return 0x0100_5E00_0000L | group & 0x7F_FFFF;
    }

    /** The six octets at {@code gpa}. */
    public static long read(GuestMemory memory, long gpa) {
        return (long) (Short.reverseBytes(memory.readShort(gpa)) & 0xFFFF) << 32
                | Integer.reverseBytes(memory.readInt(gpa + 2)) & 0xFFFF_FFFFL;
    }

    public static void write(GuestMemory memory, long gpa, long mac) {
        memory.writeShort(gpa, Short.reverseBytes((short) (mac >>> 32)));
        memory.writeInt(gpa + 2, Integer.reverseBytes((int) mac));
    }

    private static IllegalArgumentException bad(String text) {
        return new IllegalArgumentException("MAC address \"" + text + "\": must be six octets like 52:54:00:12:34:56");
    }
}
