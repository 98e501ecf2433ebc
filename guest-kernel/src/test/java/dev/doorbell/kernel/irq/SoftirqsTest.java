package dev.doorbell.kernel.irq;

import static org.assertj.core.api.Assertions.assertThat;

import dev.doorbell.kernel.TestKernel;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SoftirqsTest {
    private final TestKernel kernel = new TestKernel();
    private final Softirqs softirqs = kernel.softirqs;
    private final List<String> log = new ArrayList<>();

    @AfterEach
    void close() {
        kernel.close();
    }

    @Test
    void whatAHardIrqRaisesRunsAfterItInSoftirqContext() {
        softirqs.open(Softirq.NET_RX, () -> log.add("rx " + kernel.context.cpu().context()));
        kernel.world.after(
                0,
                "irq",
                () -> kernel.context.cpu().runInHardIrq(() -> {
                    softirqs.raise(Softirq.NET_RX);
                    softirqs.raise(Softirq.NET_RX);
                    log.add("irq done");
                }));
        kernel.settle();
        assertThat(log).containsExactly("irq done", "rx SOFTIRQ");
        assertThat(softirqs.runs(Softirq.NET_RX)).isEqualTo(1);
    }

    @Test
    void kindsRunInLinuxOrder() {
        for (Softirq vector : Softirq.values()) {
            softirqs.open(vector, () -> log.add(vector.name()));
        }
        softirqs.raise(Softirq.TASKLET);
        softirqs.raise(Softirq.NET_RX);
        softirqs.raise(Softirq.TIMER);
        softirqs.raise(Softirq.NET_TX);
        kernel.settle();
        assertThat(log).containsExactly("TIMER", "NET_TX", "NET_RX", "TASKLET");
    }

    @Test
    void anActionThatRaisesItselfLetsOtherEventsRunInBetween() {
        softirqs.open(Softirq.TASKLET, () -> {
            log.add("tasklet");
            if (log.size() < 5) {
                softirqs.raise(Softirq.TASKLET);
                kernel.world.after(0, "device", () -> log.add("device"));
            }
        });
        softirqs.raise(Softirq.TASKLET);
        kernel.settle();
        assertThat(log).startsWith("tasklet", "tasklet", "device", "tasklet", "device");
    }
}
