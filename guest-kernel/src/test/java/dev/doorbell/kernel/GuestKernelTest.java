package dev.doorbell.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.doorbell.bus.iommu.Iommu;
import dev.doorbell.bus.irq.InterruptController;
import dev.doorbell.bus.mem.GuestMemory;
import dev.doorbell.bus.pci.RootComplex;
import dev.doorbell.bus.time.VirtualTime;
import dev.doorbell.bus.trace.Tracer;
import dev.doorbell.bus.wire.Ipv4Address;
import dev.doorbell.kernel.core.ErrnoException;
import dev.doorbell.kernel.skb.SkBuff;
import dev.doorbell.kernel.socket.SockAddrIn;
import dev.doorbell.kernel.socket.SocketConstants;
import dev.doorbell.kernel.socket.Syscalls;
import dev.doorbell.kernel.time.KernelTimer;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class GuestKernelTest {
    private final VirtualTime world = new VirtualTime(1);
    private final GuestMemory ram = GuestMemory.allocate(32 << 20);

    @AfterEach
    void close() {
        world.close();
        ram.close();
    }

    private GuestKernel boot() throws ErrnoException {
        return GuestKernel.builder("guest", world, ram).seed(1).poisoning(true).boot();
    }

    @Test
    void withoutABusThereIsALoopbackDeviceAndAnOrderlyEnd() throws ErrnoException {
        GuestKernel kernel = boot();
        assertThat(kernel.net().devices()).containsExactly(kernel.loopback());
        assertThat(kernel.loopback().isUp()).isTrue();
        assertThatThrownBy(kernel::pci).hasMessageContaining("without a bus");
        kernel.close();
        assertThat(kernel.context().pages().outstandingPages()).isZero();
    }

    @Test
    void withAnEmptyTranslatedBusItBootsAndEndsToo() throws ErrnoException {
        Iommu iommu = new Iommu(ram, world, Tracer.OFF);
        iommu.mode(Iommu.Mode.TRANSLATED);
        try (GuestKernel kernel = GuestKernel.builder("guest", world, ram)
                .bus(new RootComplex(world, Tracer.OFF), new InterruptController(world, Tracer.OFF), iommu)
                .boot()) {
            assertThat(kernel.pci().devices()).isEmpty();
        }
    }

    @Test
    void aDatagramToOurselvesArrivesAndOpenSocketsAreClosedAtShutdown() throws ErrnoException {
        GuestKernel kernel = boot();
        Syscalls process = kernel.newProcess();
        int server = process.socket(SocketConstants.AF_INET, SocketConstants.SOCK_DGRAM, 0);
        process.bind(server, new SockAddrIn(Ipv4Address.LOOPBACK, 7));
        int client = process.socket(SocketConstants.AF_INET, SocketConstants.SOCK_DGRAM, 0);
        process.connect(client, new SockAddrIn(Ipv4Address.LOOPBACK, 7));
        ByteBuffer sent = ByteBuffer.wrap("doorbell".getBytes(StandardCharsets.US_ASCII));
        assertThat(process.send(client, sent, 0)).isEqualTo(8);
        sent.rewind();
        assertThat(process.send(client, sent, 0)).isEqualTo(8);
        ByteBuffer received = ByteBuffer.allocate(100);
        assertThat(process.recv(server, received, 0)).isEqualTo(8);
        assertThat(new String(received.array(), 0, 8, StandardCharsets.US_ASCII))
                .isEqualTo("doorbell");
        assertThat(kernel.shutdown()).as("one datagram was still in the queue").isEmpty();
    }

    @Test
    void aTcpConnectionToOurselvesCarriesAMegabyteAndLeavesNothingBehind() throws ErrnoException {
        GuestKernel kernel = boot();
        Syscalls process = kernel.newProcess();
        int listener = process.socket(SocketConstants.AF_INET, SocketConstants.SOCK_STREAM, 0);
        process.bind(listener, new SockAddrIn(Ipv4Address.LOOPBACK, 80));
        process.listen(listener, 8);
        byte[] sent = new byte[1 << 20];
        new SplittableRandom(3).nextBytes(sent);
        world.threads().start("client", () -> {
            try {
                int client = process.socket(SocketConstants.AF_INET, SocketConstants.SOCK_STREAM, 0);
                process.connect(client, new SockAddrIn(Ipv4Address.LOOPBACK, 80));
                ByteBuffer data = ByteBuffer.wrap(sent);
                while (data.hasRemaining()) {
                    process.send(client, data, 0);
                }
                process.close(client);
            } catch (ErrnoException e) {
                throw new IllegalStateException(e);
            }
        });
        int server = process.accept4(listener, 0);
        ByteBuffer received = ByteBuffer.allocate(sent.length + 1);
        while (process.recv(server, received, 0) > 0) {
            assertThat(received.position()).isLessThanOrEqualTo(sent.length);
        }
        assertThat(Arrays.copyOf(received.array(), received.position())).isEqualTo(sent);
        process.close(server);
        world.runFor(1_000_000_000L);
        assertThat(kernel.skbs().drops().nonZero()).isEmpty();
        assertThat(kernel.shutdown()).isEmpty();
    }

    @Test
    void anSkbAndATimerThatWereForgottenAreNamed() throws ErrnoException {
        GuestKernel kernel = boot();
        SkBuff skb = kernel.skbs().alloc(0, 100);
        assertThat(skb).isNotNull();
        new KernelTimer(kernel.context(), "forgotten", () -> {}).modTimerAfter(1);
        assertThatThrownBy(kernel::close)
                .hasMessageContaining("kernel guest leaked")
                .hasMessageContaining("1 timers pending")
                .hasMessageContaining("1 SkBuffs outstanding");
    }

    @Test
    void aForgottenPageIsNamed() throws ErrnoException {
        GuestKernel kernel = boot();
        assertThat(kernel.context().pages().allocPages(1)).isPositive();
        assertThat(kernel.shutdown()).containsExactly("2 pages outstanding");
    }
}
