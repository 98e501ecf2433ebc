package dev.doorbell.kernel.netfilter.conntrack;

import dev.doorbell.kernel.skb.SkBuff;

/** What a packet is to its connection: values of {@code SkBuff.conntrackInfo}, linux/netfilter/nf_conntrack_common.h. */
public final class ConntrackInfo {
    /** Part of a connection that was answered, in its original direction. */
    public static final int ESTABLISHED = 0;
    /** Belongs to a connection without being part of it, such as an ICMP error. */
    public static final int RELATED = 1;
    /** Begins a connection, or repeats its beginning before an answer. */
    public static final int NEW = 2;
    /** Part of a connection, in reply direction. */
    public static final int ESTABLISHED_REPLY = 3;

    public static final int RELATED_REPLY = 4;
    /** A rule said that it shall not be tracked. */
    public static final int UNTRACKED = 7;

    private ConntrackInfo() {}

    /** What an error or reset of our own about a packet is to the packet's connection; 0 when that has none. */
    public static int ofAnswer(SkBuff about) {
        if (about.conntrack == null) {
            return 0;
        }
        return direction(about.conntrackInfo) == Connection.ORIGINAL ? RELATED_REPLY : RELATED;
    }

    /** {@link Connection#ORIGINAL} or {@link Connection#REPLY}. */
    public static int direction(int info) {
        return info >= ESTABLISHED_REPLY ? Connection.REPLY : Connection.ORIGINAL;
    }
}
