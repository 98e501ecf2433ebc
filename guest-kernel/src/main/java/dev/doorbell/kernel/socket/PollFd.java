package dev.doorbell.kernel.socket;

/** One descriptor of a poll call: struct pollfd. */
public final class PollFd {
    /** Descriptor; a negative one is skipped. */
    public int fd;
    /** What is asked for. ERR, HUP and NVAL come unasked. */
    public int events;
    /** What holds. */
    public int revents;

    public PollFd(int fd, int events) {
        this.fd = fd;
        this.events = events;
    }
}
