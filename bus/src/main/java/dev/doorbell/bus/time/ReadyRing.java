package dev.doorbell.bus.time;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Events that are due, first in, first out. A cancelled one leaves a hole, which {@link #take} skips; the ring grows
 * when it is full of live events and squeezes out the holes otherwise.
 */
final class ReadyRing {
    private @Nullable ScheduledEvent[] slots = new ScheduledEvent[256];
    private int mask = slots.length - 1;
    /** Free-running counters; the slot is the counter and {@link #mask}. */
    private int head, tail;

    private int live;

    boolean isEmpty() {
        return live == 0;
    }

    int size() {
        return live;
    }

    void add(ScheduledEvent event) {
        if (tail - head == slots.length) {
            makeRoom();
        }
        slots[tail & mask] = event;
        event.where = ScheduledEvent.READY;
        event.position = tail++;
        live++;
    }

    void remove(ScheduledEvent event) {
        slots[event.position & mask] = null;
        event.where = ScheduledEvent.NOWHERE;
        live--;
    }

    /** The oldest event, taken out, or null. */
    @Nullable
    ScheduledEvent take() {
        if (live == 0) {
            head = tail;
            return null;
        }
        ScheduledEvent event;
        do {
            event = slots[head & mask];
            slots[head++ & mask] = null;
        } while (event == null);
        event.where = ScheduledEvent.NOWHERE;
        live--;
        return event;
    }

    /** The oldest event that matches, taken out, or null. */
    @Nullable
    ScheduledEvent take(Predicate<Event> which) {
        for (int i = head; i != tail; i++) {
            ScheduledEvent event = slots[i & mask];
            if (event != null && which.test(event)) {
                remove(event);
                return event;
            }
        }
        return null;
    }

    /** Brings a random event to the front: ties in an order that nobody promised. */
    void shuffleHead(SplittableRandom random) {
        if (live < 2) {
            return;
        }
        int other = head + random.nextInt(tail - head);
        swap(head, other);
    }

    void clear() {
        while (take() != null) {
            // take() marks each event as not scheduled
        }
    }

    private void swap(int a, int b) {
        ScheduledEvent first = slots[a & mask], second = slots[b & mask];
        slots[a & mask] = second;
        slots[b & mask] = first;
        if (second != null) {
            second.position = a;
        }
        if (first != null) {
            first.position = b;
        }
    }

    private void makeRoom() {
        int capacity = live > slots.length / 2 ? slots.length * 2 : slots.length;
        @Nullable ScheduledEvent[] squeezed = new ScheduledEvent[capacity];
        int count = 0;
        for (int i = head; i != tail; i++) {
            ScheduledEvent event = slots[i & mask];
            if (event != null) {
                event.position = count;
                squeezed[count++] = event;
            }
        }
        Arrays.fill(slots, null);
        slots = squeezed;
        mask = capacity - 1;
        head = 0;
        tail = count;
    }
}
