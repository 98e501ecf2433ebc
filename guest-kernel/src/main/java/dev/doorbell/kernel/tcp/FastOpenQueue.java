package dev.doorbell.kernel.tcp;

import dev.doorbell.kernel.tcp.TcpMib.Counter;
import java.util.ArrayDeque;

/**
 * How many connections of a listener were opened fast and have their handshake not behind them. Those that were reset
 * count for a minute more, so that spoofed SYNs cannot open one after the other: RFC 7413 §5.1.
 */
final class FastOpenQueue {
    private static final long RESET_NS = 60 * TcpConfig.SECOND;

    /** TCP_FASTOPEN; 0: no fast open. */
    private int most;

    private int count;
    private final ArrayDeque<Long> resets = new ArrayDeque<>(0);

    void most(int wanted) {
        most = wanted;
    }

    int most() {
        return most;
    }

    boolean hasRoom(Tcp tcp, long nowNs) {
        if (most == 0) {
            return false;
        }
        if (count < most) {
            return true;
        }
        Long oldest = resets.peek();
        if (oldest == null || oldest > nowNs) {
            tcp.mib.inc(Counter.TCPFastOpenListenOverflow);
            return false;
        }
        resets.poll();
        count--;
        return true;
    }

    void add() {
        count++;
    }

    void remove() {
        count--;
    }

    /** @param accepted somebody has the connection: it no longer counts against the accept queue */
    void reset(boolean accepted, long nowNs) {
        if (accepted) {
            resets.add(nowNs + RESET_NS);
        } else {
            count--;
        }
    }
}
