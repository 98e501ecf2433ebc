package dev.doorbell.device.i82574;

import dev.doorbell.bus.mem.GuestMemory;
import dev.doorbell.bus.time.Event;
import dev.doorbell.device.i82574.StepTimer.Step;
import dev.doorbell.device.spi.Frame;
import java.util.function.Consumer;
import java.util.function.IntPredicate;

/**
 * The way back of frames in MAC and PHY loop-back: they wait here and reach the receiver in an event of their own, as if
 * from the wire, so that transmission never runs inside reception nor the other way round.
 *
 * <p>On silicon a frame takes its time on the way, and the receiver empties its packet buffer meanwhile. Here it gets no
 * more than it has room for while it is doing so: a burst is not lost because it takes no time.
 */
final class LoopbackQueue {
    private static final int CAPACITY = 5 * 0x1_0000;
    private static final int MAX_FRAMES = 1024;
    private static final int FRAMES_PER_EVENT = 64;

    private final StepTimer steps;
    private final Consumer<Frame> receiver;
    private final IntPredicate receiverMakesRoom;
    private final Event arrival;
    private final GuestMemory memory = GuestMemory.allocateAuto(CAPACITY);
    private final Frame frame = new Frame(memory);
    private final int[] length = new int[MAX_FRAMES];
    private final boolean[] fcsGood = new boolean[MAX_FRAMES];
    private int first;
    private int last;
    private int readAt;
    private int writeAt;

    /** @param receiverMakesRoom for a frame of so many bytes: it is to wait a little */
    LoopbackQueue(StepTimer steps, Consumer<Frame> receiver, IntPredicate receiverMakesRoom) {
        this.steps = steps;
        this.receiver = receiver;
        this.receiverMakesRoom = receiverMakesRoom;
        arrival = steps.event("82574L loop-back", this::deliver);
    }

    boolean isEmpty() {
        return first == last;
    }

    /** Room comes back when everything in it has been delivered. */
    boolean hasRoom(int bytes) {
        return isEmpty() || last < MAX_FRAMES && writeAt + bytes <= CAPACITY;
    }

    /** Takes a copy of a frame for which {@link #hasRoom there is room}. */
    void offer(GuestMemory from, long offset, int bytes, boolean goodFcs) {
        if (isEmpty()) {
            first = 0;
            last = 0;
            readAt = 0;
            writeAt = 0;
        }
        from.copyTo(offset, memory, writeAt, bytes);
        length[last] = bytes;
        fcsGood[last] = goodFcs;
        last++;
        writeAt += bytes;
        steps.next(arrival, Step.SEND);
    }

    private void deliver() {
        for (int n = 0; n < FRAMES_PER_EVENT && !isEmpty(); n++) {
            int bytes = length[first];
            if (receiverMakesRoom.test(bytes)) {
                break;
            }
            frame.set(memory, readAt, bytes).fcsGood(fcsGood[first]);
            readAt += bytes;
            first++;
            receiver.accept(frame);
        }
        if (!isEmpty()) {
            steps.next(arrival, Step.SEND);
        }
    }

    void reset() {
        arrival.cancel();
        first = 0;
        last = 0;
    }
}
