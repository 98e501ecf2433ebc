package dev.doorbell.kernel.netfilter.match;

import dev.doorbell.kernel.netfilter.RulesException;
import java.util.Locale;
import java.util.Map;

/** The type of service octet in words: RFC 1349's kinds of service, and the classes of differentiated services. */
public final class TosValues {
    /** The bits that RFC 1349 has, as iptables takes them. */
    private static final int RFC1349_MASK = 0x3F;

    private static final Map<String, Integer> SERVICES = Map.of(
            "minimize-delay", 0x10,
            "maximize-throughput", 0x08,
            "maximize-reliability", 0x04,
            "minimize-cost", 0x02,
            "normal-service", 0x00);

    private TosValues() {}

    /**
     * {@code value}, {@code value/mask} or the name of a service.
     *
     * @return value and mask
     */
    public static int[] tos(String option, String text) throws RulesException {
        Integer service = SERVICES.get(text.toLowerCase(Locale.ROOT));
        if (service != null) {
            return new int[] {service, RFC1349_MASK};
        }
        int slash = text.indexOf('/');
        int value = (int) Values.number(option, slash < 0 ? text : text.substring(0, slash), 0, 255);
        return new int[] {value, slash < 0 ? 0xFF : (int) Values.number(option, text.substring(slash + 1), 0, 255)};
    }

    /** A class of differentiated services: BE, EF, CS0 to CS7, AF11 to AF43 (RFC 2474, 2597, 3246). @return six bits */
    public static int dscpClass(String option, String text) throws RulesException {
        String name = text.toUpperCase(Locale.ROOT);
        if (name.equals("BE")) {
            return 0;
        }
        if (name.equals("EF")) {
            return 0x2E;
        }
        if (name.matches("CS[0-7]")) {
            return (name.charAt(2) - '0') << 3;
        }
        if (name.matches("AF[1-4][1-3]")) {
            return (name.charAt(2) - '0') << 3 | (name.charAt(3) - '0') << 1;
        }
        throw new RulesException(option + " \"" + text + "\": must be BE, EF, CS0 to CS7 or AF11 to AF43");
    }
}
