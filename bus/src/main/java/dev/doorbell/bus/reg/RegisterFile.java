package dev.doorbell.bus.reg;
/** The state of one register block of one device instance. Single-threaded: owned by the device's agent. */
public final class RegisterFile {
    @FunctionalInterface
    public interface ReadHook {
        int onRead(int stored);
    }

    @FunctionalInterface
    public interface WriteHook {
        void onWrite(int written);
    }

    private final RegisterMap map;
    private final int[] value;
    private final ReadHook[] onRead;
    private final WriteHook[] onWrite;

    RegisterFile(RegisterMap map) {
        this.map = map;
        value = map.reset.clone();
        onRead = new ReadHook[value.length];
        onWrite = new WriteHook[value.length];
    }

    public RegisterFile onRead(Register r, ReadHook hook) {
        onRead[r.slot()] = hook;
        return this;
    }

    public RegisterFile onWrite(Register r, WriteHook hook) {
        onWrite[r.slot()] = hook;
        return this;
    }

    public void reset() {
        System.arraycopy(map.reset, 0, value, 0, value.length);
    }

    public int read(int offset) {
        int slot = map.slotOf(offset);
        int seen = value[slot];
        ReadHook hook = onRead[slot];
        if (hook != null) seen = hook.onRead(seen);
        value[slot] &= map.keepOnRead[slot];
        return seen & map.readable[slot];
    }

    public void write(int offset, int written) {
        int slot = map.slotOf(offset);
        int rw = map.rw[slot];
        int next = (value[slot] & ~rw) | (written & rw);
        next |= written & map.w1s[slot];
        next &= ~(written & map.w1c[slot]);
        value[slot] = next;
        WriteHook hook = onWrite[slot];
        if (hook != null) hook.onWrite(written);
    }

    public int get(Register r) {
        return value[r.slot()];
    }

    public void set(Register r, int v) {
        value[r.slot()] = v;
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
}
