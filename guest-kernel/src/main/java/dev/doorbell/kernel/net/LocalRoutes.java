package dev.doorbell.kernel.net;

import dev.doorbell.bus.wire.Ipv4Address;
import dev.doorbell.bus.wire.Ipv6Address;
import dev.doorbell.kernel.ipv4.InterfaceAddress;
import dev.doorbell.kernel.ipv4.Ipv4;
import dev.doorbell.kernel.ipv6.InterfaceAddress6;
import dev.doorbell.kernel.ipv6.Ipv6;
import dev.doorbell.kernel.netdev.NetDevice;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The table "local" as {@code ip route} shows it: what the addresses of the interfaces make of packets. It is derived from
 * them and cannot be changed.
 */
final class LocalRoutes {
    private LocalRoutes() {}

    /**
     * @param only of this interface; null: of all
     * @param named each line names the table, as among those of others
     */
    static String show(Ipv4 ipv4, @Nullable NetDevice only, boolean named) {
        TreeMap<Long, List<String>> byAddress = new TreeMap<>();
        for (InterfaceAddress entry : ipv4.addresses().list()) {
            NetDevice dev = entry.dev();
            if (only != null && only != dev) {
                continue;
            }
            InterfaceAddress first = ipv4.addresses().primary(entry); // speaks for the others of its network
            int sender = first == null ? entry.address() : first.address();
            String source = " src " + Ipv4Address.format(sender) + " \n";
            String where = " dev " + dev.name() + (named ? " table local" : "") + " proto kernel scope ";
            if (dev.isLoopback() && entry.prefixLength() < Integer.SIZE) {
                int network = entry.address() & Ipv4Address.mask(entry.prefixLength());
                String prefix = Ipv4Address.format(network) + "/" + entry.prefixLength();
                add(byAddress, network, "local " + prefix + where + "host" + source);
            }
            add(byAddress, entry.address(), "local " + Ipv4Address.format(entry.address()) + where + "host" + source);
            int last = entry.address() | ~Ipv4Address.mask(entry.prefixLength());
            if (entry.prefixLength() < Integer.SIZE - 1 && sender == entry.address() && dev.isUp()) {
                add(byAddress, last, "broadcast " + Ipv4Address.format(last) + where + "link" + source);
            }
        }
        StringBuilder out = new StringBuilder();
        byAddress.values().forEach(lines -> lines.forEach(out::append));
        return out.toString();
    }

    private static void add(Map<Long, List<String>> byAddress, int address, String line) {
        byAddress
                .computeIfAbsent(address & 0xFFFF_FFFFL, key -> new ArrayList<>())
                .add(line);
    }

    /** The same of IPv6. */
    static String show(Ipv6 ipv6, @Nullable NetDevice only, boolean named) {
        StringBuilder out = new StringBuilder();
        String table = named ? " table local" : "";
        for (InterfaceAddress6 entry : ipv6.addresses().list()) {
            if (only == null || only == entry.dev()) {
                out.append("local ").append(Ipv6Address.format(entry.high(), entry.low()));
                out.append(" dev ").append(entry.dev().name()).append(table);
                out.append(" proto kernel metric 0 pref medium\n");
            }
        }
        for (NetDevice dev : ipv6.net().devices()) {
            if ((only == null || only == dev) && dev.isUp() && !dev.isLoopback()) {
                out.append("multicast ff00::/8 dev ").append(dev.name()).append(table);
                out.append(" proto kernel metric 256 pref medium\n");
            }
        }
        return out.toString();
    }
}
