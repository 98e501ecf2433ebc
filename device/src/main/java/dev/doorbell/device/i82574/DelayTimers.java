package dev.doorbell.device.i82574;

import static dev.doorbell.device.i82574.MacRegisters.*;

import dev.doorbell.bus.reg.Register;
import dev.doorbell.bus.reg.RegisterFile;
import dev.doorbell.bus.time.Event;

/**
 * The timers that decide when an RX or TX cause is raised, in INTx and MSI mode: RDTR and TIDV start anew with every
 * batch, RADV and TADV with the first one after an interrupt, RAID with the first ACK. §10.2.5.9 and following; units
 * of 1.024 µs. Whichever expires first takes everything along. That they do nothing in MSI-X mode is unsure; there EITR
 * moderates.
 */
final class DelayTimers {
    private static final long UNIT_NS = 1_024;

    /** Takes over the causes when their time has come. */
    @FunctionalInterface
    interface Expiry {
        /** @param causes as given to {@link DelayTimers#delayReceive} and {@link DelayTimers#delayTransmit} */
        void expired(int causes);
    }

    private final RegisterFile regs;
    private final Expiry expiry;
    private final Event receivePacket;
    private final Event receiveAbsolute;
    private final Event receiveAck;
    private final Event transmitPacket;
    private final Event transmitAbsolute;
    private int delayed;

    DelayTimers(RegisterFile regs, StepTimer steps, Expiry expiry) {
        this.regs = regs;
        this.expiry = expiry;
        receivePacket = steps.event("82574L RDTR", () -> expired(ICRXPTC));
        receiveAbsolute = steps.event("82574L RADV", () -> expired(ICRXATC));
        receiveAck = steps.event("82574L RAID", () -> expired(ICRXPTC));
        transmitPacket = steps.event("82574L TIDV", () -> expired(ICTXPTC));
        transmitAbsolute = steps.event("82574L TADV", () -> expired(ICTXATC));
    }

    /** @return false when the registers ask for no delay: nothing was taken */
    boolean delayReceive(int causes, boolean ack) {
        int packetUnits = regs.get(RDTR) & 0xFFFF;
        int ackUnits = regs.get(RAID) & 0xFFFF;
        if (packetUnits == 0 || ack && ackUnits == 0) {
            return false;
        }
        delayed |= causes;
        receivePacket.after(packetUnits * UNIT_NS);
        startOnce(receiveAbsolute, regs.get(RADV) & 0xFFFF);
        if (ack) {
            startOnce(receiveAck, ackUnits);
        }
        return true;
    }

    /** @return false when the registers ask for no delay: nothing was taken */
    boolean delayTransmit(int causes) {
        int packetUnits = regs.get(TIDV) & 0xFFFF;
        if (packetUnits == 0) {
            return false;
        }
        delayed |= causes;
        transmitPacket.after(packetUnits * UNIT_NS);
        startOnce(transmitAbsolute, regs.get(TADV) & 0xFFFF);
        return true;
    }

    /** Stops all timers. @return what they held back */
    int take() {
        int causes = delayed;
        if (causes != 0) {
            delayed = 0;
            receivePacket.cancel();
            receiveAbsolute.cancel();
            receiveAck.cancel();
            transmitPacket.cancel();
            transmitAbsolute.cancel();
        }
        return causes;
    }

    private static void startOnce(Event timer, int units) {
        if (units != 0 && !timer.isScheduled()) {
            timer.after(units * UNIT_NS);
        }
    }

    private void expired(Register counter) {
        regs.count(counter);
        expiry.expired(take());
    }
}
