package dev.doorbell.kernel.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.doorbell.kernel.core.Cpu.Context;
import org.junit.jupiter.api.Test;

class CpuTest {
    private final Cpu cpu = new Cpu();

    @Test
    void hardIrqInterruptsSoftirqAndReturnsToIt() {
        cpu.runInSoftirq(() -> {
            assertThat(cpu.context()).isEqualTo(Context.SOFTIRQ);
            cpu.runInHardIrq(() -> assertThat(cpu.context()).isEqualTo(Context.HARDIRQ));
            assertThat(cpu.context()).isEqualTo(Context.SOFTIRQ);
        });
        assertThat(cpu.context()).isEqualTo(Context.TASK);
    }

    @Test
    void contextIsRestoredWhenTheHandlerThrows() {
        assertThatThrownBy(() -> cpu.runInHardIrq(() -> {
                    throw new IllegalStateException("handler");
                }))
                .hasMessage("handler");
        assertThat(cpu.context()).isEqualTo(Context.TASK);
    }

    @Test
    void sleepingInSoftirqNamesTheCaller() {
        assertThatThrownBy(() -> cpu.runInSoftirq(() -> cpu.mightSleep("tcp_sendmsg")))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("tcp_sendmsg")
                .hasMessageContaining("SOFTIRQ");
    }

    @Test
    void sleepingUnderASpinlockIsAnErrorAndAfterItIsNot() {
        cpu.preemptDisable();
        assertThatThrownBy(() -> cpu.mightSleep("msleep")).hasMessageContaining("preempt count 1");
        cpu.preemptEnable();
        cpu.mightSleep("msleep");
        assertThatThrownBy(cpu::preemptEnable).isInstanceOf(IllegalStateException.class);
    }
}
