package dev.doorbell.kernel.ipv4;

import dev.doorbell.bus.wire.Ipv4Address;
import dev.doorbell.kernel.arp.Arp;
import dev.doorbell.kernel.netdev.NetDevice;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The IPv4 addresses of one kernel and what kind of address a number is. Addresses are ints, first octet in the top
 * byte. Weak host model, as Linux: an address is ours on whatever interface the packet came in.
 */
public final class Addresses implements Arp.Addresses {
    private final List<InterfaceAddress> all = new ArrayList<>();
    /** Copies for the packet path: few, so a scan beats a hash. */
    private int[] local = {};

    private int[] broadcast = {};

    void add(InterfaceAddress address) {
        all.add(address);
        rebuild();
    }

    boolean remove(InterfaceAddress address) {
        boolean found = all.remove(address);
        rebuild();
        return found;
    }

    private void rebuild() {
        local = all.stream().mapToInt(InterfaceAddress::address).toArray();
        broadcast = all.stream()
                .filter(a -> a.broadcast() != 0)
                .flatMapToInt(a -> java.util.stream.IntStream.of(a.broadcast(), a.network()))
                .toArray();
    }

    /** All of them, in the order in which they were added. */
    public List<InterfaceAddress> list() {
        return Collections.unmodifiableList(all);
    }

    /** Whether its interface had another address of the same prefix before it. */
    public boolean isSecondary(InterfaceAddress address) {
        InterfaceAddress first = primary(address);
        return first != null && !first.equals(address);
    }

    /** The first address of an interface in another one's prefix; null: it has none. */
    public @Nullable InterfaceAddress primary(InterfaceAddress other) {
        for (InterfaceAddress entry : all) {
            if (entry.dev() == other.dev()
                    && entry.prefixLength() == other.prefixLength()
                    && entry.network() == other.network()) {
                return entry;
            }
        }
        return null;
    }

    /** True for an address of any of our interfaces, and all of 127/8. */
    @Override
    public boolean isLocal(int address) {
        int[] ours = local;
        for (int i = 0; i < ours.length; i++) {
            if (ours[i] == address) {
                return true;
            }
        }
        return isLoopback(address);
    }

    /** True for 255.255.255.255 and the broadcast and network addresses of our interfaces' prefixes. */
    public boolean isBroadcast(int address) {
        if (address == Ipv4Address.BROADCAST) {
            return true;
        }
        int[] known = broadcast;
        for (int i = 0; i < known.length; i++) {
            if (known[i] == address) {
                return true;
            }
        }
        return false;
    }

    /** 224/4. */
    public static boolean isMulticast(int address) {
        return Ipv4Address.isMulticast(address);
    }

    /** 127/8. */
    public static boolean isLoopback(int address) {
        return Ipv4Address.isLoopback(address);
    }

    /** The entry for an address of ours, or null. */
    public @Nullable InterfaceAddress find(int address) {
        for (InterfaceAddress entry : all) {
            if (entry.address() == address) {
                return entry;
            }
        }
        return null;
    }

    /** Whether a host is on the link of an interface, by the prefixes of its addresses. */
    boolean isOnLink(NetDevice dev, int address) {
        for (int i = 0; i < all.size(); i++) {
            InterfaceAddress entry = all.get(i);
            if (entry.dev() == dev && entry.contains(address)) {
                return true;
            }
        }
        return false;
    }

    /** The first address of an interface; 0 when it has none. */
    public int firstOf(NetDevice dev) {
        for (InterfaceAddress entry : all) {
            if (entry.dev() == dev) {
                return entry.address();
            }
        }
        return 0;
    }

    /** The interface whose prefix has {@code address} as its broadcast address, or null. */
    @Nullable
    InterfaceAddress findByBroadcast(int address) {
        for (InterfaceAddress entry : all) {
            if (entry.broadcast() != 0 && (entry.broadcast() == address || entry.network() == address)) {
                return entry;
            }
        }
        return null;
    }

    /**
     * The source address for talking to {@code target} through {@code dev}: one whose prefix holds the target, else the
     * device's first, else another interface's first. 0 when there is none.
     */
    @Override
    public int sourceFor(NetDevice dev, int target) {
        int first = 0;
        int other = 0;
        for (InterfaceAddress entry : all) {
            if (entry.dev() == dev) {
                if (entry.contains(target)) {
                    return entry.address();
                }
                first = first == 0 ? entry.address() : first;
            } else if (other == 0 && !isLoopback(entry.address())) {
                other = entry.address();
            }
        }
        return first != 0 ? first : other;
    }
}
