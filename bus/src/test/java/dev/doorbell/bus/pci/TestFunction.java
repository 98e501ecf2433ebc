package dev.doorbell.bus.pci;

import dev.doorbell.bus.mem.GuestMemory;

/** A function with the 82574L's configuration space, plain memory behind BAR 0 and I/O ports behind BAR 2. */
final class TestFunction implements PciFunction {
    final ConfigSpace config = configSpace();
    final GuestMemory registers = GuestMemory.allocate(128 << 10);
    int resets;
    long lastPort = -1;

    TestFunction() {
        config.addListener(new ConfigSpace.Listener() {
            @Override
            public void powerStateChanged(int before, int now) {
                if (before == 3 && now == 0) {
                    reset(ResetReason.D3_TO_D0);
                }
            }
        });
    }

    static ConfigSpace configSpace() {
        return ConfigSpace.builder(0x8086, 0x10D3)
                .classCode(0x020000)
                .subsystem(0x8086, 0xA01F)
                .interruptPin(1)
                .memoryBar(0, 128 << 10)
                .ioBar(2, 32)
                .memoryBar(3, 16 << 10)
                .expansionRom(64 << 10)
                .capability(0xC8, new PowerManagement(0xC822, 0x2000))
                .capability(0xD0, new MsiCapability(1, true, false))
                .capability(0xE0, new PciExpress(0x8CC1, 0x31C11))
                .capability(0xA0, new MsixCapability(5, 3, 0, 3, 0x2000))
                .capability(0x100, new AdvancedErrorReporting())
                .capability(0x140, new DeviceSerialNumber(DeviceSerialNumber.eui64(0x001B_2111_2233L)))
                .build();
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
        return switch (bar) {
            case 0 -> registers.readLong(offset) & (bytes == 8 ? -1 : (1L << 8 * bytes) - 1);
            case 3 -> config.msix().table().read(offset, bytes);
            default -> 0x5A;
        };
    }

    @Override
    public void barWrite(int bar, long offset, int bytes, long value) {
        switch (bar) {
            case 0 -> registers.writeInt(offset, (int) value);
            case 3 -> config.msix().table().write(offset, bytes, value);
            default -> lastPort = offset;
        }
    }

    @Override
    public void reset(ResetReason reason) {
        resets++;
        config.reset(reason);
    }

    @Override
    public void quiesce() {}

    @Override
    public ConfigSpace config() {
        return config;
    }
}
