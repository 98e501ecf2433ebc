package dev.doorbell.kernel.socket;

import static dev.doorbell.kernel.socket.SocketConstants.*;

import dev.doorbell.kernel.core.Errno;
import dev.doorbell.kernel.core.KernelContext;
import dev.doorbell.kernel.core.WaitQueue;
import java.util.HashMap;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * An epoll instance. Entries whose socket changed sit in a list in order of their change; a wait takes from its front.
 *
 * <pre>
 * entry      change        wait finds ready       wait finds nothing
 * level      to list       deliver, to the end    off the list
 * edge       to list       deliver, off           off the list
 * one-shot   to list       deliver, off, disarm   off the list
 * disarmed   -             -                      -               (EPOLL_CTL_MOD arms again)
 * </pre>
 */
final class Epoll extends File {
    private static final int ALWAYS = EPOLLERR | EPOLLHUP;
    private static final int MODES = EPOLLET | EPOLLONESHOT | EPOLLEXCLUSIVE;

    private final WaitQueue waitQueue;
    private final Watchers watchers = new Watchers();
    private final Map<Integer, Item> items = new HashMap<>();
    private @Nullable Item first;
    private @Nullable Item last;
    final BooleanSupplier hasReady = this::anyReady;

    /** One watched file. */
    private final class Item implements SockWatcher {
        final File file;
        int events;
        long data;
        boolean listed;

        @Nullable
        Item next;

        @Nullable
        Item previous;

        Item(File file) {
            this.file = file;
        }

        @Override
        public void ready(int mask) {
            if ((events & ~MODES) != 0 && (mask & (events | ALWAYS)) != 0 && !listed) {
                append(this);
            }
            if (listed) {
                waitQueue.wakeUp();
                watchers.ready(EPOLLIN | EPOLLRDNORM);
            }
        }

        /** What holds and was asked for; 0 while disarmed. */
        int readyEvents() {
            int asked = events & ~MODES;
            return asked == 0 ? 0 : file.poll() & (asked | ALWAYS);
        }
    }

    Epoll(KernelContext kernel) {
        waitQueue = new WaitQueue(kernel);
    }

    WaitQueue waitQueue() {
        return waitQueue;
    }

    int add(int fd, File file, int events, long data) {
        if (items.containsKey(fd)) {
            return Errno.EEXIST.negated();
        }
        if (file instanceof Epoll other && (other == this || other.watchesEpoll())) {
            return Errno.ELOOP.negated();
        }
        Item item = new Item(file);
        item.events = events | ALWAYS;
        item.data = data;
        items.put(fd, item);
        file.addWatcher(item);
        if (item.readyEvents() != 0) {
            item.ready(item.events);
        }
        return 0;
    }

    /** One epoll may watch another, but not one that watches a third: so there are no circles. */
    private boolean watchesEpoll() {
        return items.values().stream().anyMatch(item -> item.file instanceof Epoll);
    }

    int modify(int fd, int events, long data) {
        Item item = items.get(fd);
        if (item == null) {
            return Errno.ENOENT.negated();
        }
        item.events = events | ALWAYS;
        item.data = data;
        if (item.readyEvents() != 0) {
            item.ready(item.events);
        }
        return 0;
    }

    int delete(int fd) {
        Item item = items.remove(fd);
        if (item == null) {
            return Errno.ENOENT.negated();
        }
        forget(item);
        return 0;
    }

    /** A descriptor was closed: its entry goes with it. */
    void closed(int fd, File file) {
        Item item = items.get(fd);
        if (item != null && item.file == file) {
            delete(fd);
        }
    }

    /**
     * Takes what is ready now, without waiting.
     *
     * @return how many
     */
    int collect(EpollEvents into) {
        into.clear();
        Item end = last;
        for (Item item = first; item != null && !into.isFull(); ) {
            Item following = item == end ? null : item.next;
            remove(item);
            int ready = item.readyEvents();
            if (ready != 0) {
                into.add(ready, item.data);
                if ((item.events & EPOLLONESHOT) != 0) {
                    item.events &= MODES;
                } else if ((item.events & EPOLLET) == 0) {
                    append(item);
                }
            }
            item = following;
        }
        return into.count();
    }

    private boolean anyReady() {
        for (Item item = first; item != null; ) {
            Item following = item.next;
            if (item.readyEvents() != 0) {
                return true;
            }
            remove(item);
            item = following;
        }
        return false;
    }

    private void append(Item item) {
        item.listed = true;
        item.previous = last;
        item.next = null;
        if (last == null) {
            first = item;
        } else {
            last.next = item;
        }
        last = item;
    }

    private void remove(Item item) {
        if (item.previous == null) {
            first = item.next;
        } else {
            item.previous.next = item.next;
        }
        if (item.next == null) {
            last = item.previous;
        } else {
            item.next.previous = item.previous;
        }
        item.next = null;
        item.previous = null;
        item.listed = false;
    }

    private void forget(Item item) {
        item.file.removeWatcher(item);
        if (item.listed) {
            remove(item);
        }
    }

    @Override
    int poll() {
        return anyReady() ? EPOLLIN | EPOLLRDNORM : 0;
    }

    @Override
    void addWatcher(SockWatcher watcher) {
        watchers.add(watcher);
    }

    @Override
    void removeWatcher(SockWatcher watcher) {
        watchers.remove(watcher);
    }

    @Override
    void release() {
        items.values().forEach(this::forget);
        items.clear();
    }
}
