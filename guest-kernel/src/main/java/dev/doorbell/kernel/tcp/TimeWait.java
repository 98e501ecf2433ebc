package dev.doorbell.kernel.tcp;

import org.jspecify.annotations.Nullable;

/** What is left of a connection that closed first: enough to answer a repeated FIN and to let a new SYN in. */
final class TimeWait extends Flow {
    final Path path;
    final boolean timestampsOk;
    final int tsOffset, rcvWscale, window;
    int rcvNxt, sndNxt, tsRecent;
    long tsRecentNs, expiresNs;
    long oowAckNs = Long.MIN_VALUE;
    private TcpState substate;

    PortTable.@Nullable Holder holder;

    @Nullable
    TimeWait next;

    @Nullable
    TimeWait previous;

    /** @param substate TIME_WAIT, or FIN_WAIT2 of an orphan that still waits for the peer's FIN */
    TimeWait(TcpConnection c, TcpState substate) {
        super(c);
        this.path = c.path;
        this.timestampsOk = c.timestampsOk;
        this.tsOffset = c.tsOffset;
        this.rcvWscale = c.rcvWscale;
        this.window = c.receiveWindow();
        this.rcvNxt = c.rcvNxt;
        this.sndNxt = c.sndNxt;
        this.tsRecent = c.tsRecent;
        this.tsRecentNs = c.tsRecentNs;
        this.substate = substate;
    }

    @Override
    TcpState state() {
        return substate;
    }

    /** Where a connection in its place may begin: beyond anything the old one can still have on the way. */
    int nextIss() {
        int iss = sndNxt + 65_535 + 2;
        return iss == 0 ? 1 : iss;
    }

    void finReceived() {
        substate = TcpState.TIME_WAIT;
    }
}
