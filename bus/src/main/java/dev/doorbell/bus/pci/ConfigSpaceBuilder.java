package dev.doorbell.bus.pci;

import java.util.Arrays;

/** Lays out a configuration space. Mistakes (overlaps, bad sizes) throw here, at start-up. */
public final class ConfigSpaceBuilder {
    private static final int COMMAND_PARITY_SERR = 1 << 6 | 1 << 8;
    private static final int STATUS_W1C = 0xF900;

    private final ConfigSpace config;
    private final boolean[] taken = new boolean[ConfigSpace.BYTES];
    private int lastStandard;
    private int lastExtended;

    ConfigSpaceBuilder(ConfigSpace config, int vendorId, int deviceId) {
        this.config = config;
        Arrays.fill(taken, 0, 0x40, true);
        config.init16(ConfigSpace.VENDOR_ID, vendorId);
        config.init16(ConfigSpace.DEVICE_ID, deviceId);
        config.writable16(
                ConfigSpace.COMMAND,
                ConfigSpace.COMMAND_MASTER | COMMAND_PARITY_SERR | ConfigSpace.COMMAND_INTX_DISABLE);
        config.clearedByOne16(ConfigSpace.STATUS, STATUS_W1C);
        config.writable16(ConfigSpace.CACHE_LINE, 0xFF);
        config.writable16(ConfigSpace.INTERRUPT_LINE, 0xFF);
    }

    /** 24 bits: base class, subclass, interface; 0x020000 is Ethernet. */
    public ConfigSpaceBuilder classCode(int classCode) {
        config.init8(ConfigSpace.CLASS_CODE, classCode);
        config.init16(ConfigSpace.CLASS_CODE + 1, classCode >>> 8);
        return this;
    }

    public ConfigSpaceBuilder subsystem(int vendorId, int id) {
        config.init16(ConfigSpace.SUBSYSTEM_VENDOR_ID, vendorId);
        config.init16(ConfigSpace.SUBSYSTEM_ID, id);
        return this;
    }

    /** 1 for INTA# to 4 for INTD#. */
    public ConfigSpaceBuilder interruptPin(int pin) {
        config.init8(ConfigSpace.INTERRUPT_PIN, pin);
        return this;
    }

    public ConfigSpaceBuilder memoryBar(int index, long sizeBytes) {
        config.writable16(ConfigSpace.COMMAND, ConfigSpace.COMMAND_MEMORY);
        return bar(index, Bar.Kind.MEMORY_32, sizeBytes, false);
    }

    /** Takes the register after it as well. */
    public ConfigSpaceBuilder memoryBar64(int index, long sizeBytes, boolean prefetchable) {
        if (index == 5) {
            throw new IllegalArgumentException("BAR 5: a 64-bit BAR needs the register after it");
        }
        config.writable16(ConfigSpace.COMMAND, ConfigSpace.COMMAND_MEMORY);
        return bar(index, Bar.Kind.MEMORY_64, sizeBytes, prefetchable);
    }

    public ConfigSpaceBuilder ioBar(int index, int sizeBytes) {
        config.writable16(ConfigSpace.COMMAND, ConfigSpace.COMMAND_IO);
        return bar(index, Bar.Kind.IO, sizeBytes, false);
    }

    public ConfigSpaceBuilder expansionRom(int sizeBytes) {
        config.writable16(ConfigSpace.COMMAND, ConfigSpace.COMMAND_MEMORY);
        return bar(Bar.ROM_INDEX, Bar.Kind.ROM, sizeBytes, false);
    }

    private ConfigSpaceBuilder bar(int index, Bar.Kind kind, long sizeBytes, boolean prefetchable) {
        Bar below = index > 0 && index < Bar.ROM_INDEX ? config.bar(index - 1) : null;
        if (config.bar(index) != null || below != null && below.kind() == Bar.Kind.MEMORY_64) {
            throw new IllegalArgumentException("BAR " + index + ": already taken");
        }
        config.add(new Bar(config, index, kind, sizeBytes, prefetchable));
        return this;
    }

    /**
     * Adds a capability to the end of its chain.
     *
     * @param offset 0x40 to 0xFC for a standard one, 0x100 and above for an extended one; a multiple of 4
     */
    public ConfigSpaceBuilder capability(int offset, Capability capability) {
        int from = capability.isExtended() ? 0x100 : 0x40;
        int end = capability.isExtended() ? ConfigSpace.BYTES : 0x100;
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
        config.add(capability, offset);
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
        config.init8(lastStandard == 0 ? ConfigSpace.CAPABILITIES_POINTER : lastStandard + 1, offset);
        config.init16(ConfigSpace.STATUS, config.get16(ConfigSpace.STATUS) | ConfigSpace.STATUS_CAPABILITIES);
        lastStandard = offset;
    }

    public ConfigSpace build() {
        config.built();
        return config;
    }
}
