package dev.doorbell.device.i82574;

import dev.doorbell.bus.reg.Field;
import dev.doorbell.bus.reg.Register;

/** IEEE 1588 clock and time stamps: datasheet §10.2.12. The clock runs; frames are not stamped, so VALID stays clear. */
class TimeSyncRegisters extends ManagementRegisters {
    static final Register SYSTIML = MAP.get("SYSTIML");
    static final Register SYSTIMH = MAP.get("SYSTIMH");

    static final Register TIMINCA = MAP.get("TIMINCA");
    static final Field TIMINCA_VALUE = MAP.get("TIMINCA", "VALUE");
    static final Field TIMINCA_PERIOD = MAP.get("TIMINCA", "PERIOD");

    static final Register TIMADJL = MAP.get("TIMADJL");
    static final Register TIMADJH = MAP.get("TIMADJH");
    static final Register TSYNCTXCTL = MAP.get("TSYNCTXCTL");
    static final Register TXSTMPH = MAP.get("TXSTMPH");
    static final Register TSYNCRXCTL = MAP.get("TSYNCRXCTL");
    static final Register RXSTMPH = MAP.get("RXSTMPH");
    static final Register RXMTRL = MAP.get("RXMTRL");
    static final Register RXUDP = MAP.get("RXUDP");
}
