package dev.doorbell.kernel.tcp;

import dev.doorbell.kernel.inet.Endpoints;
import dev.doorbell.kernel.ipv4.SendOptions;
import org.jspecify.annotations.Nullable;

/** A connection request: SYN received, SYN-ACK sent, no connection yet. As little as must be remembered. */
final class TcpRequest extends Flow {
    final TcpListener listener;
    final Path path;
    /** What goes back of the SYN's IP options, as Linux has it. */
    final @Nullable SendOptions ipOptions;
    /** What the SYN-ACK acknowledges: the SYN, with fast open its data too. */
    int rcvNxt;

    int irs, iss, peerMss = 536, advertisedMss, receiveWindow, window, tsRecent, tsOffset;
    int sndWscale, rcvWscale;
    boolean sackOk, timestampsOk, windowScaleOk, ecnOk, acked;
    /** Nothing of it will be remembered: the time stamp says what was agreed. */
    boolean cookie;

    int retransmissions, timeouts;
    long sentNs, oowAckNs = Long.MIN_VALUE;

    @Nullable
    LazyTimer timer;

    /** TCP_SAVED_SYN. */
    byte @Nullable [] savedSyn;

    TcpRequest(TcpListener listener, Path path, Endpoints ends, @Nullable SendOptions ipOptions) {
        super(ends);
        this.listener = listener;
        this.path = path;
        this.ipOptions = ipOptions;
    }

    @Override
    TcpState state() {
        return TcpState.NEW_SYN_RECV;
    }

    int timestamp() {
        int nowMs = (int) (listener.tcp.kernel.nowNs() / TcpConfig.MS);
        return (cookie ? SynCookies.code(this, nowMs) : nowMs) + tsOffset;
    }
}
