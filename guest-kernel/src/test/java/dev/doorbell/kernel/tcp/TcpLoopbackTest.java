package dev.doorbell.kernel.tcp;

import static dev.doorbell.kernel.socket.SocketConstants.*;
import static org.assertj.core.api.Assertions.assertThat;

import dev.doorbell.bus.mem.GuestMemory;
import dev.doorbell.bus.time.VirtualTime;
import dev.doorbell.kernel.GuestKernel;
import dev.doorbell.kernel.socket.Message;
import dev.doorbell.kernel.socket.Sock;
import dev.doorbell.kernel.socket.SockAddrIn;
import dev.doorbell.kernel.socket.Syscalls;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

/** Through the whole stack of one kernel: system calls, TCP, IPv4, the loopback device and back. */
class TcpLoopbackTest {
    @Test
    void bytesGoThroughTheLoopbackDeviceAndNothingIsLeftBehind() throws Exception {
        VirtualTime world = new VirtualTime(7);
        GuestMemory ram = GuestMemory.allocate(64 << 20);
        GuestKernel kernel =
                GuestKernel.builder("guest", world, ram).seed(7).poisoning(true).boot();
        Syscalls process = kernel.newProcess();
        int listener = process.socket(AF_INET, SOCK_STREAM, 0);
        process.bind(listener, new SockAddrIn(INADDR_LOOPBACK, 7));
        process.listen(listener, 5);
        int client = process.socket(AF_INET, SOCK_STREAM, 0);
        process.connect(client, new SockAddrIn(INADDR_LOOPBACK, 7));
        int server = process.accept4(listener, 0);

        byte[] data = new byte[300_000];
        for (int i = 0; i < data.length; i++) {
            data[i] = (byte) (i * 17 + i / 300);
        }
        ByteBuffer out = ByteBuffer.wrap(data);
        ByteBuffer in = ByteBuffer.allocate(data.length);
        process.fcntl(client, F_SETFL, O_NONBLOCK);
        while (in.hasRemaining()) {
            if (out.hasRemaining()) {
                try {
                    process.write(client, out);
                } catch (dev.doorbell.kernel.core.ErrnoException full) {
                    assertThat(full.errno()).isEqualTo(dev.doorbell.kernel.core.Errno.EAGAIN);
                }
            }
            assertThat(process.read(server, in)).isPositive();
        }
        assertThat(in.array()).isEqualTo(data);

        process.close(client);
        assertThat(process.read(server, ByteBuffer.allocate(1))).isZero();
        process.close(server);
        process.close(listener);
        world.runFor(200_000_000_000L);
        assertThat(kernel.tcp().flowCount()).isZero();
        assertThat(kernel.shutdown()).isEmpty();
        ram.close();
    }

    @Test
    void bulkOverTheLargestMtuIsNeverRefusedOnThisHost() throws Exception {
        VirtualTime world = new VirtualTime(8);
        GuestMemory ram = GuestMemory.allocate(128 << 20);
        GuestKernel kernel = GuestKernel.builder("guest", world, ram).seed(8).boot();
        Sock listener = kernel.tcp().newSocket();
        listener.bind(new SockAddrIn(INADDR_LOOPBACK, 9));
        listener.listen(1);
        Sock client = kernel.tcp().newSocket();
        client.connect(new SockAddrIn(INADDR_LOOPBACK, 9), O_NONBLOCK);
        world.runFor(1_000_000);
        Sock server = listener.accept();
        ByteBuffer chunk = ByteBuffer.allocateDirect(128 << 10);
        Message message = new Message();
        long received = 0;
        for (int i = 0; i < 400; i++) {
            chunk.clear();
            client.sendmsg(message.set(chunk), 0);
            world.runFor(10_000);
            long n;
            do {
                chunk.clear();
                n = server.recvmsg(message.set(chunk), 0);
                received += Math.max(0, n);
            } while (n > 0);
        }
        assertThat(received).isGreaterThan(40_000_000);
        assertThat(kernel.tcp().mib().get(TcpMib.Counter.RetransSegs)).isZero();
        client.release();
        server.release();
        listener.release();
        world.runFor(200_000_000_000L);
        assertThat(kernel.shutdown()).isEmpty();
        ram.close();
    }
}
