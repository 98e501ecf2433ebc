package dev.doorbell.kernel.net;

import dev.doorbell.kernel.tcp.TcpConfig;
import java.util.List;

/** net.ipv4.tcp_congestion_control: the algorithm of sockets that choose none. */
final class CongestionSysctl implements Sysctl {
    private final TcpConfig config;

    CongestionSysctl(TcpConfig config) {
        this.config = config;
    }

    @Override
    public String get() {
        return config.congestionControl;
    }

    @Override
    public boolean set(String value) {
        String name = value.strip();
        if (!TcpConfig.CONGESTION_CONTROLS.contains(name)) {
            return false;
        }
        config.congestionControl = name;
        return true;
    }

    @Override
    public String allowed() {
        return "one of " + String.join(", ", TcpConfig.CONGESTION_CONTROLS);
    }

    /** The names there are; cannot be changed. */
    static Sysctl available() {
        List<String> names = TcpConfig.CONGESTION_CONTROLS;
        return new Sysctl() {
            @Override
            public String get() {
                return String.join(" ", names);
            }

            @Override
            public boolean set(String value) {
                return false;
            }

            @Override
            public String allowed() {
                return "left as it is";
            }
        };
    }
}
