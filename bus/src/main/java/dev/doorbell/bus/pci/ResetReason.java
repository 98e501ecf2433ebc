package dev.doorbell.bus.pci;

/** Why a function is being reset; what survives differs (PCI Express Base §6.6). */
public enum ResetReason {
    /** Power-on or PERST#: everything, including sticky bits. */
    POWER_ON,
    /** Hot reset from the upstream port: everything but sticky bits. */
    HOT,
    /** D3hot to D0 with No_Soft_Reset clear. */
    D3_TO_D0,
    /** Function-level reset; not every function has it. */
    FUNCTION_LEVEL
}
