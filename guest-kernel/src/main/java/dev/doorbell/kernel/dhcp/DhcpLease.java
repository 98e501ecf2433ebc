package dev.doorbell.kernel.dhcp;

import dev.doorbell.bus.wire.Ipv4Address;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a server granted. Times count from when the confirmed request was sent.
 *
 * @param server its identifier, an address
 * @param routes RFC 3442 when the server sent some, else a default route to the first router
 * @param mtu 0: the server said nothing
 * @param domain empty: the server said nothing
 * @param leaseNs {@link #FOREVER} for a lease without end
 */
public record DhcpLease(
        int address,
        int prefixLength,
        int server,
        List<DhcpRoute> routes,
        List<Integer> nameServers,
        String domain,
        int mtu,
        long leaseNs,
        long renewalNs,
        long rebindingNs) {

    public static final long FOREVER = Long.MAX_VALUE / 4;

    private static final long SECOND_NS = 1_000_000_000L;
    private static final long INFINITE_SECONDS = 0xFFFF_FFFFL;
    private static final int MIN_MTU = 68;
    private static final double RENEWAL = 0.5, REBINDING = 0.875;

    /** A network that is reached through a router; router 0: on the link. */
    public record DhcpRoute(int destination, int prefixLength, int router) {}

    /** @return null when it grants nothing that could be used: no sane address, mask, server or time */
    static @Nullable DhcpLease of(DhcpMessage message) {
        int address = message.yourAddress();
        int server = message.i32(DhcpOption.SERVER_ID, 0);
        long seconds = message.i32(DhcpOption.LEASE_TIME, 0) & 0xFFFF_FFFFL;
        int prefixLength = prefixLength(message, address);
        if (!isHost(address) || !isHost(server) || seconds == 0 || prefixLength < 0) {
            return null;
        }
        int mask = Ipv4Address.mask(prefixLength);
        boolean ofNetwork = prefixLength < 31 && ((address & ~mask) == 0 || (address | mask) == -1);
        if (ofNetwork) {
            return null; // the network's own or its broadcast address
        }
        List<DhcpRoute> routes = routes(message);
        if (routes == null) {
            return null;
        }
        long lease = seconds == INFINITE_SECONDS ? FOREVER : seconds * SECOND_NS;
        long rebinding = time(message, DhcpOption.REBINDING_TIME, lease, lease, REBINDING);
        long renewal = time(message, DhcpOption.RENEWAL_TIME, lease, rebinding, RENEWAL);
        return new DhcpLease(
                address,
                prefixLength,
                server,
                routes,
                hosts(message.option(DhcpOption.DNS_SERVERS)),
                domain(message.option(DhcpOption.DOMAIN_NAME)),
                mtu(message.option(DhcpOption.INTERFACE_MTU)),
                lease,
                renewal,
                rebinding);
    }

    /** Addresses that one host can have: CVE-2019-12264 is what happens without this. */
    static boolean isHost(int address) {
        int first = address >>> 24;
        return first != 0 && first != 127 && first < 224;
    }

    /** @return -1 for a mask with holes, or none at all left for hosts */
    private static int prefixLength(DhcpMessage message, int address) {
        byte[] option = message.option(DhcpOption.SUBNET_MASK);
        if (option == null) {
            return address >>> 31 == 0 ? 8 : address >>> 30 == 2 ? 16 : 24; // by class, RFC 950
        }
        int mask = message.i32(DhcpOption.SUBNET_MASK, 0);
        int bits = Integer.bitCount(mask);
        return bits == 0 || Ipv4Address.mask(bits) != mask ? -1 : bits;
    }

    private static long time(DhcpMessage message, int option, long lease, long before, double share) {
        long given = (message.i32(option, 0) & 0xFFFF_FFFFL) * SECOND_NS;
        if (given > 0 && given < before) {
            return given;
        }
        return lease >= FOREVER ? FOREVER : Math.min(before, (long) (lease * share));
    }

    /** Whole addresses of hosts; what is left over or no host is left out. */
    private static List<Integer> hosts(byte @Nullable [] option) {
        List<Integer> hosts = new ArrayList<>();
        for (int at = 0; option != null && at + 4 <= option.length; at += 4) {
            int host = ByteBuffer.wrap(option).getInt(at);
            if (isHost(host)) {
                hosts.add(host);
            }
        }
        return List.copyOf(hosts);
    }

    /** @return null when the option is malformed */
    private static @Nullable List<DhcpRoute> routes(DhcpMessage message) {
        byte[] option = message.option(DhcpOption.CLASSLESS_ROUTES);
        if (option == null) {
            List<Integer> routers = hosts(message.option(DhcpOption.ROUTERS));
            return routers.isEmpty() ? List.of() : List.of(new DhcpRoute(0, 0, routers.get(0)));
        }
        List<DhcpRoute> routes = new ArrayList<>();
        int at = 0;
        while (at < option.length) {
            int width = option[at++] & 0xFF;
            int bytes = width + 7 >>> 3;
            if (width > 32 || at + bytes + 4 > option.length) {
                return null;
            }
            int destination = 0;
            for (int i = 0; i < bytes; i++) {
                destination |= (option[at + i] & 0xFF) << 24 - 8 * i;
            }
            int router = ByteBuffer.wrap(option).getInt(at + bytes);
            if (router != 0 && !isHost(router)) {
                return null;
            }
            routes.add(new DhcpRoute(destination & Ipv4Address.mask(width), width, router));
            at += bytes + 4;
        }
        return List.copyOf(routes);
    }

    private static int mtu(byte @Nullable [] option) {
        int mtu = option == null || option.length != 2
                ? 0
                : ByteBuffer.wrap(option).getShort() & 0xFFFF;
        return mtu < MIN_MTU ? 0 : mtu;
    }

    /** Only what a name can have. */
    private static String domain(byte @Nullable [] option) {
        String text = option == null ? "" : new String(option, StandardCharsets.US_ASCII).replace("\0", "");
        return text.chars().allMatch(c -> c > ' ' && c < 127) ? text : "";
    }
}
