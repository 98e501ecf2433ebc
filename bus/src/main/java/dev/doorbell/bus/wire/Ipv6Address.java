package dev.doorbell.bus.wire;

import java.util.Arrays;

/**
 * IPv6 addresses as two longs: the first eight octets in the high one, in network order. An IPv4 address a.b.c.d is
 * written into the same two longs as ::ffff:a.b.c.d (IPv4-mapped, RFC 4291 §2.5.5.2), so that one table holds both.
 */
public final class Ipv6Address {
    /** ::1, low half; the high half is 0. */
    public static final long LOOPBACK_LOW = 1;
    /** ff02::1, all nodes; ff02::2, all routers; ff02::16, MLDv2 routers: high half, and low halves. */
    public static final long LINK_GROUP_HIGH = 0xFF02_0000_0000_0000L;

    public static final long ALL_NODES_LOW = 1, ALL_ROUTERS_LOW = 2, MLD_ROUTERS_LOW = 0x16;
    /** fe80::/64. */
    public static final long LINK_LOCAL_HIGH = 0xFE80_0000_0000_0000L;

    private static final long SOLICITED_NODE_LOW = 0x1_FF00_0000L;
    private static final long MAPPED_LOW = 0xFFFF_0000_0000L;
    private static final int WORDS = 8;

    private Ipv6Address() {}

    // ---- IPv4 in the same space

    /** True for ::ffff:0:0/96. */
    public static boolean isV4(long high, long low) {
        return high == 0 && low >>> 32 == 0xFFFF;
    }

    /** Low half of the mapped form of an IPv4 address; the high half is 0. */
    public static long ofV4(int address) {
        return MAPPED_LOW | address & 0xFFFF_FFFFL;
    }

    /** :: and ::ffff:0.0.0.0: no address in particular, of either family. */
    public static boolean isAny(long high, long low) {
        return high == 0 && (low == 0 || low == MAPPED_LOW);
    }

    // ---- kinds, RFC 4291 §2.4

    /** ::. */
    public static boolean isUnspecified(long high, long low) {
        return (high | low) == 0;
    }

    /** ::1. */
    public static boolean isLoopback(long high, long low) {
        return high == 0 && low == LOOPBACK_LOW;
    }

    /** ff00::/8. */
    public static boolean isMulticast(long high) {
        return high >>> 56 == 0xFF;
    }

    /** fe80::/10. */
    public static boolean isLinkLocal(long high) {
        return high >>> 54 == 0xFE80 >>> 6;
    }

    /** Scope of a group, RFC 7346: 1 interface, 2 link, 5 site, 8 organisation, 14 global. */
    public static int groupScope(long high) {
        return (int) (high >>> 48) & 0xF;
    }

    /** Whether the address means something only together with an interface: link-local, or a group of link scope. */
    public static boolean needsInterface(long high) {
        return isLinkLocal(high) || isMulticast(high) && groupScope(high) <= 2;
    }

    /** Low half of the solicited-node group of an address; the high half is {@link #LINK_GROUP_HIGH}. RFC 4291 §2.7.1. */
    public static long solicitedNodeLow(long low) {
        return SOLICITED_NODE_LOW | low & 0xFF_FFFF;
    }

    // ---- prefixes

    /** High half of the mask of a prefix. */
    public static long maskHigh(int prefixLength) {
        return prefixLength == 0 ? 0 : prefixLength >= 64 ? -1 : -1L << 64 - prefixLength;
    }

    /** Low half of it. */
    public static long maskLow(int prefixLength) {
        return prefixLength <= 64 ? 0 : -1L << 128 - prefixLength;
    }

    /** Whether two addresses agree in their first bits. */
    public static boolean samePrefix(long high, long low, long otherHigh, long otherLow, int prefixLength) {
        return ((high ^ otherHigh) & maskHigh(prefixLength)) == 0 && ((low ^ otherLow) & maskLow(prefixLength)) == 0;
    }

    /** How many first bits of two addresses agree. */
    public static int commonPrefix(long high, long low, long otherHigh, long otherLow) {
        return high != otherHigh
                ? Long.numberOfLeadingZeros(high ^ otherHigh)
                : 64 + Long.numberOfLeadingZeros(low ^ otherLow);
    }

    // ---- text

    /** Both halves of an address in text form, RFC 4291 §2.2, without a zone. */
    public static long[] parse(String text) {
        int[] words = new int[WORDS];
        int gap = text.indexOf("::");
        if (gap >= 0) {
            int head = words(text, text.substring(0, gap), words, 0);
            int[] behind = new int[WORDS];
            int tail = words(text, text.substring(gap + 2), behind, 0);
            if (head + tail >= WORDS) {
                throw bad(text);
            }
            System.arraycopy(behind, 0, words, WORDS - tail, tail);
        } else if (words(text, text, words, 0) != WORDS) {
            throw bad(text);
        }
        return new long[] {half(words, 0), half(words, 4)};
    }

    private static long half(int[] words, int at) {
        return (long) words[at] << 48 | (long) words[at + 1] << 32 | (long) words[at + 2] << 16 | words[at + 3];
    }

    /** @return how many words the text holds */
    private static int words(String whole, String text, int[] into, int at) {
        if (text.isEmpty()) {
            return at;
        }
        String[] parts = text.split(":", -1);
        for (int i = 0; i < parts.length; i++) {
            boolean dotted = parts[i].indexOf('.') >= 0;
            if (at + (dotted ? 2 : 1) > WORDS || dotted && i != parts.length - 1) {
                throw bad(whole);
            }
            if (dotted) {
                int v4 = Ipv4Address.parse(parts[i]);
                into[at++] = v4 >>> 16;
                into[at++] = v4 & 0xFFFF;
            } else if (parts[i].isEmpty()
                    || parts[i].length() > 4
                    || !parts[i].chars().allMatch(c -> Character.digit(c, 16) >= 0 && c < 128)) {
                throw bad(whole);
            } else {
                into[at++] = Integer.parseInt(parts[i], 16);
            }
        }
        return at;
    }

    /** Canonical text, RFC 5952: lower case, the longest run of zeros shortened, mapped addresses with dots. */
    public static String format(long high, long low) {
        if (isV4(high, low)) {
            return "::ffff:" + Ipv4Address.format((int) low);
        }
        int[] words = new int[WORDS];
        Arrays.setAll(words, i -> (int) ((i < 4 ? high >>> 48 - 16 * i : low >>> 112 - 16 * i) & 0xFFFF));
        int best = -1;
        int bestLength = 1; // a single zero is not shortened
        for (int i = 0; i < WORDS; i++) {
            int end = i;
            while (end < WORDS && words[end] == 0) {
                end++;
            }
            if (end - i > bestLength) {
                best = i;
                bestLength = end - i;
            }
            i = Math.max(i, end - 1);
        }
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < WORDS; i++) {
            if (i == best) {
                text.append("::");
                i += bestLength - 1;
            } else {
                if (i > 0 && text.charAt(text.length() - 1) != ':') {
                    text.append(':');
                }
                text.append(Integer.toHexString(words[i]));
            }
        }
        return text.toString();
    }

    /** As {@link #format}, an IPv4-mapped address as plain dotted quad. */
    public static String formatEither(long high, long low) {
        return isV4(high, low) ? Ipv4Address.format((int) low) : format(high, low);
    }

    private static IllegalArgumentException bad(String text) {
        return new IllegalArgumentException(
                "IPv6 address \"" + text + "\": must be eight hexadecimal words or shortened, like 2001:db8::1");
    }
}
