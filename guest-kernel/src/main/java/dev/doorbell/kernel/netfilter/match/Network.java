package dev.doorbell.kernel.netfilter.match;

import dev.doorbell.kernel.netfilter.IpFamily;
import dev.doorbell.kernel.netfilter.RulesException;

/**
 * Addresses that agree in the bits of a mask, which need not be a prefix.
 *
 * @param high high half of the network, the bits outside of the mask 0
 */
public record Network(IpFamily family, long high, long low, long maskHigh, long maskLow) {
    /** All addresses. */
    public static Network any(IpFamily family) {
        return new Network(family, 0, 0, 0, 0);
    }

    /** An address with an optional prefix length or mask behind a slash. */
    public static Network parse(IpFamily family, String option, String text) throws RulesException {
        int slash = text.indexOf('/');
        String host = slash < 0 ? text : text.substring(0, slash);
        long[] address = family.parse(option, family == IpFamily.V4 ? padded(host) : host);
        long[] mask = {-1, -1};
        if (slash >= 0) {
            String tail = text.substring(slash + 1);
            boolean written = tail.indexOf('.') >= 0 || tail.indexOf(':') >= 0;
            mask = written
                    ? family.parse(option, tail)
                    : family.mask((int) Values.number(option, tail, 0, family.addressBits()));
            if (family == IpFamily.V4) {
                mask = new long[] {-1, mask[1] | 0xFFFF_FFFF_0000_0000L};
            }
        }
        return new Network(family, address[0] & mask[0], address[1] & mask[1], mask[0], mask[1]);
    }

    /** Octets that an address such as 10 or 192.168 leaves out at its end are 0. */
    private static String padded(String host) {
        int dots = (int) host.chars().filter(c -> c == '.').count();
        return host.isEmpty() ? host : host + ".0".repeat(Math.max(0, 3 - dots));
    }

    public boolean matches(long otherHigh, long otherLow) {
        return (otherLow & maskLow) == low && (otherHigh & maskHigh) == high;
    }

    /** Whether every address of the family is in it. */
    public boolean isAny() {
        long[] none = family.mask(0);
        return (maskHigh & ~none[0]) == 0 && (maskLow & ~none[1]) == 0;
    }

    /**
     * Appends it, the mask as a prefix length where it is one.
     *
     * @param always a single address gets its prefix length too
     */
    void save(StringBuilder out, boolean always) {
        out.append(family.format(high, low));
        int bits = Long.bitCount(maskHigh) + Long.bitCount(maskLow) - (Long.SIZE * 2 - family.addressBits());
        long[] prefix = family.mask(Math.max(0, bits));
        if (isAny()) {
            out.append("/0");
        } else if (prefix[0] != maskHigh || prefix[1] != maskLow) {
            out.append('/').append(family.format(maskHigh, maskLow));
        } else if (always || bits < family.addressBits()) {
            out.append('/').append(bits);
        }
    }

    /** Appends it as an option of a rule. */
    public void saveOption(StringBuilder out, String option, boolean inverted) {
        if (isAny() && !inverted) {
            return;
        }
        Values.saveInverted(out, inverted);
        save(out.append(option), true);
    }
}
