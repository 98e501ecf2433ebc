package dev.doorbell.device.i82574;

import static dev.doorbell.bus.reg.Access.RO;
import static dev.doorbell.bus.reg.Access.RW;

import dev.doorbell.bus.reg.Field;
import dev.doorbell.bus.reg.Register;

/** IEEE 1588 clock and time stamps: datasheet §10.2.12. The clock runs; frames are not stamped, so VALID stays clear. */
class TimeSyncRegisters extends ManagementRegisters {
    /** System Time: reading the low half latches the high one. */
    static final Register SYSTIML = MAP.register("SYSTIML", 0x0B600, 0).writable(~0);

    static final Register SYSTIMH = MAP.register("SYSTIMH", 0x0B604, 0).writable(~0);

    /** Time Increment: every PERIOD clocks the time grows by VALUE. */
    static final Register TIMINCA = MAP.register("TIMINCA", 0x0B608, 0);

    static final Field TIMINCA_VALUE = TIMINCA.bits("VALUE", 23, 0, RW);
    static final Field TIMINCA_PERIOD = TIMINCA.bits("PERIOD", 31, 24, RW);

    /** Time Adjustment: writing the high half adds, or with bit 31 set subtracts, the 63-bit offset once. */
    static final Register TIMADJL = MAP.register("TIMADJL", 0x0B60C, 0).writable(~0);

    static final Register TIMADJH = MAP.register("TIMADJH", 0x0B610, 0).writable(~0);

    static final Register TSYNCTXCTL = MAP.register("TSYNCTXCTL", 0x0B614, 0).storageOnly();

    static final Field TSYNCTXCTL_VALID = TSYNCTXCTL.bit("VALID", 0, RO);
    static final Field TSYNCTXCTL_EN = TSYNCTXCTL.bit("EN", 4, RW);

    static final Register TXSTMPL = MAP.register("TXSTMPL", 0x0B618, 0).storageOnly();
    static final Register TXSTMPH = MAP.register("TXSTMPH", 0x0B61C, 0).storageOnly();

    static final Register TSYNCRXCTL = MAP.register("TSYNCRXCTL", 0x0B620, 0).storageOnly();

    static final Field TSYNCRXCTL_VALID = TSYNCRXCTL.bit("VALID", 0, RO);
    static final Field TSYNCRXCTL_TYPE = TSYNCRXCTL.bits("TYPE", 3, 1, RW);
    static final Field TSYNCRXCTL_EN = TSYNCRXCTL.bit("EN", 4, RW);
    static final Field TSYNCRXCTL_SYSCFI = TSYNCRXCTL.bit("SYSCFI", 5, RO);

    static final Register RXSTMPL = MAP.register("RXSTMPL", 0x0B624, 0).storageOnly();
    static final Register RXSTMPH = MAP.register("RXSTMPH", 0x0B628, 0).storageOnly();
    static final Register RXSATRL = MAP.register("RXSATRL", 0x0B62C, 0).storageOnly();
    static final Register RXSATRH = MAP.register("RXSATRH", 0x0B630, 0).storageOnly();
    static final Register RXMTRL =
            MAP.register("RXMTRL", 0x0B634, 0x0000_88F7).writable(~0).storageOnly();
    static final Register RXUDP =
            MAP.register("RXUDP", 0x0B638, 0x0319).writable(0xFFFF).storageOnly();
}
