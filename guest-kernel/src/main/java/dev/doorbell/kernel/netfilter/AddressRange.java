package dev.doorbell.kernel.netfilter;

/** Addresses from the first to the last, both inclusive. */
public record AddressRange(IpFamily family, long firstHigh, long firstLow, long lastHigh, long lastLow) {
    /** {@code first-last}, or a single address. */
    public static AddressRange parse(IpFamily family, String option, String text) throws RulesException {
        int dash = text.indexOf('-');
        long[] first = family.parse(option, dash < 0 ? text : text.substring(0, dash));
        long[] last = dash < 0 ? first : family.parse(option, text.substring(dash + 1));
        if (compare(first[0], first[1], last[0], last[1]) > 0) {
            throw new RulesException(option + " \"" + text + "\": the range ends before it begins");
        }
        return new AddressRange(family, first[0], first[1], last[0], last[1]);
    }

    /** Only this address. */
    public static AddressRange of(IpFamily family, long high, long low) {
        return new AddressRange(family, high, low, high, low);
    }

    private static int compare(long high, long low, long otherHigh, long otherLow) {
        int order = Long.compareUnsigned(high, otherHigh);
        return order != 0 ? order : Long.compareUnsigned(low, otherLow);
    }

    public boolean contains(long high, long low) {
        return compare(high, low, firstHigh, firstLow) >= 0 && compare(high, low, lastHigh, lastLow) <= 0;
    }

    public boolean isSingle() {
        return firstHigh == lastHigh && firstLow == lastLow;
    }

    /**
     * Appends it.
     *
     * @param always both ends, even when they are the same
     */
    public void save(StringBuilder out, boolean always) {
        out.append(family.format(firstHigh, firstLow));
        if (always || !isSingle()) {
            out.append('-').append(family.format(lastHigh, lastLow));
        }
    }
}
