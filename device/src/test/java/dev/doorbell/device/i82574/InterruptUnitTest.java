package dev.doorbell.device.i82574;

import static dev.doorbell.device.i82574.MacRegisters.*;
import static org.assertj.core.api.Assertions.assertThat;

import dev.doorbell.bus.pci.MsixCapability;
import dev.doorbell.bus.pci.MsixTable;
import dev.doorbell.bus.reg.Register;
import dev.doorbell.bus.reg.RegisterFile;
import dev.doorbell.bus.time.VirtualTime;
import dev.doorbell.bus.trace.Tracer;
import dev.doorbell.device.i82574.InterruptUnit.Mode;
import dev.doorbell.device.spi.Timing;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** The interrupt unit by itself, driven through its registers. */
class InterruptUnitTest {
    private static final int LSC = Interrupts.LSC, TXDW = Interrupts.TXDW, RXT0 = Interrupts.RXT0;
    private static final int RXQ0 = Interrupts.RXQ0, TXQ0 = Interrupts.TXQ0, OTHER = Interrupts.OTHER;
    private static final int ASSERTED = Interrupts.INT_ASSERTED;
    private static final int LINUX_IVAR = 0x800A_0908, LINUX_EIAC = 0x0050_0000;
    private static final int IAME = 1 << 27, EIAME = 1 << 24, PBA_CLR = 1 << 31;

    private final VirtualTime world = new VirtualTime(1);
    private final RegisterFile regs = MacRegisters.newFile();
    private final MsixTable table = new MsixCapability(5, 3, 0, 3, 0x2000).table();
    private final Port port = new Port();
    private InterruptUnit unit;

    private final class Port implements dev.doorbell.bus.irq.InterruptPort {
        final List<Integer> vectors = new ArrayList<>();
        final List<Long> times = new ArrayList<>();
        boolean line;
        int msi;

        @Override
        public void intx(boolean asserted) {
            line = asserted;
            if (asserted) {
                times.add(world.nowNs());
            }
        }

        @Override
        public void msi(int vector) {
            msi++;
            times.add(world.nowNs());
        }

        @Override
        public void msix(int vector) {
            if (table.isMasked(vector)) {
                table.pending(vector, true);
            } else {
                vectors.add(vector);
                times.add(world.nowNs());
            }
        }
    }

    @BeforeEach
    void build() {
        StepTimer steps = new StepTimer(world, Timing.ZERO, new SplittableRandom(1));
        unit = new InterruptUnit(regs, port, steps, table, Tracer.OFF);
        for (int v = 0; v < 5; v++) {
            table.write(16L * v + 12, 4, 0);
        }
        mode(Mode.INTX);
    }

    private void mode(Mode mode) {
        unit.mode(mode, true);
        settle();
    }

    private void linuxMsix() {
        mode(Mode.MSIX);
        write(IVAR, LINUX_IVAR);
        write(EIAC, LINUX_EIAC);
        write(IAM, -1);
        write(CTRL_EXT, EIAME | PBA_CLR);
    }

    private void write(Register register, int value) {
        regs.write(register.offset(), value);
    }

    private int read(Register register) {
        return regs.read(register.offset());
    }

    private void settle() {
        world.runFor(0);
    }

    private void run(long ns) {
        world.runFor(ns);
    }

    @Nested
    class AcceptanceTable {
        @Test
        void row1_maskedCauseIsSeenBySetReadAndClearedByRead() {
            write(ICS, 4);
            assertThat(read(ICS)).isEqualTo(4);
            assertThat(read(ICR)).isEqualTo(4);
            assertThat(read(ICR)).isZero();
        }

        @Test
        void row2_enabledCauseRaisesTheLineAndTheReadLowersIt() {
            write(IMS, 4);
            write(ICS, 4);
            settle();
            assertThat(port.line).isTrue();
            assertThat(read(ICR)).isEqualTo(0x8000_0004);
            assertThat(port.line).isFalse();
        }

        @Test
        void rows3And4_causesThatAreAllMaskedSurviveTheReadUntilEnabled() {
            write(IMS, 4);
            write(ICS, 1);
            settle();
            assertThat(port.line).isFalse();
            assertThat(read(ICR)).isEqualTo(1);
            assertThat(read(ICR)).isEqualTo(1);
            write(IMS, 1);
            settle();
            assertThat(port.line).isTrue();
        }

        @Test
        void row5_readingMasksWithIame() {
            write(IAM, -1);
            write(CTRL_EXT, IAME);
            write(IMS, 5);
            write(ICS, 1);
            assertThat(read(ICR)).isEqualTo(0x8000_0001);
            assertThat(read(IMS)).isZero();
        }

        @Test
        void row6_msixMessageClearsAndMasksItsQueueCauseAndEnablingDeliversTheNext() {
            linuxMsix();
            write(IMS, RXQ0);
            unit.received(0, false, 0);
            settle();
            assertThat(port.vectors).containsExactly(0);
            assertThat(read(ICS) & RXQ0).isZero();
            assertThat(read(IMS) & RXQ0).isZero();
            unit.received(0, false, 0);
            settle();
            assertThat(port.vectors).hasSize(1);
            assertThat(read(ICS) & RXQ0).isEqualTo(RXQ0);
            write(IMS, RXQ0);
            settle();
            assertThat(port.vectors).containsExactly(0, 0);
        }

        @Test
        void row7_linkChangeTravelsByTheOtherVector() {
            linuxMsix();
            write(ICS, LSC);
            write(IMS, OTHER | LSC);
            settle();
            assertThat(port.vectors).containsExactly(2);
            assertThat(read(ICR)).isEqualTo(0x8100_0004);
            assertThat(read(ICR)).isZero();
        }

        @Test
        void row8_vectorMaskedInTheTablePendsAndLeavesAtUnmask() {
            linuxMsix();
            table.write(12, 4, 1);
            write(IMS, RXQ0);
            unit.received(0, false, 0);
            settle();
            assertThat(port.vectors).isEmpty();
            assertThat(table.isPending(0)).isTrue();
            assertThat(read(ICS) & RXQ0).as("auto-clear belongs to the message").isEqualTo(RXQ0);
            table.pending(0, false); // what the table does when it sends at unmask
            table.write(12, 4, 0);
            unit.tableWritten();
            assertThat(read(ICS) & RXQ0).isZero();
            assertThat(read(IMS) & RXQ0).isZero();
        }

        @Test
        void row9_eitrKeepsMessagesApart() {
            linuxMsix();
            write(EITR.get(0), 0xFFFF);
            write(IMS, RXQ0);
            unit.received(0, false, 0);
            settle();
            write(IMS, RXQ0);
            run(1_000_000);
            unit.received(0, false, 0);
            settle();
            assertThat(port.vectors).hasSize(1);
            assertThat(read(ICS) & RXQ0)
                    .as("only latched: not yet auto-cleared")
                    .isEqualTo(RXQ0);
            run(100_000_000);
            assertThat(port.vectors).containsExactly(0, 0);
            assertThat(port.times.get(1) - port.times.get(0)).isEqualTo(0xFFFF * 256L);
        }

        @Test
        void row10_otherCausesNeitherInterruptNorVanish() {
            write(IMS, 1);
            write(ICS, ~1 & 0x7FFF);
            settle();
            assertThat(port.line).isFalse();
            assertThat(read(ICR)).isEqualTo(0x7FFE);
            assertThat(read(ICR)).isEqualTo(0x7FFE);
        }
    }

    @Test
    void maskingLowersTheLineAtOnce() {
        write(IMS, LSC);
        write(ICS, LSC);
        settle();
        write(IMC, LSC);
        assertThat(port.line).isFalse();
        assertThat(read(ICS)).isEqualTo(LSC);
        assertThat(read(IMC)).isZero();
    }

    @Test
    void noMessageLeavesFromInsideARegisterAccess() {
        write(IMS, LSC);
        write(ICS, LSC);
        assertThat(port.line).isFalse();
        settle();
        assertThat(port.line).isTrue();
    }

    @Test
    void writingOtherClearsItsWholeGroup() {
        linuxMsix();
        write(ICS, LSC | Interrupts.RXO | TXDW);
        write(ICR, OTHER);
        assertThat(read(ICS)).isEqualTo(TXDW);
    }

    @Test
    void reservedCausesLatchAndInterrupt() {
        for (int bit : new int[] {3, 5, 8, 10, 14}) {
            write(IMS, 1 << bit);
            write(ICS, 1 << bit);
            settle();
            assertThat(port.line).as("bit %d", bit).isTrue();
            assertThat(read(ICR)).isEqualTo(1 << bit | ASSERTED);
            write(IMC, -1);
        }
    }

    @Test
    void msiIsSentOncePerGainedCause() {
        mode(Mode.MSI);
        write(IMS, RXT0 | LSC);
        write(ICS, RXT0);
        settle();
        write(ICS, RXT0);
        settle();
        assertThat(port.msi).isEqualTo(1);
        write(ICS, LSC);
        settle();
        assertThat(port.msi).isEqualTo(2);
        assertThat(read(ICR)).isEqualTo(RXT0 | LSC | ASSERTED);
        write(ICS, LSC);
        settle();
        assertThat(port.msi).isEqualTo(3);
    }

    @Test
    void itrHoldsBackTheAssertionButNotTheRelease() {
        write(ITR, 100); // 25.6 us
        write(IMS, TXDW);
        write(ICS, TXDW);
        settle();
        read(ICR);
        assertThat(port.line).isFalse();
        write(ICS, TXDW);
        run(25_000);
        assertThat(port.line).isFalse();
        run(1_000);
        assertThat(port.line).isTrue();
        assertThat(port.times).containsExactly(0L, 25_600L);
    }

    @Test
    void gapThatEndsWithoutACauseSendsNothing() {
        mode(Mode.MSI);
        write(ITR, 100);
        write(IMS, TXDW);
        write(ICS, TXDW);
        settle();
        write(ICS, TXDW);
        read(ICR);
        run(1_000_000);
        assertThat(port.msi).isEqualTo(1);
    }

    @Test
    void writingZeroToItrEndsTheGap() {
        mode(Mode.MSI);
        write(ITR, 0xFFFF);
        write(IMS, TXDW);
        write(ICS, TXDW);
        settle();
        read(ICR);
        write(ICS, TXDW);
        settle();
        assertThat(port.msi).isEqualTo(1);
        write(ITR, 0);
        settle();
        assertThat(port.msi).isEqualTo(2);
    }

    @Test
    void writingZeroToOneEitrLeavesTheOthersRunning() {
        linuxMsix();
        write(EITR.get(0), 0xFFFF);
        write(EITR.get(1), 0xFFFF);
        write(IMS, RXQ0 | TXQ0);
        write(ICS, RXQ0 | TXQ0);
        settle();
        write(IMS, RXQ0 | TXQ0);
        write(ICS, RXQ0 | TXQ0);
        write(EITR.get(1), 0);
        settle();
        assertThat(port.vectors).containsExactly(0, 1, 1);
    }

    @Test
    void ivarEntriesWithoutValidBitOrBeyondTheTableSendNothing() {
        linuxMsix();
        write(IVAR, 0x0000_0900 | 0x5 | 0x8); // RXQ0 to vector 5, RXQ1 not valid
        write(IMS, RXQ0 | Interrupts.RXQ1);
        write(ICS, RXQ0 | Interrupts.RXQ1);
        settle();
        assertThat(port.vectors).isEmpty();
        assertThat(read(ICS) & ~ASSERTED).isEqualTo(RXQ0 | Interrupts.RXQ1);
    }

    @Test
    void freeBsdsLinkHandlerDoesNotLoop() {
        mode(Mode.MSIX);
        write(IVAR, 0x8009_0808);
        write(EIAC, RXQ0 | TXQ0 | OTHER);
        write(IMS, 0x9D | RXQ0 | TXQ0 | OTHER);
        write(ICS, LSC);
        settle();
        int handled = 0;
        while (handled < port.vectors.size() && handled < 10) {
            handled++;
            int icr = read(ICR);
            write(IMS, LSC | OTHER);
            if (icr != 0) {
                write(ICS, RXQ0 | TXQ0 | OTHER); // whatever the read may have swallowed
            }
            settle();
        }
        assertThat(handled).isLessThan(10);
    }

    @Test
    void otherComesFromArrivalsNotFromWhatIsStillLatched() {
        linuxMsix();
        write(EIAC, LINUX_EIAC | OTHER);
        write(IMS, OTHER | LSC | RXQ0);
        write(ICS, LSC);
        settle();
        assertThat(port.vectors).containsExactly(2);
        unit.received(0, false, 0);
        settle();
        assertThat(port.vectors).containsExactly(2, 0);
    }

    @Test
    void linuxOtherHandlerGetsItsQueueCausesBack() {
        linuxMsix();
        int ims = 0x0157_0244;
        write(IMS, ims);
        write(IMC, RXQ0);
        unit.received(0, false, 0);
        unit.raise(LSC);
        settle();
        int icr = read(ICR);
        assertThat(icr & RXQ0).isEqualTo(RXQ0);
        write(ICS, icr & LINUX_EIAC);
        write(IMS, ims);
        settle();
        assertThat(port.vectors).containsExactly(2, 0);
    }

    @Nested
    class Delays {
        @Test
        void withoutRdtrReceptionInterruptsPerBatch() {
            write(IMS, RXT0);
            unit.received(0, false, 0);
            settle();
            assertThat(port.line).isTrue();
        }

        @Test
        void rdtrRestartsWithEachPacketAndRadvCaps() {
            write(RDTR, 10); // 10.24 us
            write(RADV, 20); // 20.48 us
            write(IMS, RXT0);
            for (int i = 0; i < 3; i++) {
                unit.received(0, false, 0);
                run(8_000);
            }
            assertThat(port.times).containsExactly(20_480L);
            assertThat(read(ICRXATC)).isEqualTo(1);
        }

        @Test
        void rdtrExpiresAfterSilence() {
            write(RDTR, 10);
            write(IMS, RXT0);
            unit.received(0, false, 0);
            run(100_000);
            assertThat(port.times).containsExactly(10_240L);
            assertThat(read(ICRXPTC)).isEqualTo(1);
        }

        @Test
        void urgentCauseTakesDelayedOnesAlong() {
            write(RDTR, 100);
            write(IMS, RXT0 | LSC);
            unit.received(0, false, 0);
            unit.raise(LSC);
            settle();
            assertThat(read(ICR)).isEqualTo(RXT0 | LSC | ASSERTED);
            run(1_000_000);
            assertThat(read(ICR)).isZero();
        }

        @Test
        void flushDescriptorBitRaisesWhatWaits() {
            write(RDTR, 100);
            write(IMS, RXT0);
            unit.received(0, false, 0);
            write(RDTR, 100 | 1 << 31);
            assertThat(read(RDTR)).isEqualTo(100);
            settle();
            assertThat(port.line).isTrue();
        }

        @Test
        void ideHoldsBackTransmitCausesForTidv() {
            write(TIDV, 8);
            write(TADV, 32);
            write(IMS, TXDW);
            unit.transmitted(0, true, Interrupts.TXQE);
            run(100_000);
            assertThat(port.times).containsExactly(8_192L);
            assertThat(read(ICR)).isEqualTo(TXDW | Interrupts.TXQE | ASSERTED);
        }

        @Test
        void withoutIdeTransmitCausesComeAtOnce() {
            write(TIDV, 8);
            write(IMS, TXDW);
            unit.transmitted(0, false, 0);
            settle();
            assertThat(port.line).isTrue();
        }

        @Test
        void delayBegunInIntxEndsAsQueueCauseInMsix() {
            write(RDTR, 100);
            unit.received(0, false, 0);
            linuxMsix();
            write(IMS, RXQ0);
            run(1_000_000);
            assertThat(port.vectors).containsExactly(0);
            assertThat(read(ICS) & RXT0).isZero();
        }

        @Test
        void timersDoNothingInMsix() {
            linuxMsix();
            write(RDTR, 100);
            write(IMS, RXQ0);
            unit.received(0, false, 0);
            settle();
            assertThat(port.vectors).containsExactly(0);
        }
    }

    @Test
    void changeOfModeDropsTheLineAndDeliversInTheNewMode() {
        write(IMS, LSC);
        write(ICS, LSC);
        settle();
        assertThat(port.line).isTrue();
        unit.mode(Mode.MSI, true);
        assertThat(port.line).isFalse();
        settle();
        assertThat(port.msi).isEqualTo(1);
    }

    @Test
    void causesWaitWhileNothingMayBeDelivered() {
        unit.mode(Mode.MSI, false);
        write(IMS, LSC);
        write(ICS, LSC);
        settle();
        assertThat(port.msi).isZero();
        unit.mode(Mode.MSI, true);
        settle();
        assertThat(port.msi).isEqualTo(1);
    }

    @Test
    void resetStopsEverything() {
        write(ITR, 1000);
        write(RDTR, 10);
        write(IMS, LSC | RXT0);
        write(ICS, LSC);
        settle();
        unit.received(0, false, 0);
        regs.reset();
        unit.reset();
        run(10_000_000);
        assertThat(port.line).isFalse();
        assertThat(read(ICR)).isZero();
        write(IMS, LSC);
        write(ICS, LSC);
        settle();
        assertThat(port.line).as("no gap left over").isTrue();
    }

    @Test
    void softwareResetForgetsMessagesPendingInTheTable() {
        linuxMsix();
        table.write(16 + 12, 4, 1);
        write(IMS, TXQ0);
        write(ICS, TXQ0);
        settle();
        assertThat(table.isPending(1)).isTrue();
        regs.softReset();
        unit.reset();
        assertThat(table.isPending(1)).isFalse();
        table.write(16 + 12, 4, 0);
        unit.tableWritten();
        settle();
        assertThat(port.vectors).isEmpty();
    }

    @Test
    void assertionsAreCounted() {
        write(IMS, LSC);
        write(ICS, LSC);
        settle();
        read(ICR);
        write(ICS, LSC);
        settle();
        assertThat(read(IAC)).isEqualTo(2);
    }
}
