package dev.doorbell.kernel.net;

import dev.doorbell.kernel.core.Errno;
import dev.doorbell.kernel.core.ErrnoException;
import dev.doorbell.kernel.tcp.TcpConfig;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The settings of one kernel under the names of /proc/sys. Values are text, as there: numbers in decimal (0x and 0 prefixes
 * are understood), several of them apart by blanks. A change takes effect at once, for what is decided from then on.
 */
public final class Sysctls {
    private static final String PROC = "/proc/sys/";

    private final Map<String, Sysctl> settings = new TreeMap<>();
    private final Ipv6Sysctls ipv6;

    public Sysctls(NetStack stack, TcpConfig tcp) {
        ipv6 = new Ipv6Sysctls(stack.ipv6());
        TcpSysctls.add(tcp, settings);
        ConntrackSysctls.add(
                stack.iptables().conntrack(), stack.ipv6().ip6tables().conntrack(), settings);
        settings.put(
                "net.ipv4.conf.all.send_redirects",
                Sysctl.flag(stack.ipv4()::sendsRedirects, stack.ipv4()::setSendsRedirects));
        settings.put(
                "net.ipv4.conf.all.accept_source_route",
                Sysctl.flag(stack.ipv4()::acceptsSourceRoutes, stack.ipv4()::setAcceptsSourceRoutes));
        settings.put(
                "net.ipv4.icmp_ratelimit",
                Sysctl.number(0, Integer.MAX_VALUE, stack.ipv4()::icmpRateLimitMs, stack.ipv4()::setIcmpRateLimitMs));
        settings.put(
                "net.ipv6.icmp.ratelimit",
                Sysctl.number(0, Integer.MAX_VALUE, stack.ipv6()::icmpRateLimitMs, stack.ipv6()::setIcmpRateLimitMs));
        settings.put(
                "net.ipv4.ip_forward", Sysctl.flag(stack.ipv4()::isForwarding, value -> stack.setForwarding(value)));
    }

    /** All names, sorted. */
    public Set<String> names() {
        Set<String> names = new TreeSet<>(settings.keySet());
        names.addAll(ipv6.names());
        return names;
    }

    /**
     * Reads a setting.
     *
     * @param name "net.ipv4.tcp_sack", "net/ipv4/tcp_sack" or "/proc/sys/net/ipv4/tcp_sack"
     * @throws ErrnoException ENOENT: there is no such setting
     */
    public String get(String name) throws ErrnoException {
        return find(name).get();
    }

    /**
     * Changes a setting.
     *
     * @throws ErrnoException ENOENT: there is no such setting; EINVAL: not a value for it, nothing has changed
     */
    public void set(String name, String value) throws ErrnoException {
        if (!find(name).set(value)) {
            throw new ErrnoException("sysctl " + canonical(name) + " = " + value, Errno.EINVAL);
        }
    }

    /**
     * What {@link #set} takes for a setting, for people: "a number from 0 to 255".
     *
     * @throws ErrnoException ENOENT: there is no such setting
     */
    public String allowed(String name) throws ErrnoException {
        return find(name).allowed();
    }

    private Sysctl find(String name) throws ErrnoException {
        String canonical = canonical(name);
        Sysctl found = settings.getOrDefault(canonical, ipv6.find(canonical));
        if (found == null) {
            throw new ErrnoException("sysctl " + canonical(name), Errno.ENOENT);
        }
        return found;
    }

    private static String canonical(String name) {
        String relative = name.startsWith(PROC) ? name.substring(PROC.length()) : name;
        return relative.replace('/', '.');
    }
}
