package dev.doorbell.kernel.net;

import dev.doorbell.kernel.ipv6.Ipv6;
import dev.doorbell.kernel.ipv6.Ipv6Interface;
import dev.doorbell.kernel.netdev.NetDevice;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * net.ipv6.conf.NAME.SETTING of every interface, of {@code default} (interfaces that come later) and of {@code all} (those
 * that are there, and later ones).
 */
final class Ipv6Sysctls {
    private static final String PREFIX = "net.ipv6.conf.";
    private static final String ALL = "all", DEFAULT = "default", FORWARDING = "forwarding";
    private static final List<String> SETTINGS = List.of(
            "accept_ra",
            "accept_redirects",
            "autoconf",
            "dad_transmits",
            "disable_ipv6",
            FORWARDING,
            "hop_limit",
            "mtu");
    private static final int MAX_HOPS = 255, MAX_MTU = 65_536;

    private final Ipv6 ipv6;

    Ipv6Sysctls(Ipv6 ipv6) {
        this.ipv6 = ipv6;
    }

    List<String> names() {
        List<String> names = new ArrayList<>();
        for (String setting : SETTINGS) {
            names.add(PREFIX + ALL + "." + setting);
            names.add(PREFIX + DEFAULT + "." + setting);
            for (NetDevice dev : ipv6.net().devices()) {
                names.add(PREFIX + dev.name() + "." + setting);
            }
        }
        return names;
    }

    /** A setting by its full name; null: there is none. */
    @Nullable
    Sysctl find(String name) {
        int dot = name.lastIndexOf('.');
        if (!name.startsWith(PREFIX) || dot <= PREFIX.length()) {
            return null;
        }
        String scope = name.substring(PREFIX.length(), dot);
        String setting = name.substring(dot + 1);
        if (setting.equals(FORWARDING) && scope.equals(ALL)) {
            return Sysctl.flag(ipv6::isForwarding, ipv6::setForwarding);
        }
        if (!SETTINGS.contains(setting)) {
            return null;
        }
        Sysctl defaults = of(setting, ipv6.defaults(), null);
        if (scope.equals(DEFAULT)) {
            return defaults;
        }
        if (scope.equals(ALL)) {
            return new All(setting, defaults);
        }
        NetDevice dev = ipv6.net().deviceByName(scope);
        return dev == null ? null : of(setting, ipv6.of(dev), dev);
    }

    /** @param dev null: settings of interfaces that come later */
    private Sysctl of(String setting, Ipv6Interface link, @Nullable NetDevice dev) {
        return switch (setting) {
            case "accept_ra" -> Sysctl.number(0, 2, () -> link.acceptRa, value -> link.acceptRa = value);
            case "accept_redirects" -> Sysctl.flag(() -> link.acceptRedirects, on -> link.acceptRedirects = on);
            case "autoconf" -> Sysctl.flag(() -> link.autoconf, on -> link.autoconf = on);
            case "dad_transmits" ->
                Sysctl.number(0, Integer.MAX_VALUE, () -> link.dadTransmits, value -> link.dadTransmits = value);
            case FORWARDING -> Sysctl.flag(link::isForwarding, on -> ipv6.setForwarding(link, on));
            case "hop_limit" ->
                Sysctl.number(1, MAX_HOPS, () -> link.hopLimit, value -> {
                    link.hopLimit = value;
                    ipv6.linkChanged();
                });
            case "mtu" ->
                Sysctl.number(
                        Ipv6.MIN_MTU, dev == null ? MAX_MTU : Math.max(Ipv6.MIN_MTU, dev.mtu()), link::mtu, value -> {
                            link.limitMtu(value);
                            ipv6.linkChanged();
                        });
            default ->
                Sysctl.flag(() -> link.disabled, off -> {
                    if (dev != null) {
                        ipv6.setDisabled(dev, off);
                    } else {
                        link.disabled = off;
                    }
                });
        };
    }

    /** One setting of all interfaces. */
    private final class All implements Sysctl {
        private final String setting;
        private final Sysctl defaults;

        All(String setting, Sysctl defaults) {
            this.setting = setting;
            this.defaults = defaults;
        }

        @Override
        public String get() {
            return defaults.get();
        }

        @Override
        public boolean set(String value) {
            if (!defaults.set(value)) {
                return false;
            }
            for (NetDevice dev : ipv6.net().devices()) {
                of(setting, ipv6.of(dev), dev).set(value); // one that cannot take it, such as an MTU, stays as it is
            }
            return true;
        }

        @Override
        public String allowed() {
            return defaults.allowed();
        }
    }
}
