package dev.doorbell.bus.reg;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The state of one register block of one device instance. Single-threaded: owned by the device's world.
 *
 * <p>{@link #read} and {@link #write} are software's side, with all side effects; {@code get}, {@code set} and
 * {@code add} are the device's side, without any. Neither throws for what a guest does: holes read 0 and drop writes.
 */
public final class RegisterFile {
    private static final int ALL_ONES = -1;

    /** Runs before the read's own side effects; what it returns is what software sees. */
    @FunctionalInterface
    public interface ReadHook {
        int onRead(int stored);
    }

    /** Runs after the storage is updated; bits that do not store (SC, W1C …) show only in {@code written}. */
    @FunctionalInterface
    public interface WriteHook {
        void onWrite(int written);
    }

    /** Memory behind a {@link RegisterWindow}; offsets count from its start, multiples of 4. */
    public interface WindowHook {
        int onRead(int offset);

        void onWrite(int offset, int written);
    }

    /** Hears of accesses that no register takes: holes, misaligned offsets, partial writes. */
    @FunctionalInterface
    public interface StrayHook {
        void onStray(int offset, boolean isWrite, int written);
    }

    private final RegisterMap map;
    private final int[] value;
    /** Of 64-bit counters: both halves as they were when the low one was read. */
    private final int[] latched;
    /** By high half: its low half was read, and it not yet. */
    private final boolean[] isLowRead;

    private final @Nullable ReadHook[] onRead;
    private final @Nullable WriteHook[] onWrite;
    private final @Nullable WindowHook[] windows;
    private @Nullable StrayHook onStray;
    private long strayReads;
    private long strayWrites;

    RegisterFile(RegisterMap map) {
        this.map = map;
        value = map.reset.clone();
        latched = new int[value.length];
        isLowRead = new boolean[value.length];
        onRead = new ReadHook[value.length];
        onWrite = new WriteHook[value.length];
        windows = new WindowHook[map.windowCount()];
    }

    public RegisterMap map() {
        return map;
    }

    public RegisterFile onRead(Register r, ReadHook hook) {
        onRead[r.slot()] = hook;
        return this;
    }

    public RegisterFile onWrite(Register r, WriteHook hook) {
        onWrite[r.slot()] = hook;
        return this;
    }

    /** One hook for all elements: it is not told which; for tables that are looked up afresh or marked changed. */
    public RegisterFile onWrite(RegisterArray array, WriteHook hook) {
        for (int i = 0; i < array.count(); i++) {
            onWrite[array.slot(i)] = hook;
        }
        return this;
    }

    public RegisterFile onWindow(RegisterWindow window, WindowHook hook) {
        windows[window.index()] = hook;
        return this;
    }

    public RegisterFile onStray(StrayHook hook) {
        onStray = hook;
        return this;
    }

    /** Power-on: every register to its reset value. Runs no hook. */
    public void reset() {
        System.arraycopy(map.reset, 0, value, 0, value.length);
        Arrays.fill(isLowRead, false);
    }

    /** As {@link #reset()}, but sticky registers and those on auxiliary power keep their values. */
    public void softReset() {
        resetAllBut(RegisterMap.STICKY | RegisterMap.AUXILIARY);
    }

    /** As {@link #reset()}, but registers on auxiliary power keep their values. */
    public void busReset() {
        resetAllBut(RegisterMap.AUXILIARY);
    }

    private void resetAllBut(int marks) {
        for (int slot = 0; slot < value.length; slot++) {
            if ((map.marks[slot] & marks) == 0) value[slot] = map.reset[slot];
        }
        Arrays.fill(isLowRead, false);
    }

    public int read(int offset) {
        int slot = map.slotOf(offset);
        if (slot <= 0 || (offset & 3) != 0) return readElsewhere(offset, slot);
        int seen = value[slot];
        ReadHook hook = onRead[slot];
        if (hook != null) seen = hook.onRead(seen);
        return map.plainRead[slot] ? seen : readWithEffects(slot, seen);
    }

    public void write(int offset, int written) {
        int slot = map.slotOf(offset);
        if (slot <= 0 || (offset & 3) != 0) {
            writeElsewhere(offset, slot, written);
            return;
        }
        int[] masks = map.writeMasks;
        int m = slot << 2;
        int rw = masks[m];
        int next = (value[slot] & ~rw) | (written & (rw | masks[m + RegisterMap.W1S]));
        next &= ~(written & masks[m + RegisterMap.W1C]) & (written | ~masks[m + RegisterMap.W0C]);
        value[slot] = next;
        WriteHook hook = onWrite[slot];
        if (hook != null) hook.onWrite(written);
    }

    /**
     * A read of 1, 2, 4 or 8 bytes. Narrow reads return their lane of the whole register, with its side effects; 8
     * bytes are two reads, low half first. An access across a dword boundary is stray.
     */
    public long read(int offset, int bytes) {
        if (bytes == 4) return read(offset) & 0xFFFF_FFFFL;
        if (bytes == 8) return (read(offset) & 0xFFFF_FFFFL) | (long) read(offset + 4) << 32;
        int lane = offset & 3;
        if (lane + bytes > 4) {
            stray(offset, false, 0);
            return 0;
        }
        return (read(offset - lane) & 0xFFFF_FFFFL) >>> (lane * 8) & ((1L << (bytes * 8)) - 1);
    }

    /** A write of 1, 2, 4 or 8 bytes. Registers take whole dwords only: narrow writes are dropped as stray. */
    public void write(int offset, int bytes, long written) {
        if (bytes == 4) {
            write(offset, (int) written);
        } else if (bytes == 8) {
            write(offset, (int) written);
            write(offset + 4, (int) (written >>> 32));
        } else {
            stray(offset, true, (int) written);
        }
    }

    /** The stored value by datasheet name, without side effects or hooks: for tests and tools. */
    public int peek(String registerName) {
        Register r = map.find(registerName);
        if (r == null) throw new IllegalArgumentException(map.name() + " has no register " + registerName);
        return value[r.slot()];
    }

    public int get(Register r) {
        return value[r.slot()];
    }

    public void set(Register r, int v) {
        value[r.slot()] = v;
    }

    public int get(RegisterArray array, int index) {
        return value[array.slot(index)];
    }

    public void set(RegisterArray array, int index, int v) {
        value[array.slot(index)] = v;
    }

    public int get(Field f) {
        return (value[f.slot()] & f.mask()) >>> f.shift();
    }

    public boolean isSet(Field f) {
        return (value[f.slot()] & f.mask()) != 0;
    }

    public void set(Field f, int v) {
        value[f.slot()] = (value[f.slot()] & ~f.mask()) | ((v << f.shift()) & f.mask());
    }

    /** Counts one; sticks at all ones. */
    public void count(Register counter) {
        int v = value[counter.slot()];
        if (v != ALL_ONES) value[counter.slot()] = v + 1;
    }

    /** Adds {@code n >= 0} unsigned; sticks at all ones. */
    public void add(Register counter, int n) {
        int sum = value[counter.slot()] + n;
        value[counter.slot()] = Integer.compareUnsigned(sum, n) < 0 ? ALL_ONES : sum;
    }

    /** Adds {@code n >= 0} unsigned to the 64-bit value; sticks at all ones. */
    public void add(Counter64 counter, long n) {
        long sum = get(counter) + n;
        if (Long.compareUnsigned(sum, n) < 0) sum = -1;
        value[counter.low().slot()] = (int) sum;
        value[counter.high().slot()] = (int) (sum >>> 32);
    }

    public long get(Counter64 counter) {
        return pair(value, counter.low().slot(), counter.high().slot());
    }

    /** Accesses no register took since power-on. */
    public long strayReads() {
        return strayReads;
    }

    public long strayWrites() {
        return strayWrites;
    }

    private int readWithEffects(int slot, int seen) {
        int high = map.highSlot[slot];
        if (high != 0) {
            latched[slot] = seen;
            latched[high] = value[high];
            isLowRead[high] = true;
            return seen;
        }
        int low = map.pairedSlot[slot];
        if (low != 0) return readHigh(slot, low);
        value[slot] = (value[slot] & ~map.clearOnRead[slot]) | map.setOnRead[slot];
        return seen & map.readable[slot];
    }

    /** What was counted since the low half was read stays: software that reads both halves misses nothing. */
    private int readHigh(int high, int low) {
        if (!isLowRead[high]) {
            latched[low] = value[low];
            latched[high] = value[high];
        }
        isLowRead[high] = false;
        long rest = pair(value, low, high) - pair(latched, low, high);
        value[low] = (int) rest;
        value[high] = (int) (rest >>> 32);
        return latched[high];
    }

    private static long pair(int[] from, int low, int high) {
        return (from[low] & 0xFFFF_FFFFL) | (long) from[high] << 32;
    }

    private int readElsewhere(int offset, int slot) {
        if (slot < 0 && (offset & 3) == 0) {
            WindowHook window = windows[~slot];
            if (window != null) return window.onRead(offset - map.windowOffset(~slot));
        }
        stray(offset, false, 0);
        return 0;
    }

    private void writeElsewhere(int offset, int slot, int written) {
        if (slot < 0 && (offset & 3) == 0) {
            WindowHook window = windows[~slot];
            if (window != null) {
                window.onWrite(offset - map.windowOffset(~slot), written);
                return;
            }
        }
        stray(offset, true, written);
    }

    private void stray(int offset, boolean isWrite, int written) {
        if (isWrite) {
            strayWrites++;
        } else {
            strayReads++;
        }
        if (onStray != null) onStray.onStray(offset, isWrite, written);
    }
}
