package dev.doorbell.kernel.socket;

/** Wants to know when a socket's readiness may have changed: an epoll entry, a poll call. */
interface SockWatcher {
    /** @param mask what may have become ready, EPOLL* bits; the watcher asks {@link Sock#poll()} for the truth */
    void ready(int mask);
}
