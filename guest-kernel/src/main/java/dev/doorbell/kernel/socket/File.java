package dev.doorbell.kernel.socket;

/**
 * An open file: what descriptors refer to. Counted: by the descriptors, and by each call that is inside, so that a
 * close during a blocking call takes effect when that call returns.
 */
abstract class File {
    private int users = 1;
    /** O_NONBLOCK. */
    boolean nonBlocking;

    /** EPOLL* bits that hold now. */
    abstract int poll();

    abstract void addWatcher(SockWatcher watcher);

    abstract void removeWatcher(SockWatcher watcher);

    /** The last user is gone. */
    abstract void release();

    final boolean isReleased() {
        return users == 0;
    }

    final File get() {
        users++;
        return this;
    }

    final void put() {
        if (--users == 0) {
            release();
        }
    }
}
