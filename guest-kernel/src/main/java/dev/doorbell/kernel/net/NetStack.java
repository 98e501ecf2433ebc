package dev.doorbell.kernel.net;

import dev.doorbell.bus.wire.Ipv4Address;
import dev.doorbell.kernel.arp.Arp;
import dev.doorbell.kernel.core.ErrnoException;
import dev.doorbell.kernel.core.KernelContext;
import dev.doorbell.kernel.icmp.Icmp;
import dev.doorbell.kernel.igmp.Igmp;
import dev.doorbell.kernel.ipv4.Ipv4;
import dev.doorbell.kernel.ipv4.RouteEntry;
import dev.doorbell.kernel.ipv4.RouteType;
import dev.doorbell.kernel.ipv4.SnmpCounters;
import dev.doorbell.kernel.netdev.Loopback;
import dev.doorbell.kernel.netdev.NetCore;
import dev.doorbell.kernel.netdev.NetDevice;
import dev.doorbell.kernel.netfilter.NetfilterHooks;
import dev.doorbell.kernel.netfilter.tables.Iptables;
import dev.doorbell.kernel.packet.PacketSock;
import dev.doorbell.kernel.raw.Raw;
import dev.doorbell.kernel.socket.SocketConstants;
import dev.doorbell.kernel.socket.SocketFamily;
import dev.doorbell.kernel.socket.Syscalls;
import dev.doorbell.kernel.udp.Udp;

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

    /** Uses the kernel's {@code lo}, or makes it. */
    public NetStack(NetCore net) throws ErrnoException {
        this.kernel = net.kernel();
        NetDevice known = net.deviceByName("lo");
        NetDevice loopback = known != null ? known : Loopback.create(net);
        this.ipv4 = new Ipv4(net, loopback);
        ipv4.addAddress(loopback, Ipv4Address.LOOPBACK, LOOPBACK_PREFIX);
        new Icmp(ipv4);
        new Igmp(ipv4);
        new Udp(ipv4, inet);
        new Raw(ipv4, inet);
        PacketSock.register(packet, net);
    }

    // ---- parts

    public Ipv4 ipv4() {
        return ipv4;
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

    /** The protocols of AF_INET sockets; TCP adds itself. */
    public SocketFamily inet() {
        return inet;
    }

    /** The counters of /proc/net/snmp. */
    public SnmpCounters snmp() {
        return ipv4.snmp();
    }

    /** The system calls of a new guest process: descriptors of its own. */
    public Syscalls newProcess() {
        return new Syscalls(kernel, inet, packet);
    }

    // ---- settings

    /** @param cidr "192.168.7.2/24" */
    public void addAddress(NetDevice dev, String cidr) {
        int slash = cidr.indexOf('/');
        int prefix = slash < 0 ? 32 : prefixLength(cidr, slash);
        ipv4.addAddress(dev, Ipv4Address.parse(slash < 0 ? cidr : cidr.substring(0, slash)), prefix);
    }

    private static int prefixLength(String cidr, int slash) {
        String digits = cidr.substring(slash + 1);
        boolean number =
                !digits.isEmpty() && digits.length() <= 2 && digits.chars().allMatch(c -> c >= '0' && c <= '9');
        int prefix = number ? Integer.parseInt(digits) : -1;
        if (prefix < 0 || prefix > 32) {
            throw new IllegalArgumentException(
                    "address \"" + cidr + "\": the prefix length must be 0 to 32, as in 192.168.7.2/24");
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
    }

    /** For the end of the kernel: lets go of all packets and timers. */
    public void close() {
        ipv4.close();
    }
}
