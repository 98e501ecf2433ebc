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
    static final Field TSYNCTXCTL_VALID = MAP.get("TSYNCTXCTL", "VALID");
    static final Field TSYNCTXCTL_EN = MAP.get("TSYNCTXCTL", "EN");
    static final Field TSYNCRXCTL_VALID = MAP.get("TSYNCRXCTL", "VALID");
    static final Field TSYNCRXCTL_TYPE = MAP.get("TSYNCRXCTL", "TYPE");
    static final Field TSYNCRXCTL_EN = MAP.get("TSYNCRXCTL", "EN");
    static final Field RXMTRL_ETHERTYPE = MAP.get("RXMTRL", "ETHERTYPE");
    static final Field RXMTRL_CONTROL = MAP.get("RXMTRL", "CONTROL");
    static final Field RXMTRL_MESSAGE = MAP.get("RXMTRL", "MESSAGE");
    static final Register TXSTMPL = MAP.get("TXSTMPL");
    static final Register RXSTMPL = MAP.get("RXSTMPL");
    static final Register RXSATRL = MAP.get("RXSATRL");
    static final Register RXSATRH = MAP.get("RXSATRH");
}
