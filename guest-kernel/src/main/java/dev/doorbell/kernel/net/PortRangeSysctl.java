package dev.doorbell.kernel.net;

import dev.doorbell.kernel.tcp.TcpConfig;

/** net.ipv4.ip_local_port_range: first and last port given to sockets that do not care. */
final class PortRangeSysctl implements Sysctl {
    private static final int MAX_PORT = 65_535;

    private final TcpConfig config;

    PortRangeSysctl(TcpConfig config) {
        this.config = config;
    }

    @Override
    public String get() {
        return SysctlNumbers.join(config.ephemeralLow, config.ephemeralHigh);
    }

    @Override
    public boolean set(String value) {
        long[] range = SysctlNumbers.parse(value, 2);
        if (range.length != 2 || range[0] < 1 || range[1] < range[0] || range[1] > MAX_PORT) {
            return false;
        }
        config.ephemeralLow = (int) range[0];
        config.ephemeralHigh = (int) range[1];
        return true;
    }

    @Override
    public String allowed() {
        return "two ports from 1 to " + MAX_PORT + ", the lower one first";
    }
}
