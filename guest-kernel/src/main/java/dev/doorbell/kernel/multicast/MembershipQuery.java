package dev.doorbell.kernel.multicast;

/**
 * A router's question, of any version of either protocol: RFC 3376 §4.1, RFC 3810 §5.1.
 *
 * @param version whose form it has
 * @param delayNs answers are due within this time
 * @param robustness the querier's robustness variable, 0 when it says none
 * @param intervalNs between its queries, 0 when it says none
 * @param high group, high half; both 0: all groups
 * @param sources of which the router wants to know; none: of the whole group
 */
public record MembershipQuery(
        int version, long delayNs, int robustness, long intervalNs, long high, long low, SourceSet sources) {
    /**
     * Sources that are remembered for an answer; of more, the whole group is told. So nobody fills memory, or keeps us busy,
     * with queries: RFC 3376 §9.1.
     */
    public static final int MOST_SOURCES = 256;

    boolean isGeneral() {
        return (high | low) == 0;
    }

    /**
     * A time or number in the form of both protocols, RFC 3376 §4.1.1, RFC 3810 §5.1.3: as it is, or with its top bit set as
     * a floating point number.
     *
     * @param bits width of the field, 8 or 16: four or twelve bits of it are the mantissa
     */
    public static int decode(int code, int bits) {
        if (code >>> bits - 1 == 0) {
            return code;
        }
        int mantissaBits = bits - 4;
        int mantissa = code & (1 << mantissaBits) - 1;
        return (mantissa | 1 << mantissaBits) << (code >>> mantissaBits & 7) + 3;
    }
}
