package dev.doorbell.kernel.netfilter.match;

import dev.doorbell.bus.wire.Ipv4Address;
import dev.doorbell.kernel.netfilter.Packet;
import dev.doorbell.kernel.netfilter.RulesException;
import dev.doorbell.kernel.netfilter.Words;
import org.jspecify.annotations.Nullable;

/** {@code -m iprange}: addresses between two others. */
final class IpRangeMatch implements Match {
    private final int @Nullable [] source;
    private final int @Nullable [] destination;
    private final boolean sourceInverted, destinationInverted;

    private IpRangeMatch(Builder from) {
        source = from.source;
        destination = from.destination;
        sourceInverted = from.sourceInverted;
        destinationInverted = from.destinationInverted;
    }

    @Override
    public boolean matches(Packet packet) {
        return isInside(source, packet.source(), sourceInverted)
                && isInside(destination, packet.destination(), destinationInverted);
    }

    private static boolean isInside(int @Nullable [] range, int address, boolean inverted) {
        if (range == null) {
            return true;
        }
        boolean inside =
                Integer.compareUnsigned(address, range[0]) >= 0 && Integer.compareUnsigned(address, range[1]) <= 0;
        return inside != inverted;
    }

    @Override
    public void save(StringBuilder out) {
        out.append(" -m iprange");
        save(out, " --src-range ", source, sourceInverted);
        save(out, " --dst-range ", destination, destinationInverted);
    }

    private static void save(StringBuilder out, String option, int @Nullable [] range, boolean inverted) {
        if (range != null) {
            Values.saveInverted(out, inverted);
            out.append(option).append(Ipv4Address.format(range[0]));
            out.append('-').append(Ipv4Address.format(range[1]));
        }
    }

    /** Reads the ranges. */
    static final class Builder implements MatchBuilder {
        private int @Nullable [] source;
        private int @Nullable [] destination;
        private boolean sourceInverted, destinationInverted;

        @Override
        public boolean option(String name, boolean inverted, Words words) throws RulesException {
            switch (name) {
                case "--src-range" -> {
                    source = parse(name, words.argument(name));
                    sourceInverted = inverted;
                }
                case "--dst-range" -> {
                    destination = parse(name, words.argument(name));
                    destinationInverted = inverted;
                }
                default -> {
                    return false;
                }
            }
            return true;
        }

        private static int[] parse(String option, String text) throws RulesException {
            int dash = text.indexOf('-');
            int from = Values.address(option, dash < 0 ? text : text.substring(0, dash));
            int to = dash < 0 ? from : Values.address(option, text.substring(dash + 1));
            if (Integer.compareUnsigned(from, to) > 0) {
                throw new RulesException(option + " \"" + text + "\": the range ends before it begins");
            }
            return new int[] {from, to};
        }

        @Override
        public Match build(RuleHead head) throws RulesException {
            if (source == null && destination == null) {
                throw new RulesException("match iprange needs --src-range or --dst-range");
            }
            return new IpRangeMatch(this);
        }
    }
}
