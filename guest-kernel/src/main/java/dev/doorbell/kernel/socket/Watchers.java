package dev.doorbell.kernel.socket;

import java.util.Arrays;

/** Who watches one file. Small: an epoll entry or two, and polls that are waiting. */
final class Watchers {
    private static final SockWatcher[] NONE = {};
    private static final SockWatcher NOBODY = mask -> {};

    private SockWatcher[] list = NONE;
    private int count;

    void add(SockWatcher watcher) {
        if (count == list.length) {
            list = Arrays.copyOf(list, Math.max(2, count * 2));
        }
        list[count++] = watcher;
    }

    void remove(SockWatcher watcher) {
        for (int i = 0; i < count; i++) {
            if (list[i] == watcher) {
                System.arraycopy(list, i + 1, list, i, count - i - 1);
                list[--count] = NOBODY;
                return;
            }
        }
    }

    void ready(int mask) {
        for (int i = 0; i < count; i++) {
            list[i].ready(mask);
        }
    }
}
