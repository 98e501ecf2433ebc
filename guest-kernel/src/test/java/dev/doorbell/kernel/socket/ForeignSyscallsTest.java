package dev.doorbell.kernel.socket;

import static dev.doorbell.kernel.socket.SocketConstants.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.doorbell.bus.mem.GuestMemory;
import dev.doorbell.bus.time.IoLoop;
import dev.doorbell.bus.time.RealTime;
import dev.doorbell.kernel.GuestKernel;
import dev.doorbell.kernel.core.ErrnoException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Host threads with blocking calls on guest sockets, in real time. */
@Timeout(30)
class ForeignSyscallsTest {
    private static final SockAddrIn SERVER = new SockAddrIn(INADDR_LOOPBACK, 7);

    private final RealTime world = new RealTime(IoLoop.withoutIo());
    private final GuestMemory ram = GuestMemory.allocate(64 << 20);
    private final ExecutorService hostThreads = Executors.newCachedThreadPool();
    private GuestKernel kernel;
    private ForeignSyscalls sys;
    private Syscalls process;

    @BeforeEach
    void boot() throws Exception {
        kernel = GuestKernel.builder("guest", world, ram).seed(1).boot();
        process = kernel.newProcess();
        sys = new ForeignSyscalls(world, process);
    }

    @AfterEach
    void end() {
        process.closeAll();
        assertThat(kernel.shutdown()).isEmpty();
        world.close();
        hostThreads.shutdownNow();
        ram.close();
    }

    private void run(Callable<?>... bodies) throws Exception {
        List<Future<?>> all = new ArrayList<>();
        for (Callable<?> body : bodies) {
            all.add(hostThreads.submit(body));
        }
        for (Future<?> each : all) {
            while (!each.isDone()) {
                world.runFor(1_000_000); // what happens on foreign threads does not wake a world
            }
            each.get();
        }
    }

    @Test
    void fourPairsOfThreadsEchoRandomDataThroughBlockingSockets() throws Exception {
        int listener = process.socket(AF_INET, SOCK_STREAM, 0);
        process.bind(listener, SERVER);
        process.listen(listener, 8);
        Callable<?> server = () -> {
            int fd = sys.accept4(listener, 0);
            ByteBuffer chunk = ByteBuffer.allocate(20_000);
            while (sys.read(fd, chunk.clear()) > 0) {
                sys.write(fd, chunk.flip());
            }
            sys.close(fd);
            return null;
        };
        Callable<?> client = () -> {
            int fd = sys.socket(AF_INET, SOCK_STREAM, 0);
            sys.connect(fd, SERVER);
            SplittableRandom random = new SplittableRandom(fd);
            for (int i = 0; i < 20; i++) {
                byte[] out = new byte[random.nextInt(1, 50_000)];
                random.nextBytes(out);
                ByteBuffer in = ByteBuffer.allocate(out.length);
                sys.write(fd, ByteBuffer.wrap(out));
                assertThat(sys.recv(fd, in, MSG_WAITALL)).isEqualTo(out.length);
                assertThat(in.array()).isEqualTo(out);
            }
            sys.shutdown(fd, SHUT_WR);
            assertThat(sys.read(fd, ByteBuffer.allocate(1))).isZero();
            sys.close(fd);
            return null;
        };
        run(server, client, server, client, server, client, server, client);
        process.close(listener);
        assertThat(process.openFiles()).isZero();
    }

    @Test
    void errorsAndTimeoutsComeBackAsOnTheWorldsOwnThread() throws Exception {
        run(() -> {
            int fd = sys.socket(AF_INET, SOCK_STREAM, 0);
            assertThatThrownBy(() -> sys.connect(fd, SERVER))
                    .isInstanceOf(ErrnoException.class)
                    .hasMessageContaining("ECONNREFUSED");
            int udp = sys.socket(AF_INET, SOCK_DGRAM, 0);
            sys.bind(udp, SERVER);
            assertThat(sys.poll(20, new PollFd(udp, EPOLLIN))).isZero();
            sys.sendto(udp, ByteBuffer.allocate(3), 0, SERVER);
            assertThat(sys.poll(-1, new PollFd(udp, EPOLLIN))).isEqualTo(1);
            assertThat(sys.recv(udp, ByteBuffer.allocate(9), 0)).isEqualTo(3);
            assertThat(sys.getsockopt(udp, SOL_SOCKET, SO_TYPE)).isEqualTo(SOCK_DGRAM);
            return null;
        });
    }
}
