package dev.doorbell.kernel.net;

import dev.doorbell.bus.wire.Ipv4Address;
import dev.doorbell.bus.wire.Ipv6Address;
import dev.doorbell.kernel.arp.Arp;
import dev.doorbell.kernel.core.ErrnoException;
import dev.doorbell.kernel.core.KernelContext;
import dev.doorbell.kernel.icmp.Icmp;
import dev.doorbell.kernel.icmpv6.Icmp6;
import dev.doorbell.kernel.igmp.Igmp;
import dev.doorbell.kernel.inet.InetStack;
import dev.doorbell.kernel.ipv4.Ipv4;
import dev.doorbell.kernel.ipv4.RouteEntry;
import dev.doorbell.kernel.ipv4.RouteType;
import dev.doorbell.kernel.ipv4.SnmpCounters;
import dev.doorbell.kernel.ipv6.Ipv6;
import dev.doorbell.kernel.mld.Mld;
import dev.doorbell.kernel.ndp.NeighbourDiscovery;
import dev.doorbell.kernel.netdev.Loopback;
import dev.doorbell.kernel.netdev.NetCore;
import dev.doorbell.kernel.netdev.NetDevice;
import dev.doorbell.kernel.netfilter.NetfilterHooks;
import dev.doorbell.kernel.netfilter.tables.Iptables;
import dev.doorbell.kernel.packet.PacketSock;
import dev.doorbell.kernel.raw.Raw;
import dev.doorbell.kernel.raw.Raw6;
import dev.doorbell.kernel.socket.SocketConstants;
import dev.doorbell.kernel.socket.SocketFamily;
import dev.doorbell.kernel.socket.Syscalls;
import dev.doorbell.kernel.udp.Udp;
import java.util.ArrayList;
import java.util.List;

/**
 * The network stack of one kernel: every protocol but TCP, which registers itself with {@link
 * #ipv4()} and {@link #inet()}.
 */
public final class NetStack {
    private static final int LOOPBACK_PREFIX = 8;

    private final KernelContext kernel;
    private final Ipv4 ipv4;
    private final SocketFamily packet = new SocketFamily(SocketConstants.AF_PACKET);
    private final SocketFamily inet = new SocketFamily(SocketConstants.AF_INET);
    private final SocketFamily inet6 = new SocketFamily(SocketConstants.AF_INET6);
    private final InetStack layers;
    private final NeighbourDiscovery discovery;
    private final List<Runnable> peerMetrics = new ArrayList<>();

    /** Uses the kernel's {@code lo}, or makes it. */
    public NetStack(NetCore net) throws ErrnoException {
        this.kernel = net.kernel();
        NetDevice known = net.deviceByName("lo");
        NetDevice loopback = known != null ? known : Loopback.create(net);
        this.ipv4 = new Ipv4(net, loopback);
        ipv4.addAddress(loopback, Ipv4Address.LOOPBACK, LOOPBACK_PREFIX);
        new Icmp(ipv4);
        new Igmp(ipv4);
        Ipv6 ipv6 = new Ipv6(net, loopback, ipv4.snmp());
        Icmp6 icmp6 = new Icmp6(ipv6);
        this.discovery = new NeighbourDiscovery(icmp6, new Mld(icmp6));
        this.layers = new InetStack(ipv4, ipv6);
        new Udp(layers, inet, inet6);
        new Raw(layers, inet);
        new Raw6(layers, inet6);
        PacketSock.register(packet, net);
    }

    // ---- parts

    public Ipv4 ipv4() {
        return ipv4;
    }

    public Ipv6 ipv6() {
        return layers.ipv6();
    }

    /** Both network layers, for protocols on top of them. */
    public InetStack layers() {
        return layers;
    }

    /** Neighbours, routers and addresses of IPv6 links. */
    public NeighbourDiscovery neighbourDiscovery() {
        return discovery;
    }

    public Arp arp() {
        return ipv4.arp();
    }

    public NetfilterHooks netfilter() {
        return ipv4.netfilter();
    }

    /** The rules of the packet filter, and connection tracking. */
    public Iptables iptables() {
        return ipv4.iptables();
    }

    /** The same for IPv6. */
    public Iptables ip6tables() {
        return layers.ipv6().ip6tables();
    }

    /** The protocols of AF_INET sockets; TCP adds itself. */
    public SocketFamily inet() {
        return inet;
    }

    /** The protocols of AF_INET6 sockets, which serve IPv4 too; TCP adds itself. */
    public SocketFamily inet6() {
        return inet6;
    }

    /** The counters of /proc/net/snmp. */
    public SnmpCounters snmp() {
        return ipv4.snmp();
    }

    /** The system calls of a new guest process: descriptors of its own. */
    public Syscalls newProcess() {
        return new Syscalls(kernel, inet, inet6, packet);
    }

    // ---- settings

    /** What forgets, on {@link #flushPeerMetrics}, what it has learned of peers. */
    public void onPeerMetricsFlush(Runnable listener) {
        peerMetrics.add(listener);
    }

    /** ip tcp_metrics flush: learned path MTUs, and whatever transports remember of peers. */
    public void flushPeerMetrics() {
        ipv4().routes().flushPathMtus();
        peerMetrics.forEach(Runnable::run);
    }

    /** @param cidr "192.168.7.2/24" or "2001:db8::2/64" */
    public void addAddress(NetDevice dev, String cidr) {
        int slash = cidr.indexOf('/');
        if (cidr.indexOf(':') >= 0) {
            int bits = slash < 0 ? 128 : prefixLength(cidr, slash, 128);
            long[] halves = Ipv6Address.parse(slash < 0 ? cidr : cidr.substring(0, slash));
            layers.ipv6().addAddress(dev, halves[0], halves[1], bits);
            return;
        }
        int prefix = slash < 0 ? 32 : prefixLength(cidr, slash, 32);
        ipv4.addAddress(dev, Ipv4Address.parse(slash < 0 ? cidr : cidr.substring(0, slash)), prefix);
    }

    private static int prefixLength(String cidr, int slash, int longest) {
        String digits = cidr.substring(slash + 1);
        boolean number =
                !digits.isEmpty() && digits.length() <= 3 && digits.chars().allMatch(c -> c >= '0' && c <= '9');
        int prefix = number ? Integer.parseInt(digits) : -1;
        if (prefix < 0 || prefix > longest) {
            throw new IllegalArgumentException("address \"" + cidr + "\": the prefix length must be 0 to " + longest
                    + (longest == 32 ? ", as in 192.168.7.2/24" : ", as in 2001:db8::2/64"));
        }
        return prefix;
    }

    /**
     * ip route add.
     *
     * @param gateway 0: on the link
     */
    public void addRoute(int destination, int prefixLength, int gateway, NetDevice dev, int metric) {
        ipv4.routes()
                .add(new RouteEntry(
                        destination & Ipv4Address.mask(prefixLength),
                        prefixLength,
                        gateway,
                        dev,
                        0,
                        metric,
                        RouteType.UNICAST));
    }

    /** ip route add default via {@code gateway}. */
    public void addDefaultRoute(NetDevice dev, int gateway) {
        addRoute(0, 0, gateway, dev, 0);
    }

    /** net.ipv4.ip_forward. */
    public void setForwarding(boolean on) {
        ipv4.setForwarding(on);
        layers.ipv6().setForwarding(on);
    }

    /** For the end of the kernel: lets go of all packets and timers. */
    public void close() {
        ipv4.close();
        layers.ipv6().close();
    }
}
