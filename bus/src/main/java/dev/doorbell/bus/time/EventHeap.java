package dev.doorbell.bus.time;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Future events, earliest first: a binary heap in which each event knows its index, so cancelling needs no search. */
final class EventHeap {
    private @Nullable ScheduledEvent[] heap = new ScheduledEvent[256];
    private int size;

    int size() {
        return size;
    }

    /** When the earliest event is due; {@link Long#MAX_VALUE} when there is none. */
    long earliestNs() {
        return size == 0 ? Long.MAX_VALUE : get(0).timeNs;
    }

    void add(ScheduledEvent event) {
        if (size == heap.length) {
            heap = Arrays.copyOf(heap, size * 2);
        }
        event.where = ScheduledEvent.FUTURE;
        siftUp(size++, event);
    }

    /** Restores the order after the time of an event inside the heap has changed. */
    void moved(ScheduledEvent event) {
        int index = event.position;
        if (index > 0 && event.isBefore(get((index - 1) >>> 1))) {
            siftUp(index, event);
        } else {
            siftDown(index, event);
        }
    }

    void remove(ScheduledEvent event) {
        int index = event.position;
        ScheduledEvent last = get(--size);
        heap[size] = null;
        event.where = ScheduledEvent.NOWHERE;
        if (last != event) {
            last.position = index;
            heap[index] = last;
            moved(last);
        }
    }

    ScheduledEvent takeEarliest() {
        ScheduledEvent first = get(0);
        remove(first);
        return first;
    }

    void clear() {
        while (size > 0) {
            remove(get(size - 1));
        }
    }

    private void siftUp(int index, ScheduledEvent event) {
        int i = index;
        while (i > 0) {
            int parent = (i - 1) >>> 1;
            ScheduledEvent above = get(parent);
            if (!event.isBefore(above)) {
                break;
            }
            put(i, above);
            i = parent;
        }
        put(i, event);
    }

    private void siftDown(int index, ScheduledEvent event) {
        int i = index;
        for (int child = 2 * i + 1; child < size; child = 2 * i + 1) {
            ScheduledEvent below = get(child);
            if (child + 1 < size && get(child + 1).isBefore(below)) {
                below = get(++child);
            }
            if (!below.isBefore(event)) {
                break;
            }
            put(i, below);
            i = child;
        }
        put(i, event);
    }

    private void put(int index, ScheduledEvent event) {
        heap[index] = event;
        event.position = index;
    }

    private ScheduledEvent get(int index) {
        ScheduledEvent event = heap[index];
        assert event != null : "hole in the heap at " + index;
        return event;
    }
}
