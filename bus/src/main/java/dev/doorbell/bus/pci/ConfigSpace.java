package dev.doorbell.bus.pci;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A function's configuration space: 4096 bytes, little-endian, each with the bits that software may write and the bits
 * that it clears by writing one (PCI Local Bus 3.0 chapter 6, PCI Express Base chapter 7).
 *
 * <p>Built once per function by {@link #builder}. Two doors lead in: {@link #read} and {@link #write} are software's and
 * obey the masks; {@code get} and {@code set} are the function's own and do not.
 */
public final class ConfigSpace {
    public static final int BYTES = 4096;

    public static final int COMMAND_IO = 1 << 0;
    public static final int COMMAND_MEMORY = 1 << 1;
    public static final int COMMAND_MASTER = 1 << 2;
    public static final int COMMAND_INTX_DISABLE = 1 << 10;
    public static final int STATUS_INTERRUPT = 1 << 3;
    public static final int STATUS_CAPABILITIES = 1 << 4;
    public static final int STATUS_RECEIVED_TARGET_ABORT = 1 << 12;
    public static final int STATUS_RECEIVED_MASTER_ABORT = 1 << 13;

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

    private static final int COMMAND_PARITY_SERR = 1 << 6 | 1 << 8;
    private static final int STATUS_W1C = 0xF900;

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

    private ConfigSpace() {}

    /** Begins a type 0 header. */
    public static Builder builder(int vendorId, int deviceId) {
        return new Builder(vendorId, deviceId);
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
        int status = get16(STATUS);
        set16(STATUS, asserted ? status | STATUS_INTERRUPT : status & ~STATUS_INTERRUPT);
    }

    /** @return null when the function does not implement it, or it is the upper half of a 64-bit BAR */
    public @Nullable Bar bar(int index) {
        return bars[index];
    }

    public @Nullable PowerManagement powerManagement() {
        return powerManagement;
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

    /** In the order of the chain. */
    public List<Capability> capabilities() {
        return List.copyOf(capabilities);
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
        value[offset] = (byte) now;
        value[offset + 1] = (byte) (now >>> 8);
    }

    public void set32(int offset, int now) {
        set16(offset, now);
        set16(offset + 2, now >>> 16);
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

    /** Lays out a configuration space. Mistakes (overlaps, bad sizes) throw here, at start-up. */
    public static final class Builder {
        private final ConfigSpace config = new ConfigSpace();
        private final boolean[] taken = new boolean[BYTES];
        private int lastStandard;
        private int lastExtended;

        private Builder(int vendorId, int deviceId) {
            Arrays.fill(taken, 0, 0x40, true);
            config.init16(VENDOR_ID, vendorId);
            config.init16(DEVICE_ID, deviceId);
            config.writable16(COMMAND, COMMAND_MASTER | COMMAND_PARITY_SERR | COMMAND_INTX_DISABLE);
            config.clearedByOne16(STATUS, STATUS_W1C);
            config.writable16(CACHE_LINE, 0xFF);
            config.writable16(INTERRUPT_LINE, 0xFF);
        }

        public Builder revision(int revision) {
            config.init8(REVISION, revision);
            return this;
        }

        /** 24 bits: base class, subclass, interface; 0x020000 is Ethernet. */
        public Builder classCode(int classCode) {
            config.init8(CLASS_CODE, classCode);
            config.init16(CLASS_CODE + 1, classCode >>> 8);
            return this;
        }

        public Builder subsystem(int vendorId, int id) {
            config.init16(SUBSYSTEM_VENDOR_ID, vendorId);
            config.init16(SUBSYSTEM_ID, id);
            return this;
        }

        /** 1 for INTA# to 4 for INTD#. */
        public Builder interruptPin(int pin) {
            config.init8(INTERRUPT_PIN, pin);
            return this;
        }

        public Builder memoryBar(int index, long sizeBytes) {
            config.writable16(COMMAND, COMMAND_MEMORY);
            return bar(index, Bar.Kind.MEMORY_32, sizeBytes, false);
        }

        /** Takes the register after it as well. */
        public Builder memoryBar64(int index, long sizeBytes, boolean prefetchable) {
            if (index == 5) {
                throw new IllegalArgumentException("BAR 5: a 64-bit BAR needs the register after it");
            }
            config.writable16(COMMAND, COMMAND_MEMORY);
            return bar(index, Bar.Kind.MEMORY_64, sizeBytes, prefetchable);
        }

        public Builder ioBar(int index, int sizeBytes) {
            config.writable16(COMMAND, COMMAND_IO);
            return bar(index, Bar.Kind.IO, sizeBytes, false);
        }

        public Builder expansionRom(int sizeBytes) {
            config.writable16(COMMAND, COMMAND_MEMORY);
            return bar(Bar.ROM_INDEX, Bar.Kind.ROM, sizeBytes, false);
        }

        private Builder bar(int index, Bar.Kind kind, long sizeBytes, boolean prefetchable) {
            Bar below = index > 0 && index < Bar.ROM_INDEX ? config.bars[index - 1] : null;
            if (config.bars[index] != null || below != null && below.kind() == Bar.Kind.MEMORY_64) {
                throw new IllegalArgumentException("BAR " + index + ": already taken");
            }
            config.bars[index] = new Bar(config, index, kind, sizeBytes, prefetchable);
            return this;
        }

        /**
         * Adds a capability to the end of its chain.
         *
         * @param offset 0x40 to 0xFC for a standard one, 0x100 and above for an extended one; a multiple of 4
         */
        public Builder capability(int offset, Capability capability) {
            int from = capability.isExtended() ? 0x100 : 0x40;
            int end = capability.isExtended() ? BYTES : 0x100;
            if (offset % 4 != 0 || offset < from || offset + capability.bytes() > end) {
                throw new IllegalArgumentException(String.format(
                        "capability %#x at %#x: %#x to %#x, a multiple of 4", capability.id(), offset, from, end - 4));
            }
            for (int i = offset; i < offset + capability.bytes(); i++) {
                if (taken[i]) {
                    throw new IllegalArgumentException(
                            String.format("capability %#x: byte %#x is already taken", capability.id(), i));
                }
                taken[i] = true;
            }
            link(offset, capability);
            capability.place(config, offset);
            config.capabilities.add(capability);
            if (capability instanceof PowerManagement powerManagement) {
                config.powerManagement = powerManagement;
            } else if (capability instanceof MsiCapability msi) {
                config.msi = msi;
            } else if (capability instanceof MsixCapability msix) {
                config.msix = msix;
            }
            return this;
        }

        private void link(int offset, Capability capability) {
            if (capability.isExtended()) {
                if (lastExtended == 0 && offset != 0x100) {
                    throw new IllegalArgumentException(
                            String.format("first extended capability at %#x: must be at 0x100", offset));
                }
                if (lastExtended != 0) {
                    config.init32(lastExtended, config.get32(lastExtended) & 0x000F_FFFF | offset << 20);
                }
                config.init32(offset, 1 << 16 | capability.id());
                lastExtended = offset;
                return;
            }
            config.init8(offset, capability.id());
            config.init8(lastStandard == 0 ? CAPABILITIES_POINTER : lastStandard + 1, offset);
            config.init16(STATUS, config.get16(STATUS) | STATUS_CAPABILITIES);
            lastStandard = offset;
        }

        public ConfigSpace build() {
            for (Capability capability : config.capabilities) {
                capability.restored();
            }
            return config;
        }
    }
}
