package dev.doorbell.bus.reg;

import java.util.*;

/** The layout of one register block: declared once per device model, then frozen and shared. */
public final class RegisterMap {
    private final String name;
    private final short[] slotOf; // offset / 4 -> slot; 0 is the hole
    private final List<Register> registers = new ArrayList<>();
    private final List<int[]> attributes = new ArrayList<>();
    private boolean frozen;
    int[] reset = {}, rw = {}, w1c = {}, w1s = {}, keepOnRead = {}, readable = {};

    public RegisterMap(String name, int sizeBytes) {
        this.name = name;
        slotOf = new short[sizeBytes >>> 2];
        add(-1, "hole", 0);
    }

    private Register add(int offset, String n, int resetValue) {
        if (frozen) throw new IllegalStateException(name + ": frozen, cannot declare " + n);
        Register r = new Register(this, n, offset, registers.size());
        registers.add(r);
        attributes.add(new int[] {resetValue, 0, 0, 0, ~0, ~0, 0});
        return r;
    }

    public Register register(String n, int offset, int resetValue) {
        Register r = add(offset, n, resetValue);
        map(r, offset);
        return r;
    }

    private void map(Register r, int offset) {
        if ((offset & 3) != 0)
            throw new IllegalArgumentException(
                    r.name() + ": offset 0x" + Integer.toHexString(offset) + " is not a multiple of 4");
        if (slotOf[offset >>> 2] != 0)
            throw new IllegalArgumentException(r.name() + ": 0x" + Integer.toHexString(offset) + " is taken by "
                    + registers.get(slotOf[offset >>> 2]).name());
        slotOf[offset >>> 2] = (short) r.slot();
    }
    /** A second offset for the same register, e.g. the 82542-era alias of RDT0. */
    public void alias(Register r, int offset) {
        map(r, offset);
    }

    Field field(Register r, String n, int high, int low, Access access) {
        int mask = (int) (((1L << (high - low + 1)) - 1) << low);
        int[] a = attributes.get(r.slot());
        if ((a[6] & mask) != 0) throw new IllegalArgumentException(r.name() + "." + n + ": bits overlap another field");
        a[6] |= mask;
        switch (access) {
            case RW -> a[1] |= mask;
            case WO -> {
                a[1] |= mask;
                a[5] &= ~mask;
            }
            case W1C -> a[2] |= mask;
            case W1S -> a[3] |= mask;
            case RC -> a[4] &= ~mask;
            case RO, SC -> {}
        }
        return new Field(n, r.slot(), low, mask, access);
    }

    public RegisterFile newFile() {
        if (!frozen) freeze();
        return new RegisterFile(this);
    }

    private void freeze() {
        frozen = true;
        int n = registers.size();
        reset = col(0, n);
        rw = col(1, n);
        w1c = col(2, n);
        w1s = col(3, n);
        keepOnRead = col(4, n);
        readable = col(5, n);
    }

    private int[] col(int c, int n) {
        int[] v = new int[n];
        for (int i = 0; i < n; i++) v[i] = attributes.get(i)[c];
        return v;
    }

    int slotOf(int offset) {
        return slotOf[offset >>> 2];
    }

    int size() {
        return registers.size();
    }
}
