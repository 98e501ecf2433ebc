package dev.doorbell.kernel.multicast;

import dev.doorbell.kernel.netdev.NetDevice;

/** How one protocol's messages look and where they go: IGMP or MLD. What they say is {@link MembershipReports}' part. */
public interface MembershipProtocol {
    /** The version with source lists: 3 of IGMP, 2 of MLD. */
    int newestVersion();

    /** Octets of an address: 4 or 16. */
    int addressBytes();

    /** Octets that a report may have on this link, from its type on. */
    int roomBytes(NetDevice dev);

    /** Whether routers are told of this group at all: not of all nodes, nor of what stays inside. */
    boolean isReported(NetDevice dev, long high, long low);

    /** Whether a message can be sent on this interface now. */
    boolean isReady(NetDevice dev);

    /** Sends a report of the newest version. */
    void sendReport(NetDevice dev, ReportMessage message);

    /**
     * Sends a message of an older version, about one group.
     *
     * @param leaves the membership is over, rather than reported
     */
    void sendOlder(NetDevice dev, int version, boolean leaves, long high, long low);
}
