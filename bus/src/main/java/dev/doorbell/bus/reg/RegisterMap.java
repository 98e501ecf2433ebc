package dev.doorbell.bus.reg;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The layout of one register block: declared once per device model, then frozen and shared.
 *
 * <p>Overlapping fields, taken or misaligned offsets, doubled names and declarations after the first
 * {@link #newFile()} throw.
 */
public final class RegisterMap {
    static final int STICKY = 1;
    static final int STORAGE_ONLY = 2;
    /** Kept over every reset but power-on: it lives on auxiliary power. */
    static final int AUXILIARY = 4;
    /** Write masks per slot in {@link #writeMasks}, side by side so that one access touches one cache line. */
    static final int RW = 0, W1S = 1, W1C = 2, W0C = 3;

    private final String name;
    private final int sizeBytes;
    private final short[] slotOf; // offset / 4 -> slot; 0 is the hole, below 0 the complement of a window's index
    private final List<Layout> layouts = new ArrayList<>();
    private final List<RegisterWindow> windows = new ArrayList<>();
    private final Map<String, Register> byName = new HashMap<>();
    private final Map<String, RegisterArray> arrays = new HashMap<>();
    private boolean frozen;
    int[] reset = {}, writeMasks = {}, readable = {}, clearOnRead = {}, setOnRead = {}, marks = {};
    short[] pairedSlot = {}, highSlot = {};
    boolean[] plainRead = {};

    /** What is declared of one register. */
    private static final class Layout {
        final Register register;
        final int reset;
        final List<Field> fields = new ArrayList<>();
        int taken, rw, w1s, w1c, w0c, writeOnly, clearOnRead, setOnRead, marks;
        short pairedSlot, highSlot;

        Layout(Register register, int reset) {
            this.register = register;
            this.reset = reset;
        }
    }

    public RegisterMap(String name, int sizeBytes) {
        this.name = name;
        this.sizeBytes = sizeBytes;
        slotOf = new short[sizeBytes >>> 2];
        layouts.add(new Layout(new Register(this, "hole", -1, 0), 0));
    }

    public String name() {
        return name;
    }

    public Register register(String n, int offset, int resetValue) {
        Register r = add(n, offset, resetValue);
        place(r.name(), r.slot(), offset);
        return r;
    }

    /** A register on which nothing in the model acts: it remembers the bits of {@code writableMask}. */
    public Register storage(String n, int offset, int resetValue, int writableMask) {
        return register(n, offset, resetValue).writable(writableMask).storageOnly();
    }

    /** A 32-bit statistics counter: sticks at all ones, cleared by reading, not writable. */
    public Register counter(String n, int offset) {
        Register r = register(n, offset, 0);
        r.bits("COUNT", 31, 0, Access.RC);
        return r;
    }

    /** A 64-bit statistics counter: low half at {@code offset}, high half behind it, sticks at all ones. */
    public Counter64 counter64(String lowName, String highName, int offset) {
        Register low = register(lowName, offset, 0);
        low.bits("COUNT", 31, 0, Access.RO);
        Register high = register(highName, offset + 4, 0);
        high.bits("COUNT", 31, 0, Access.RC);
        pair(high, low);
        return new Counter64(low, high);
    }

    /** {@code count} registers "n[0]", "n[1]" … at {@code offset}, {@code offset + strideBytes} … */
    public RegisterArray array(String n, int offset, int count, int strideBytes, int resetValue, int writableMask) {
        int first = layouts.size();
        for (int i = 0; i < count; i++) {
            register(n + "[" + i + "]", offset + i * strideBytes, resetValue).writable(writableMask);
        }
        RegisterArray array = new RegisterArray(this, n, offset, strideBytes, count, first);
        add(array);
        return array;
    }

    /** Memory at {@code [offset, offset + bytes)}; see {@link RegisterFile#onWindow}. */
    public RegisterWindow window(String n, int offset, int bytes) {
        checkOpen(n);
        RegisterWindow window = new RegisterWindow(n, offset, bytes, windows.size());
        windows.add(window);
        for (int at = offset; at < offset + bytes; at += 4) {
            place(n, ~window.index(), at);
        }
        return window;
    }

    /** A second offset for the same register, e.g. the 82542-era alias of RDT0. */
    public void alias(Register r, int offset) {
        place(r.name(), r.slot(), offset);
    }

    public void alias(RegisterArray array, int offset) {
        for (int i = 0; i < array.count(); i++) {
            alias(array.get(i), offset + i * array.strideBytes());
        }
    }

    /** All registers in order of declaration. */
    public List<Register> registers() {
        return layouts.stream().skip(1).map(layout -> layout.register).toList();
    }

    /** Registers on which nothing acts. */
    public List<Register> storageOnly() {
        return registers().stream().filter(this::isStorageOnly).toList();
    }

    public boolean isStorageOnly(Register r) {
        return (layouts.get(r.slot()).marks & STORAGE_ONLY) != 0;
    }

    public List<Field> fields(Register r) {
        return List.copyOf(layouts.get(r.slot()).fields);
    }

    public int resetValue(Register r) {
        return layouts.get(r.slot()).reset;
    }

    /** By datasheet name ("RDT0", "MTA[5]"), for tests and tools; null when there is none. */
    public @Nullable Register find(String registerName) {
        return byName.get(registerName);
    }

    /** By datasheet name. @throws IllegalArgumentException when there is none */
    public Register get(String registerName) {
        Register r = byName.get(registerName);
        if (r == null) throw new IllegalArgumentException(name + " has no register " + registerName);
        return r;
    }

    /** A field by the names of its register and its own. @throws IllegalArgumentException when there is none */
    public Field get(String registerName, String fieldName) {
        for (Field field : layouts.get(get(registerName).slot()).fields) {
            if (field.name().equals(fieldName)) return field;
        }
        throw new IllegalArgumentException(name + " has no field " + registerName + "." + fieldName);
    }

    /** An array by its name without brackets. @throws IllegalArgumentException when there is none */
    public RegisterArray getArray(String arrayName) {
        RegisterArray array = arrays.get(arrayName);
        if (array == null) throw new IllegalArgumentException(name + " has no array " + arrayName);
        return array;
    }

    /** A window by its name. @throws IllegalArgumentException when there is none */
    public RegisterWindow getWindow(String windowName) {
        for (RegisterWindow window : windows) {
            if (window.name().equals(windowName)) return window;
        }
        throw new IllegalArgumentException(name + " has no window " + windowName);
    }

    /** The two halves of a 64-bit counter. */
    public Counter64 getCounter64(String lowName, String highName) {
        return new Counter64(get(lowName), get(highName));
    }

    /** Whether a register or window answers at an offset. */
    public boolean answers(int offset) {
        return slotOf(offset) != 0;
    }

    /** What answers at an offset: a register's or window's name, or null for a hole or an offset outside. */
    public @Nullable String nameAt(int offset) {
        int slot = slotOf(offset);
        return slot == 0
                ? null
                : slot < 0 ? windows.get(~slot).name() : bySlot(slot).name();
    }

    public RegisterFile newFile() {
        if (!frozen) freeze();
        return new RegisterFile(this);
    }

    Field field(Register r, String n, int high, int low, Access access) {
        checkOpen(r.name() + "." + n);
        if (high > 31 || low < 0 || high < low) {
            throw new IllegalArgumentException(r.name() + "." + n + ": bits " + high + ":" + low + ": 31 to 0");
        }
        return field(r, n, (int) (((1L << (high - low + 1)) - 1) << low), access);
    }

    /** A field of any bits; its value counts from the lowest one. */
    Field field(Register r, String n, int mask, Access access) {
        checkOpen(r.name() + "." + n);
        Layout layout = declare(r, n, mask, access);
        Field field = new Field(n, r.slot(), Integer.numberOfTrailingZeros(mask), mask, access);
        layout.fields.add(field);
        return field;
    }

    /** Bits with a behaviour but without a name. */
    void unnamed(Register r, int mask, Access access) {
        checkOpen(r.name());
        Layout unused = declare(r, "(unnamed)", mask, access);
    }

    private Layout declare(Register r, String n, int mask, Access access) {
        Layout layout = take(r, n, mask);
        switch (access) {
            case RW -> layout.rw |= mask;
            case WO -> {
                layout.rw |= mask;
                layout.writeOnly |= mask;
            }
            case W1C -> layout.w1c |= mask;
            case W0C -> layout.w0c |= mask;
            case W1S -> layout.w1s |= mask;
            case RC -> layout.clearOnRead |= mask;
            case RS -> {
                layout.rw |= mask;
                layout.setOnRead |= mask;
            }
            case RO, SC -> {}
        }
        return layout;
    }

    /** The two halves of a 64-bit counter that reading the high one clears. */
    void pair(Register high, Register low) {
        layouts.get(high.slot()).pairedSlot = (short) low.slot();
        layouts.get(low.slot()).highSlot = (short) high.slot();
    }

    void add(RegisterArray array) {
        arrays.put(array.name(), array);
    }

    void writable(Register r, int mask) {
        checkOpen(r.name());
        take(r, "(unnamed)", mask).rw |= mask;
    }

    void mark(Register r, int mark) {
        checkOpen(r.name());
        layouts.get(r.slot()).marks |= mark;
    }

    Register bySlot(int slot) {
        return layouts.get(slot).register;
    }

    /** Slot of a register, 0 for a hole or an offset outside, below 0 for a window. */
    int slotOf(int offset) {
        int index = offset >>> 2;
        return index < slotOf.length ? slotOf[index] : 0;
    }

    int windowCount() {
        return windows.size();
    }

    int windowOffset(int index) {
        return windows.get(index).offset();
    }

    private Layout take(Register r, String n, int mask) {
        Layout layout = layouts.get(r.slot());
        if ((layout.taken & mask) != 0) {
            throw new IllegalArgumentException(r.name() + "." + n + ": bits overlap another field");
        }
        layout.taken |= mask;
        return layout;
    }

    private void checkOpen(String what) {
        if (frozen) throw new IllegalStateException(name + ": frozen, cannot declare " + what);
    }

    private Register add(String n, int offset, int resetValue) {
        checkOpen(n);
        Register r = new Register(this, n, offset, layouts.size());
        if (byName.putIfAbsent(n, r) != null) {
            throw new IllegalArgumentException(name + ": " + n + " is declared twice");
        }
        layouts.add(new Layout(r, resetValue));
        return r;
    }

    private void place(String what, int slot, int offset) {
        checkOpen(what);
        String at = what + ": offset 0x" + Integer.toHexString(offset);
        if ((offset & 3) != 0) throw new IllegalArgumentException(at + " is not a multiple of 4");
        if (offset < 0 || offset >= sizeBytes) throw new IllegalArgumentException(at + " is outside " + name);
        if (slotOf[offset >>> 2] != 0) {
            throw new IllegalArgumentException(at + " is taken by " + nameAt(offset));
        }
        slotOf[offset >>> 2] = (short) slot;
    }

    private void freeze() {
        frozen = true;
        int n = layouts.size();
        reset = new int[n];
        writeMasks = new int[n * 4];
        readable = new int[n];
        clearOnRead = new int[n];
        setOnRead = new int[n];
        marks = new int[n];
        pairedSlot = new short[n];
        highSlot = new short[n];
        plainRead = new boolean[n];
        for (int slot = 0; slot < n; slot++) {
            Layout layout = layouts.get(slot);
            reset[slot] = layout.reset;
            writeMasks[slot * 4 + RW] = layout.rw;
            writeMasks[slot * 4 + W1S] = layout.w1s;
            writeMasks[slot * 4 + W1C] = layout.w1c;
            writeMasks[slot * 4 + W0C] = layout.w0c;
            readable[slot] = ~layout.writeOnly;
            clearOnRead[slot] = layout.clearOnRead;
            setOnRead[slot] = layout.setOnRead;
            marks[slot] = layout.marks;
            pairedSlot[slot] = layout.pairedSlot;
            highSlot[slot] = layout.highSlot;
            plainRead[slot] = (layout.writeOnly | layout.clearOnRead | layout.setOnRead | layout.highSlot) == 0;
        }
    }
}
