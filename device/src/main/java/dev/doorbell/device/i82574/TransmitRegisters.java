package dev.doorbell.device.i82574;

import dev.doorbell.bus.reg.Field;
import dev.doorbell.bus.reg.Register;

/** Transmit control, TX FIFO pointers, the two transmit rings: datasheet §10.2.6. */
class TransmitRegisters extends ReceiveRegisters {
    static final Register TCTL = MAP.get("TCTL");
    static final Field TCTL_MULR = MAP.get("TCTL", "MULR");
    static final Field TCTL_EN = MAP.get("TCTL", "EN");
    static final Field TCTL_PSP = MAP.get("TCTL", "PSP");
    static final Field TCTL_SWXOFF = MAP.get("TCTL", "SWXOFF");

    static final Register TIPG = MAP.get("TIPG");
    static final Register TDBAL0 = MAP.get("TDBAL0");
    static final Register TDBAH0 = MAP.get("TDBAH0");
    static final Register TDLEN0 = MAP.get("TDLEN0");
    static final Register TDH0 = MAP.get("TDH0");
    static final Register TDT0 = MAP.get("TDT0");
    static final Register TIDV = MAP.get("TIDV");

    static final Register TXDCTL0 = MAP.get("TXDCTL0");
    static final Field TXDCTL0_LWTHRESH = MAP.get("TXDCTL0", "LWTHRESH");

    static final Register TADV = MAP.get("TADV");

    static final Register TARC0 = MAP.get("TARC0");
    static final Field TARC0_ENABLE = MAP.get("TARC0", "ENABLE");

    static final Register TDBAL1 = MAP.get("TDBAL1");
    static final Register TDBAH1 = MAP.get("TDBAH1");
    static final Register TDLEN1 = MAP.get("TDLEN1");
    static final Register TDH1 = MAP.get("TDH1");
    static final Register TDT1 = MAP.get("TDT1");

    static final Register TXDCTL1 = MAP.get("TXDCTL1");
    static final Field TXDCTL1_LWTHRESH = MAP.get("TXDCTL1", "LWTHRESH");

    static final Register TARC1 = MAP.get("TARC1");
    static final Field TARC1_ENABLE = MAP.get("TARC1", "ENABLE");
}
