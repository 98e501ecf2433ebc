package dev.doorbell.kernel.net;

import dev.doorbell.bus.wire.Ipv4Address;
import dev.doorbell.bus.wire.MacAddress;
import dev.doorbell.kernel.core.ErrnoException;
import dev.doorbell.kernel.ipv4.InterfaceAddress;
import dev.doorbell.kernel.ipv4.Ipv4;
import dev.doorbell.kernel.neighbour.Neighbour;
import dev.doorbell.kernel.netdev.NetDevice;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Addresses, routes, neighbours and links of one kernel in the words of {@code ip}. With {@code -6}, or when an address
 * says so, it is about IPv6 ({@link IpCommand6}), otherwise about IPv4; shown are addresses and neighbours of both, unless
 * {@code -4} or {@code -6} chooses:
 *
 * <pre>
 * ip address add|replace|del CIDR [brd ADDRESS|+] [scope SCOPE] dev NAME,  ip address show|flush [dev NAME]
 * ip route   add|append|replace|change|del|show|flush|get ...               see {@link IpRoutes}
 * ip neigh   add|replace|change|del ADDRESS [lladdr MAC] [nud STATE] dev NAME,  ip neigh show|flush [dev NAME]
 * ip rule    show
 * ip link    set [dev] NAME up|down|mtu N|address MAC,  ip link show [dev NAME]
 * </pre>
 *
 * What it prints has the form of iproute2, with {@code -br} its brief form. Beginnings of words are understood as
 * there: {@code ip a s}, {@code ip r}.
 */
public final class IpCommand {
    private final NetStack stack;
    private final Ipv4 ipv4;
    private final IpRoutes routes;
    private final IpCommand6 six;
    private IpWords.Family family = IpWords.Family.ANY;
    private boolean brief;

    public IpCommand(NetStack stack) {
        this.stack = stack;
        this.ipv4 = stack.ipv4();
        this.routes = new IpRoutes(stack);
        this.six = new IpCommand6(stack);
    }

    /**
     * Does one command. Task context.
     *
     * @param command with or without the word "ip" in front
     * @return what it prints; empty when it only changes something
     * @throws IpException one line; nothing has changed
     */
    public String run(String command) throws IpException {
        IpWords words = new IpWords(command);
        words.skip("ip");
        family = words.family();
        brief = words.isBrief();
        String object = words.next("addr, route, rule, neigh or link");
        if (isBeginning(object, "address")) {
            return address(words);
        }
        if (isBeginning(object, "route")) {
            return route(words);
        }
        if (isBeginning(object, "neighbour") || isBeginning(object, "neighbor")) {
            return neighbour(words);
        }
        if (isBeginning(object, "link")) {
            return link(words);
        }
        if (isBeginning(object, "rule")) {
            return rules(words);
        }
        throw new IpException("Object \"" + object + "\" is unknown, there are addr, route, rule, neigh and link");
    }

    private String route(IpWords words) throws IpException {
        if (isSix(words)) {
            return six.route(words);
        }
        boolean both = family == IpWords.Family.ANY && words.haveInOrder("table", "all");
        String four = routes.run(words);
        return both && !four.isEmpty() ? four + six.route(new IpWords("show table all")) : four;
    }

    /** Which tables are asked: there are no others, so this is all that can be said about them. */
    private String rules(IpWords words) throws IpException {
        String verb = words.hasNext() ? words.next("") : "show";
        if (!isBeginning(verb, "show") && !isBeginning(verb, "list")) {
            throw new IpException("ip rule: unknown command \"" + verb + "\", there is show only");
        }
        words.end();
        String both = "0:\tfrom all lookup local\n32766:\tfrom all lookup main\n";
        return family == IpWords.Family.SIX ? both : both + "32767:\tfrom all lookup default\n";
    }

    /** About IPv6, as far as the words say: an unstated family is that of the addresses. */
    private boolean isSix(IpWords words) {
        return family == IpWords.Family.SIX || family == IpWords.Family.ANY && words.haveIpv6Address();
    }

    static boolean isBeginning(String word, String of) {
        return !word.isEmpty() && of.startsWith(word);
    }

    // ---- address

    private String address(IpWords words) throws IpException {
        String verb = words.hasNext() ? words.next("") : "show";
        if (isBeginning(verb, "show") || isBeginning(verb, "list")) {
            return showAddresses(words.optionalDevice(ipv4.net()));
        }
        boolean add = isBeginning(verb, "add");
        boolean replace = isBeginning(verb, "replace") || isBeginning(verb, "change");
        boolean flush = isBeginning(verb, "flush");
        if (!add && !replace && !flush && !isBeginning(verb, "delete")) {
            throw new IpException(
                    "ip addr: unknown command \"" + verb + "\", there are add, replace, del, show, flush");
        }
        if (isSix(words)) {
            six.changeAddress(verb, words);
        } else if (flush) {
            flushAddresses(words);
        } else {
            changeAddress(words, add, replace);
        }
        return "";
    }

    private void flushAddresses(IpWords words) throws IpException {
        NetDevice dev = words.optionalDevice(ipv4.net());
        if (dev == null) {
            throw new IpException("ip addr flush: which interface? say dev NAME");
        }
        for (InterfaceAddress entry : List.copyOf(ipv4.addresses().list())) {
            if (entry.dev() == dev) {
                ipv4.removeAddress(dev, entry.address(), entry.prefixLength());
            }
        }
    }

    private void changeAddress(IpWords words, boolean add, boolean replace) throws IpException {
        int[] prefix = null;
        NetDevice dev = null;
        while (words.hasNext()) {
            String word = words.next("");
            switch (word) {
                case "dev" -> dev = words.device(ipv4.net());
                // Where a packet to all goes follows from the prefix, and so does the scope.
                case "brd", "broadcast", "scope", "label" -> words.next("the value of " + word);
                case "local" -> prefix = IpWords.prefix(words.next("an address"));
                default -> prefix = IpWords.prefix(word);
            }
        }
        if (prefix == null) {
            throw new IpException("an address such as 10.0.0.1/24 is missing");
        }
        if (dev == null) {
            throw new IpException("Not enough information: \"dev\" argument is required.");
        }
        boolean present = ipv4.addresses().list().contains(new InterfaceAddress(dev, prefix[0], prefix[1]));
        if (add && present) {
            throw new IpException("ipv4: Address already assigned.");
        }
        if (add || replace) {
            if (!present) {
                ipv4.addAddress(dev, prefix[0], prefix[1]);
            }
        } else if (!present) {
            throw new IpException("ipv4: Address not found.");
        } else {
            ipv4.removeAddress(dev, prefix[0], prefix[1]);
        }
    }

    private String showAddresses(@Nullable NetDevice only) {
        StringBuilder out = new StringBuilder();
        for (NetDevice dev : ipv4.net().devices()) {
            if (only != null && only != dev) {
                continue;
            }
            if (brief) {
                briefAddresses(out, dev);
            } else {
                linkLine(out, dev, family == IpWords.Family.ANY);
                for (InterfaceAddress entry : ipv4.addresses().list()) {
                    if (entry.dev() == dev && family != IpWords.Family.SIX) {
                        addressLine(out, entry);
                    }
                }
                if (family != IpWords.Family.FOUR) {
                    six.show(out, dev);
                }
            }
        }
        return out.toString();
    }

    private void briefAddresses(StringBuilder out, NetDevice dev) {
        out.append(String.format("%-16s %-14s ", dev.name(), state(dev)));
        for (InterfaceAddress entry : ipv4.addresses().list()) {
            if (entry.dev() == dev && family != IpWords.Family.SIX) {
                out.append(entry).append(' ');
            }
        }
        if (family != IpWords.Family.FOUR) {
            six.showBrief(out, dev);
        }
        out.append('\n');
    }

    private void addressLine(StringBuilder out, InterfaceAddress entry) {
        boolean host = entry.dev().isLoopback();
        out.append("    inet ").append(entry);
        if (entry.broadcast() != 0 && !host) {
            out.append(" brd ").append(Ipv4Address.format(entry.broadcast()));
        }
        out.append(" scope ")
                .append(host ? "host " : "global ")
                .append(ipv4.addresses().isSecondary(entry) ? "secondary " : "")
                .append(entry.dev().name());
        out.append("\n       valid_lft forever preferred_lft forever\n");
    }

    // ---- link

    private static void flags(StringBuilder out, NetDevice dev) {
        boolean carrier = dev.isUp() && dev.netifCarrierOk();
        out.append('<').append(dev.isUp() && !carrier ? "NO-CARRIER," : "");
        out.append(dev.isLoopback() ? "LOOPBACK" : "BROADCAST,MULTICAST");
        out.append(dev.isUp() ? ",UP" : "").append(carrier ? ",LOWER_UP" : "").append('>');
    }

    private static String state(NetDevice dev) {
        return !dev.isUp() ? "DOWN" : dev.isLoopback() ? "UNKNOWN" : dev.netifCarrierOk() ? "UP" : "DOWN";
    }

    private static void briefLink(StringBuilder out, NetDevice dev) {
        out.append(String.format("%-16s %-14s ", dev.name(), state(dev)));
        out.append(MacAddress.format(dev.devAddr())).append(' ');
        flags(out, dev);
        out.append(" \n");
    }

    /** @param whole with its hardware address, which is of no family */
    private static void linkLine(StringBuilder out, NetDevice dev, boolean whole) {
        out.append(dev.ifindex()).append(": ").append(dev.name()).append(": ");
        flags(out, dev);
        out.append(" mtu ").append(dev.mtu());
        out.append(dev.isLoopback() ? " qdisc noqueue state " : " qdisc pfifo_fast state ");
        out.append(state(dev));
        out.append(" group default qlen ").append(dev.txQueueLen).append('\n');
        if (!whole) {
            return;
        }
        out.append(dev.isLoopback() ? "    link/loopback " : "    link/ether ");
        out.append(MacAddress.format(dev.devAddr())).append(" brd ");
        out.append(MacAddress.format(dev.isLoopback() ? 0 : NetDevice.BROADCAST_MAC))
                .append('\n');
    }

    private String link(IpWords words) throws IpException {
        String verb = words.hasNext() ? words.next("") : "show";
        if (isBeginning(verb, "show") || isBeginning(verb, "list")) {
            NetDevice only = words.optionalDevice(ipv4.net());
            StringBuilder out = new StringBuilder();
            for (NetDevice dev : ipv4.net().devices()) {
                if (only != null && only != dev) {
                    continue;
                }
                if (brief) {
                    briefLink(out, dev);
                } else {
                    linkLine(out, dev, true);
                }
            }
            return out.toString();
        }
        if (!verb.equals("set")) {
            throw new IpException("ip link: unknown command \"" + verb + "\", there are set and show");
        }
        words.skip("dev");
        NetDevice dev = words.device(ipv4.net());
        if (!words.hasNext()) {
            throw new IpException("ip link set " + dev.name() + ": up, down, mtu N or address MAC must follow");
        }
        setLink(dev, words);
        return "";
    }

    /** Nothing happens before all words are read; then the address comes first and the flags last, as in Linux. */
    private static void setLink(NetDevice dev, IpWords words) throws IpException {
        boolean up = dev.isUp();
        int mtu = dev.mtu();
        long mac = dev.devAddr();
        while (words.hasNext()) {
            String word = words.next("");
            switch (word) {
                case "up" -> up = true;
                case "down" -> up = false;
                case "mtu" -> mtu = IpWords.number("mtu", words.next("a number"), dev.minMtu, dev.maxMtu);
                case "address" -> mac = IpWords.mac(words.next("a MAC address"));
                default ->
                    throw new IpException(
                            "ip link set: unknown word \"" + word + "\", there are up, down, mtu and address");
            }
        }
        try {
            if (mac != dev.devAddr()) {
                dev.devSetMacAddress(mac);
            }
            if (mtu != dev.mtu()) {
                dev.devSetMtu(mtu);
            }
            if (up) {
                dev.devOpen();
            } else {
                dev.devClose();
            }
        } catch (ErrnoException e) {
            throw new IpException("RTNETLINK answers: " + e.getMessage());
        }
    }

    // ---- neighbour

    private String neighbour(IpWords words) throws IpException {
        String verb = words.hasNext() ? words.next("") : "show";
        if (isBeginning(verb, "show") || isBeginning(verb, "list")) {
            return showNeighbours(NeighbourFilter.parse(words, ipv4.net()));
        }
        if (isBeginning(verb, "flush")) {
            NeighbourFilter filter = NeighbourFilter.parse(words, ipv4.net());
            if (family != IpWords.Family.FOUR) {
                six.flushNeighbours(filter);
            }
            for (Neighbour entry : stack.arp().neighbours().list()) {
                if (family != IpWords.Family.SIX && filter.flushes(entry, true)) {
                    stack.arp().neighbours().delete(entry);
                }
            }
            return "";
        }
        boolean delete = isBeginning(verb, "delete");
        if (!delete && !isBeginning(verb, "add") && !isBeginning(verb, "replace") && !isBeginning(verb, "change")) {
            throw new IpException(
                    "ip neigh: unknown command \"" + verb + "\", there are add, replace, del, show, flush");
        }
        if (isSix(words)) {
            six.changeNeighbour(verb, words);
        } else {
            changeNeighbour(words, verb, delete);
        }
        return "";
    }

    private void changeNeighbour(IpWords words, String verb, boolean delete) throws IpException {
        int address = 0;
        long mac = -1;
        String nud = "permanent";
        NetDevice dev = null;
        while (words.hasNext()) {
            String word = words.next("");
            switch (word) {
                case "dev" -> dev = words.device(ipv4.net());
                case "lladdr" -> mac = IpWords.mac(words.next("a MAC address"));
                case "nud" -> nud = words.next("a state");
                case "to" -> address = IpWords.address(words.next("an address"));
                default -> address = IpWords.address(word);
            }
        }
        if (address == 0 || dev == null) {
            throw new IpException("Device and destination are required arguments.");
        }
        Neighbour known = stack.arp().neighbours().lookup(dev, address);
        if (delete) {
            if (known == null) {
                throw new IpException("RTNETLINK answers: No such file or directory");
            }
            stack.arp().neighbours().delete(known);
            return;
        }
        if (known != null && isBeginning(verb, "add")) {
            throw new IpException("RTNETLINK answers: File exists");
        }
        if (known == null && isBeginning(verb, "change")) {
            throw new IpException("RTNETLINK answers: No such file or directory");
        }
        if (mac < 0) {
            throw new IpException("ip neigh " + verb + ": lladdr MAC is missing");
        }
        set(dev, address, mac, nud);
    }

    private void set(NetDevice dev, int address, long mac, String nud) throws IpException {
        boolean permanent = nud.equals("permanent") || nud.equals("noarp");
        if (!permanent && !nud.equals("reachable") && !nud.equals("stale")) {
            throw new IpException("nud \"" + nud + "\": must be permanent, noarp, reachable or stale");
        }
        Neighbour old = stack.arp().neighbours().lookup(dev, address);
        if (old != null) {
            stack.arp().neighbours().delete(old);
        }
        Neighbour entry = stack.arp().neighbours().lookupOrCreate(dev, address);
        if (entry == null) {
            throw new IpException("RTNETLINK answers: No buffer space available");
        }
        if (permanent) {
            entry.makePermanent(mac);
        } else {
            entry.update(mac, nud.equals("reachable"), true);
        }
    }

    private String showNeighbours(NeighbourFilter filter) {
        StringBuilder out = new StringBuilder();
        if (family != IpWords.Family.FOUR) {
            six.showNeighbours(out, filter);
        }
        for (Neighbour entry : stack.arp().neighbours().list()) {
            if (family != IpWords.Family.SIX && filter.selects(entry, true)) {
                out.append(Ipv4Address.format(entry.address()))
                        .append(" dev ")
                        .append(entry.dev().name());
                if (entry.state().isValid()) {
                    out.append(" lladdr ").append(MacAddress.format(entry.mac()));
                }
                out.append(' ')
                        .append(entry.state().name().toUpperCase(Locale.ROOT))
                        .append(" \n");
            }
        }
        return out.toString();
    }
}
