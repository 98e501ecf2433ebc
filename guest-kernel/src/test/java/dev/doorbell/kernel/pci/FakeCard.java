package dev.doorbell.kernel.pci;

import dev.doorbell.bus.mem.GuestMemory;
import dev.doorbell.bus.pci.ConfigSpace;
import dev.doorbell.bus.pci.MsiCapability;
import dev.doorbell.bus.pci.MsixCapability;
import dev.doorbell.bus.pci.PciFunction;
import dev.doorbell.bus.pci.PowerManagement;
import dev.doorbell.bus.pci.ResetReason;

/** A card with registers that are plain memory, and every kind of interrupt. */
final class FakeCard implements PciFunction {
    final ConfigSpace config;
    final GuestMemory registers = GuestMemory.allocate(128 << 10);

    FakeCard(ConfigSpace config) {
        this.config = config;
        config.addListener(new ConfigSpace.Listener() {
            @Override
            public void powerStateChanged(int before, int now) {
                if (before == 3 && now == 0) {
                    reset(ResetReason.D3_TO_D0);
                }
            }
        });
    }

    static FakeCard nic() {
        return new FakeCard(ConfigSpace.builder(0x8086, 0x10D3)
                .classCode(0x020000)
                .interruptPin(1)
                .memoryBar(0, 128 << 10)
                .ioBar(2, 32)
                .memoryBar(3, 16 << 10)
                .expansionRom(64 << 10)
                .capability(0xC8, new PowerManagement(0xC822, 0))
                .capability(0xD0, new MsiCapability(1, true, false))
                .capability(0xA0, new MsixCapability(5, 3, 0, 3, 0x2000))
                .build());
    }

    @Override
    public int configRead(int offset, int bytes) {
        return config.read(offset, bytes);
    }

    @Override
    public void configWrite(int offset, int bytes, int value) {
        config.write(offset, bytes, value);
    }

    @Override
    public long barRead(int bar, long offset, int bytes) {
        return bar == 3 ? config.msix().table().read(offset, bytes) : registers.readInt(offset) & 0xFFFF_FFFFL;
    }

    @Override
    public void barWrite(int bar, long offset, int bytes, long value) {
        if (bar == 3) {
            config.msix().table().write(offset, bytes, value);
        } else {
            registers.writeInt(offset, (int) value);
        }
    }

    @Override
    public void reset(ResetReason reason) {
        config.reset(reason);
    }

    @Override
    public void quiesce() {}

    @Override
    public ConfigSpace config() {
        return config;
    }
}
