package dev.doorbell.kernel.tcp;

/**
 * What a sender spent its time with, for TCP_INFO: it had data, and was held by nothing but the network (busy), by the
 * peer's window, or by its own send buffer. A later cause takes over from an earlier one, never the other way round.
 */
final class Chronograph {
    static final int IDLE = 0, BUSY = 1, RWND_LIMITED = 2, SNDBUF_LIMITED = 3;

    private int running;
    private long startNs;
    private long busyNs, rwndNs, sndbufNs;

    void start(int what, long nowNs) {
        if (what > running) {
            change(what, nowNs);
        }
    }

    /** @param empty whether nothing is left to send or unacknowledged */
    void stop(int what, boolean empty, long nowNs) {
        if (empty) {
            change(IDLE, nowNs);
        } else if (what == running) {
            change(BUSY, nowNs);
        }
    }

    private void change(int next, long nowNs) {
        if (next == running) {
            return;
        }
        long passed = nowNs - startNs;
        switch (running) {
            case BUSY -> busyNs += passed;
            case RWND_LIMITED -> rwndNs += passed;
            case SNDBUF_LIMITED -> sndbufNs += passed;
            default -> {}
        }
        startNs = nowNs;
        running = next;
    }

    private long since(int what, long nowNs) {
        return running == what ? nowNs - startNs : 0;
    }

    /** Of all causes together, microseconds. */
    long busyUs(long nowNs) {
        long open = running == IDLE ? 0 : nowNs - startNs;
        return (busyNs + rwndNs + sndbufNs + open) / 1000;
    }

    long rwndLimitedUs(long nowNs) {
        return (rwndNs + since(RWND_LIMITED, nowNs)) / 1000;
    }

    long sndbufLimitedUs(long nowNs) {
        return (sndbufNs + since(SNDBUF_LIMITED, nowNs)) / 1000;
    }
}
