package dev.doorbell.kernel.netfilter.conntrack;

import java.util.Arrays;

/** The settings net.netfilter.nf_conntrack_*, at first Linux's defaults. A change counts from the next packet on. */
public final class ConntrackSettings {
    private final long[] timeoutsNs = Arrays.stream(ConntrackTimeout.values())
            .mapToLong(ConntrackTimeout::defaultNs)
            .toArray();
    private boolean tcpLoose = true;
    private boolean tcpLiberal;
    private int tcpMaxRetransmissions = 3;
    private boolean checksum = true;

    ConntrackSettings() {}

    public long timeoutNs(ConntrackTimeout timeout) {
        return timeoutsNs[timeout.ordinal()];
    }

    public void setTimeoutNs(ConntrackTimeout timeout, long ns) {
        timeoutsNs[timeout.ordinal()] = ns;
    }

    /** tcp_loose: connections that began before we looked are taken up in the middle. */
    public boolean isTcpLoose() {
        return tcpLoose;
    }

    public void setTcpLoose(boolean on) {
        tcpLoose = on;
    }

    /** tcp_be_liberal: segments outside the window are not INVALID. */
    public boolean isTcpLiberal() {
        return tcpLiberal;
    }

    public void setTcpLiberal(boolean on) {
        tcpLiberal = on;
    }

    /** tcp_max_retrans: the same segment so often shortens how long the connection is kept. */
    public int tcpMaxRetransmissions() {
        return tcpMaxRetransmissions;
    }

    public void setTcpMaxRetransmissions(int times) {
        tcpMaxRetransmissions = times;
    }

    /** checksum: what comes from outside with a wrong checksum is INVALID. */
    public boolean isChecksumVerified() {
        return checksum;
    }

    public void setChecksumVerified(boolean on) {
        checksum = on;
    }
}
