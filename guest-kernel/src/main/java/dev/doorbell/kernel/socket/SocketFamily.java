package dev.doorbell.kernel.socket;

import dev.doorbell.kernel.core.Errno;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The protocols of one address family in one kernel: who makes sockets of which type and protocol. */
public final class SocketFamily {
    /** Registers for every protocol number of a type (raw sockets). */
    public static final int ANY_PROTOCOL = -1;

    private record Entry(int type, int protocol, IntFunction<Sock> factory) {}

    private final int domain;
    private final List<Entry> entries = new ArrayList<>();
    private int refusal;

    public SocketFamily(int domain) {
        this.domain = domain;
    }

    public int domain() {
        return domain;
    }

    /** The first protocol registered for a type is what protocol 0 means. */
    public void register(int type, int protocol, Supplier<Sock> factory) {
        entries.add(new Entry(type, protocol, number -> factory.get()));
    }

    /** Like {@link #register(int, int, Supplier)}; the factory is given the protocol asked for. */
    public void register(int type, int protocol, IntFunction<Sock> factory) {
        entries.add(new Entry(type, protocol, factory));
    }

    /** @return null when there is none; {@link #refusal()} then says why */
    public @Nullable Sock create(int type, int protocol) {
        boolean typeKnown = false;
        for (Entry entry : entries) {
            if (entry.type != type) {
                continue;
            }
            typeKnown = true;
            boolean wildcard = entry.protocol == ANY_PROTOCOL;
            if (wildcard
                    ? protocol != 0 || domain == SocketConstants.AF_PACKET
                    : protocol == 0 || protocol == entry.protocol) {
                return entry.factory.apply(wildcard ? protocol : entry.protocol);
            }
        }
        refusal = (typeKnown ? Errno.EPROTONOSUPPORT : Errno.ESOCKTNOSUPPORT).negated();
        return null;
    }

    /** Why {@link #create} returned null: a negated errno. */
    public int refusal() {
        return refusal;
    }
}
