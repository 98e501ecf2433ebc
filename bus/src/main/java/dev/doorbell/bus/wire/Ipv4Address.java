package dev.doorbell.bus.wire;

/** IPv4 addresses as ints, first octet in the top byte. */
public final class Ipv4Address {
    public static final int ANY = 0;
    public static final int BROADCAST = 0xFFFF_FFFF;
    public static final int LOOPBACK = 0x7F00_0001;

    private Ipv4Address() {}

    public static int of(int a, int b, int c, int d) {
        return (a & 0xFF) << 24 | (b & 0xFF) << 16 | (c & 0xFF) << 8 | d & 0xFF;
    }

    /** Parses dotted decimal, four parts. */
    public static int parse(String text) {
        int address = 0, part = 0, digits = 0, parts = 0;
        for (int i = 0; i <= text.length(); i++) {
            char c = i < text.length() ? text.charAt(i) : '.';
            if (c == '.') {
                if (digits == 0 || part > 255) {
                    throw bad(text);
                }
                address = address << 8 | part;
                parts++;
                part = digits = 0;
            } else if (c >= '0' && c <= '9' && digits < 3) {
                part = part * 10 + c - '0';
                digits++;
            } else {
                throw bad(text);
            }
        }
        if (parts != 4) {
            throw bad(text);
        }
        return address;
    }

    public static String format(int address) {
        return (address >>> 24) + "." + (address >>> 16 & 0xFF) + "." + (address >>> 8 & 0xFF) + "." + (address & 0xFF);
    }

    /** 224.0.0.0/4 */
    public static boolean isMulticast(int address) {
        return address >>> 28 == 0xE;
    }

    /** 127.0.0.0/8 */
    public static boolean isLoopback(int address) {
        return address >>> 24 == 127;
    }

    /** The network mask of a prefix of 0 to 32 bits. */
    public static int mask(int prefixLength) {
        if (prefixLength < 0 || prefixLength > 32) {
            throw new IllegalArgumentException("prefix length " + prefixLength + ": must be 0 to 32");
        }
        return prefixLength == 0 ? 0 : -1 << (32 - prefixLength);
    }

    private static IllegalArgumentException bad(String text) {
        return new IllegalArgumentException("IPv4 address \"" + text + "\": must be four numbers like 192.168.7.2");
    }
}
