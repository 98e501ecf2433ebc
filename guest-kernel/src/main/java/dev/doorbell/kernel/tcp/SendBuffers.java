package dev.doorbell.kernel.tcp;

import static dev.doorbell.kernel.socket.SocketConstants.*;

/** The size of send buffers, and who waits for room in them. */
final class SendBuffers {
    /** What a packet costs beyond its bytes, for sizing. */
    private static final int OVERHEAD = 640, PER_PACKET = 256;

    /** Grows the buffer to twice the congestion window's worth, within wmem_max. */
    void expand(TcpConnection c) {
        if (c.settings.sendBufferLocked) {
            return;
        }
        int bytes = Math.max(c.mss, c.peerMss) + OVERHEAD;
        int perPacket = Integer.highestOneBit(Math.max(1, bytes - 1)) * 2 + PER_PACKET;
        int packets = Math.max(Math.max(c.initialCwnd(), c.window.cwnd), c.reordering + 1);
        long wanted = Math.min(2L * packets * perPacket, c.config.wmemMax);
        if (wanted > c.settings.sendBufferBytes) {
            c.settings.sendBufferBytes = (int) wanted;
            TcpSock sock = c.sock;
            if (sock != null) {
                sock.sendBufferBytes = (int) wanted;
            }
        }
    }

    /**
     * An ACK may have made room: tells a writer that has run into the end of the buffer. Only for a writer the buffer
     * grows, too: one that never fills it needs no larger one.
     */
    void spaceFreed(TcpConnection c) {
        TcpSock sock = c.sock;
        if (sock == null || !sock.wantsSpace) {
            return;
        }
        if (c.inFlight() < c.window.cwnd) {
            expand(c);
        }
        if (c.isWritable()) {
            sock.wantsSpace = false;
            c.chronograph.stop(Chronograph.SNDBUF_LIMITED, c.sendQueue.isEmpty(), c.nowNs());
            sock.stateChanged(EPOLLOUT | EPOLLWRNORM);
        }
    }
}
