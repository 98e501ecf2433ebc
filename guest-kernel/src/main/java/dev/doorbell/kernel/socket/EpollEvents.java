package dev.doorbell.kernel.socket;

/** What epoll_wait delivered; the caller's, reused for each call. */
public final class EpollEvents {
    private final int[] events;
    private final long[] data;
    private int count;

    /** @param capacity most events per call, at least 1 */
    public EpollEvents(int capacity) {
        if (capacity < 1) {
            throw new IllegalArgumentException("epoll events " + capacity + ": must be at least 1");
        }
        this.events = new int[capacity];
        this.data = new long[capacity];
    }

    public int count() {
        return count;
    }

    /** EPOLL* bits of the {@code index}-th. */
    public int events(int index) {
        return events[index];
    }

    /** What epoll_ctl was given for it. */
    public long data(int index) {
        return data[index];
    }

    boolean isFull() {
        return count == events.length;
    }

    void clear() {
        count = 0;
    }

    void add(int bits, long userData) {
        events[count] = bits;
        data[count] = userData;
        count++;
    }
}
