package dev.doorbell.kernel.netfilter.match;

import dev.doorbell.kernel.netfilter.AddressRange;
import dev.doorbell.kernel.netfilter.IpFamily;
import dev.doorbell.kernel.netfilter.Packet;
import dev.doorbell.kernel.netfilter.RulesException;
import dev.doorbell.kernel.netfilter.Words;
import org.jspecify.annotations.Nullable;

/** {@code -m iprange}: addresses between two others. */
final class IpRangeMatch implements Match {
    private final @Nullable AddressRange source;
    private final @Nullable AddressRange destination;
    private final boolean sourceInverted, destinationInverted;

    private IpRangeMatch(Builder from) {
        source = from.source;
        destination = from.destination;
        sourceInverted = from.sourceInverted;
        destinationInverted = from.destinationInverted;
    }

    @Override
    public boolean matches(Packet packet) {
        return isInside(source, packet.sourceHigh(), packet.sourceLow(), sourceInverted)
                && isInside(destination, packet.destinationHigh(), packet.destinationLow(), destinationInverted);
    }

    private static boolean isInside(@Nullable AddressRange range, long high, long low, boolean inverted) {
        return range == null || range.contains(high, low) != inverted;
    }

    @Override
    public void save(StringBuilder out) {
        out.append(" -m iprange");
        save(out, " --src-range ", source, sourceInverted);
        save(out, " --dst-range ", destination, destinationInverted);
    }

    private static void save(StringBuilder out, String option, @Nullable AddressRange range, boolean inverted) {
        if (range != null) {
            Values.saveInverted(out, inverted);
            range.save(out.append(option), true);
        }
    }

    /** Reads the ranges. */
    static final class Builder implements MatchBuilder {
        private final IpFamily family;
        private @Nullable AddressRange source;
        private @Nullable AddressRange destination;
        private boolean sourceInverted, destinationInverted;

        Builder(IpFamily family) {
            this.family = family;
        }

        @Override
        public boolean option(String name, boolean inverted, Words words) throws RulesException {
            switch (name) {
                case "--src-range" -> {
                    source = AddressRange.parse(family, name, words.argument(name));
                    sourceInverted = inverted;
                }
                case "--dst-range" -> {
                    destination = AddressRange.parse(family, name, words.argument(name));
                    destinationInverted = inverted;
                }
                default -> {
                    return false;
                }
            }
            return true;
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
