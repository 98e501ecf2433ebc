package dev.doorbell.device.i82574;

import dev.doorbell.bus.pci.AdvancedErrorReporting;
import dev.doorbell.bus.pci.ConfigSpace;
import dev.doorbell.bus.pci.DeviceSerialNumber;
import dev.doorbell.bus.pci.MsiCapability;
import dev.doorbell.bus.pci.MsixCapability;
import dev.doorbell.bus.pci.PciExpress;
import dev.doorbell.bus.pci.PowerManagement;
import dev.doorbell.bus.reg.RegisterBook;
import dev.doorbell.device.intel.Nvm;

/** The configuration space of the 82574L, datasheet chapter 9: one function, no function-level reset. */
final class ConfigLayout {
    static final int VENDOR_ID = 0x8086, DEVICE_ID = 0x10D3;
    /** BAR 0: the registers. */
    static final int REGISTER_BAR = 0, REGISTER_BAR_BYTES = 0x2_0000;
    /** BAR 1: the flash, which is not fitted. */
    static final int FLASH_BAR = 1, FLASH_BAR_BYTES = 0x2_0000;
    /** BAR 2: IOADDR and IODATA. */
    static final int IO_BAR = 2, IO_BAR_BYTES = 32;
    /** BAR 3: MSI-X vectors and pending bits. */
    static final int MSIX_BAR = 3, MSIX_BAR_BYTES = 0x4000;

    private static final int ETHERNET = 0x02_0000;
    private static final int PENDING_BITS_AT = 0x2000;
    /** Version 2, DSI, PME from D0, D3hot and D3cold. */
    private static final int PM_CAPABILITIES = 0xC822;
    /** No_Soft_Reset clear, data scale 1. */
    private static final int PM_CONTROL = 0x2000;
    /** 256 bytes of payload, role-based errors, no FLR. */
    private static final int DEVICE_CAPABILITIES = 0x0000_8CC1;
    /** 2.5 GT/s, x1, L0s and L1. */
    private static final int LINK_CAPABILITIES = 0x0003_1C11;

    /**
     * What software finds there, for tests and documentation: the space itself is laid out by the capabilities, which other
     * functions use too.
     */
    static final RegisterBook BOOK = RegisterBook.read(ConfigLayout.class, "registers/pci.txt");

    private ConfigLayout() {}

    static ConfigSpace build(Nvm nvm) {
        return ConfigSpace.builder(VENDOR_ID, DEVICE_ID)
                .classCode(ETHERNET)
                .subsystem(nvm.read(Nvm.SUBSYSTEM_VENDOR_WORD), nvm.read(Nvm.SUBSYSTEM_ID_WORD))
                .interruptPin(1)
                .memoryBar(REGISTER_BAR, REGISTER_BAR_BYTES)
                .memoryBar(FLASH_BAR, FLASH_BAR_BYTES)
                .ioBar(IO_BAR, IO_BAR_BYTES)
                .memoryBar(MSIX_BAR, MSIX_BAR_BYTES)
                .capability(0xC8, new PowerManagement(PM_CAPABILITIES, PM_CONTROL))
                .capability(0xD0, new MsiCapability(1, true, false))
                .capability(0xE0, new PciExpress(DEVICE_CAPABILITIES, LINK_CAPABILITIES))
                .capability(0xA0, new MsixCapability(InterruptUnit.VECTORS, MSIX_BAR, 0, MSIX_BAR, PENDING_BITS_AT))
                .capability(0x100, new AdvancedErrorReporting())
                .capability(0x140, new DeviceSerialNumber(DeviceSerialNumber.eui64(nvm.mac())))
                .build();
    }
}
