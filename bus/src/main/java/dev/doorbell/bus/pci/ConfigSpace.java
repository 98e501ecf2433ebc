package dev.doorbell.bus.pci;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A function's configuration space: 4096 bytes, little-endian, each with the bits that software may write and the bits
 * that it clears by writing one (PCI Local Bus 3.0 chapter 6, PCI Express Base chapter 7).
 *
 * <p>Built once per function by a {@link ConfigSpaceBuilder}. Two doors lead in: {@link #read} and {@link #write} are
 * software's and obey the masks; {@code get} and {@code set} are the function's own and do not.
 */
public final class ConfigSpace {
    public static final int BYTES = 4096;

    public static final int COMMAND_IO = 1 << 0;
    public static final int COMMAND_MEMORY = 1 << 1;
    public static final int COMMAND_MASTER = 1 << 2;
    public static final int COMMAND_SERR = 1 << 8;
    public static final int COMMAND_INTX_DISABLE = 1 << 10;
    public static final int STATUS_INTERRUPT = 1 << 3;
    public static final int STATUS_CAPABILITIES = 1 << 4;
    public static final int STATUS_RECEIVED_TARGET_ABORT = 1 << 12;
    public static final int STATUS_RECEIVED_MASTER_ABORT = 1 << 13;
    public static final int STATUS_SIGNALLED_SYSTEM_ERROR = 1 << 14;

    public static final int VENDOR_ID = 0x00;
    public static final int DEVICE_ID = 0x02;
    public static final int COMMAND = 0x04;
    public static final int STATUS = 0x06;
    public static final int REVISION = 0x08;
    public static final int CLASS_CODE = 0x09;
    public static final int CACHE_LINE = 0x0C;
    public static final int HEADER_TYPE = 0x0E;
    public static final int SUBSYSTEM_VENDOR_ID = 0x2C;
    public static final int SUBSYSTEM_ID = 0x2E;
    public static final int CAPABILITIES_POINTER = 0x34;
    public static final int INTERRUPT_LINE = 0x3C;
    public static final int INTERRUPT_PIN = 0x3D;

    /** What an unplaced capability belongs to: no function at all. */
    static final ConfigSpace NONE = new ConfigSpace();

    /** Told about changes that mean something outside configuration space, after the change. All are optional. */
    public interface Listener {
        /** Command changed: decode enables, bus master, INTx disable. */
        default void commandChanged(int before, int now) {}

        /** A base address changed. */
        default void barsChanged() {}

        /** An enable or mask bit, address or data of MSI or MSI-X changed in configuration space. */
        default void messagesChanged() {}

        /**
         * The power state changed, 0 for D0 to 3 for D3hot. From D3hot to D0 with No_Soft_Reset clear, a function answers
         * with its own {@link PciFunction#reset reset}(D3_TO_D0), which includes {@link ConfigSpace#reset}.
         */
        default void powerStateChanged(int before, int now) {}
    }

    private final byte[] value = new byte[BYTES];
    private final byte[] initial = new byte[BYTES];
    private final byte[] writable = new byte[BYTES];
    private final byte[] clearedByOne = new byte[BYTES];
    private final byte[] sticky = new byte[BYTES];
    private final @Nullable Bar[] bars = new @Nullable Bar[7];
    private final List<Capability> capabilities = new ArrayList<>();
    private final List<Listener> listeners = new ArrayList<>();
    private @Nullable PowerManagement powerManagement;
    private @Nullable MsiCapability msi;
    private @Nullable MsixCapability msix;
    private boolean memoryDecoded;
    private boolean ioDecoded;
    private boolean busMaster;
    private long functionChanges;

    private ConfigSpace() {}

    /** Begins a type 0 header. */
    public static ConfigSpaceBuilder builder(int vendorId, int deviceId) {
        return new ConfigSpaceBuilder(new ConfigSpace(), vendorId, deviceId);
    }

    /** Software reads 1, 2 or 4 bytes; beyond the end, or any other size, reads all ones. */
    public int read(int offset, int bytes) {
        if (offset < 0 || bytes < 1 || bytes > 4 || offset > BYTES - bytes) {
            return -1;
        }
        int result = 0;
        for (int i = bytes - 1; i >= 0; i--) {
            result = result << 8 | value[offset + i] & 0xFF;
        }
        return result;
    }

    /** Software writes 1, 2 or 4 bytes; read-only bits keep their value; beyond the end it is dropped. */
    public void write(int offset, int bytes, int written) {
        if (offset < 0 || bytes < 1 || bytes > 4 || offset > BYTES - bytes) {
            return;
        }
        int commandBefore = command();
        int powerBefore = powerState();
        for (int i = 0; i < bytes; i++) {
            int at = offset + i;
            int in = written >>> 8 * i & 0xFF;
            int next = value[at] & ~writable[at] | in & writable[at];
            value[at] = (byte) (next & ~(in & clearedByOne[at]));
        }
        for (Capability capability : capabilities) {
            int first = Math.max(offset, capability.base());
            int end = Math.min(offset + bytes, capability.base() + capability.bytes());
            if (first < end) {
                capability.written(first - capability.base(), end - first);
            }
        }
        boolean barsWritten = offset < 0x28 && offset + bytes > 0x10 || offset < 0x34 && offset + bytes > 0x30;
        publish(commandBefore, powerBefore, barsWritten, touchesMessages(offset, bytes));
    }

    /**
     * Back to the values of power-on; all but {@link ResetReason#POWER_ON} keep sticky bits. For the function to call
     * from its own reset.
     */
    public void reset(ResetReason reason) {
        int commandBefore = command();
        int powerBefore = powerState();
        boolean all = reason == ResetReason.POWER_ON;
        for (int i = 0; i < BYTES; i++) {
            int keep = all ? 0 : sticky[i];
            value[i] = (byte) (value[i] & keep | initial[i] & ~keep);
        }
        for (Capability capability : capabilities) {
            capability.restored();
        }
        publish(commandBefore, powerBefore, true, true);
    }

    private boolean touchesMessages(int offset, int bytes) {
        return msi != null && offset < msi.base() + msi.bytes() && offset + bytes > msi.base()
                || msix != null && offset < msix.base() + msix.bytes() && offset + bytes > msix.base();
    }

    private void publish(int commandBefore, int powerBefore, boolean barsWritten, boolean messagesWritten) {
        int command = command();
        int power = powerState();
        boolean awake = power == 0;
        memoryDecoded = awake && (command & COMMAND_MEMORY) != 0;
        ioDecoded = awake && (command & COMMAND_IO) != 0;
        busMaster = awake && (command & COMMAND_MASTER) != 0;
        for (int i = 0; i < listeners.size(); i++) {
            Listener listener = listeners.get(i);
            if (command != commandBefore) {
                listener.commandChanged(commandBefore, command);
            }
            if (barsWritten) {
                listener.barsChanged();
            }
            if (messagesWritten) {
                listener.messagesChanged();
            }
            if (power != powerBefore) {
                listener.powerStateChanged(powerBefore, power);
            }
        }
    }

    public void addListener(Listener listener) {
        listeners.add(listener);
    }

    public void removeListener(Listener listener) {
        listeners.remove(listener);
    }

    public int command() {
        return get16(COMMAND);
    }

    /** Memory BARs answer: Command.1 set, and the function is in D0. */
    public boolean memoryDecoded() {
        return memoryDecoded;
    }

    /** I/O BARs answer: Command.0 set, and the function is in D0. */
    public boolean ioDecoded() {
        return ioDecoded;
    }

    /** The function may send requests, messages included: Command.2 set, and it is in D0. */
    public boolean busMaster() {
        return busMaster;
    }

    /** Command.10: INTx is not asserted, whatever the status bit says. */
    public boolean intxDisabled() {
        return (command() & COMMAND_INTX_DISABLE) != 0;
    }

    /** 0 for D0 to 3 for D3hot; always 0 without a power management capability. */
    public int powerState() {
        return powerManagement == null ? 0 : powerManagement.powerState();
    }

    /** 0 when the function has no INTx pin, else 1 for INTA# to 4 for INTD#. */
    public int interruptPin() {
        return get8(INTERRUPT_PIN);
    }

    /** Status.3, the function's wish to interrupt by INTx, whether or not it may. */
    public void interruptStatus(boolean asserted) {
        value[STATUS] = (byte) (asserted ? value[STATUS] | STATUS_INTERRUPT : value[STATUS] & ~STATUS_INTERRUPT);
    }

    /** @return null when the function does not implement it, or it is the upper half of a 64-bit BAR */
    public @Nullable Bar bar(int index) {
        return bars[index];
    }

    public @Nullable MsiCapability msi() {
        return msi;
    }

    public @Nullable MsixCapability msix() {
        return msix;
    }

    /** The capability of this type, or null. */
    public <C extends Capability> @Nullable C capability(Class<C> type) {
        for (Capability capability : capabilities) {
            if (type.isInstance(capability)) {
                return type.cast(capability);
            }
        }
        return null;
    }

    /** All bytes as software would read them: for dumps. */
    public byte[] dump() {
        return value.clone();
    }

    public int get8(int offset) {
        return value[offset] & 0xFF;
    }

    public int get16(int offset) {
        return value[offset] & 0xFF | (value[offset + 1] & 0xFF) << 8;
    }

    public int get32(int offset) {
        return get16(offset) | get16(offset + 2) << 16;
    }

    /** The function changes its own bits, read-only ones included. Listeners are not told. */
    public void set16(int offset, int now) {
        functionChanges++;
        value[offset] = (byte) now;
        value[offset + 1] = (byte) (now >>> 8);
    }

    public void set32(int offset, int now) {
        set16(offset, now);
        set16(offset + 2, now >>> 16);
    }

    /** How often {@link #set16} and {@link #set32} have changed something, so that it can be told that they have. */
    public long functionChanges() {
        return functionChanges;
    }

    /** Sets value and reset value: for what the function loads from its NVM. */
    public void init8(int offset, int now) {
        value[offset] = (byte) now;
        initial[offset] = (byte) now;
    }

    public void init16(int offset, int now) {
        init8(offset, now);
        init8(offset + 1, now >>> 8);
    }

    public void init32(int offset, int now) {
        init16(offset, now);
        init16(offset + 2, now >>> 16);
    }

    /** Lets software write the bits that are set in {@code mask}. */
    public void writable16(int offset, int mask) {
        or(writable, offset, mask, 2);
    }

    public void writable32(int offset, int mask) {
        or(writable, offset, mask, 4);
    }

    /** Lets software clear, by writing one, the bits that are set in {@code mask}. */
    public void clearedByOne16(int offset, int mask) {
        or(clearedByOne, offset, mask, 2);
    }

    public void clearedByOne32(int offset, int mask) {
        or(clearedByOne, offset, mask, 4);
    }

    /** Bits that survive every reset but power-on. */
    public void sticky32(int offset, int mask) {
        or(sticky, offset, mask, 4);
    }

    private static void or(byte[] target, int offset, int mask, int bytes) {
        for (int i = 0; i < bytes; i++) {
            target[offset + i] |= (byte) (mask >>> 8 * i);
        }
    }

    void add(Bar bar) {
        bars[bar.index()] = bar;
    }

    /** Places the capability: from now on it is part of this configuration space. */
    void add(Capability capability, int offset) {
        capability.place(this, offset);
        capabilities.add(capability);
        if (capability instanceof PowerManagement found) {
            powerManagement = found;
        } else if (capability instanceof MsiCapability found) {
            msi = found;
        } else if (capability instanceof MsixCapability found) {
            msix = found;
        }
    }

    void built() {
        for (Capability capability : capabilities) {
            capability.restored();
        }
    }
}
