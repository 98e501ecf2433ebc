package dev.doorbell.device.i82574;

import static dev.doorbell.device.i82574.MacRegisters.*;

import dev.doorbell.bus.reg.Counter64;
import dev.doorbell.bus.reg.Register;
import dev.doorbell.bus.reg.RegisterFile;

/** The statistics registers, §10.2.7, as the units of the card count on them. */
final class Counters {
    /** Of the frame check sequence: part of every size and octet count. */
    static final int FCS_BYTES = 4;

    private final RegisterFile regs;

    Counters(RegisterFile regs) {
        this.regs = regs;
    }

    void increment(Register counter) {
        regs.count(counter);
    }

    void add(Register counter, int n) {
        regs.add(counter, n);
    }

    void add(Counter64 counter, long octets) {
        regs.add(counter, octets);
    }

    /** Counts a good received frame in its size bin. @param bytes with FCS */
    void receivedSize(int bytes) {
        regs.count(
                bytes <= 64
                        ? PRC64
                        : bytes <= 127
                                ? PRC127
                                : bytes <= 255 ? PRC255 : bytes <= 511 ? PRC511 : bytes <= 1023 ? PRC1023 : PRC1522);
    }

    /** Counts a good sent frame in its size bin. @param bytes with FCS */
    void sentSize(int bytes) {
        regs.count(
                bytes <= 64
                        ? PTC64
                        : bytes <= 127
                                ? PTC127
                                : bytes <= 255 ? PTC255 : bytes <= 511 ? PTC511 : bytes <= 1023 ? PTC1023 : PTC1522);
    }
}
