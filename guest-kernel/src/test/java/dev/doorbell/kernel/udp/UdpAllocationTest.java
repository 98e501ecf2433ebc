package dev.doorbell.kernel.udp;

import static dev.doorbell.kernel.net.Packets.*;
import static dev.doorbell.kernel.net.StackFixture.*;
import static dev.doorbell.kernel.socket.SocketConstants.*;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.doorbell.kernel.core.ErrnoException;
import dev.doorbell.kernel.net.StackFixture;
import dev.doorbell.kernel.skb.SkBuff;
import dev.doorbell.kernel.socket.Message;
import dev.doorbell.kernel.socket.Sock;
import dev.doorbell.kernel.socket.SockAddrIn;
import dev.doorbell.kernel.socket.Syscalls;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** In steady state a datagram costs no Java object, from the driver's poll to recv() and from send() to the card. */
class UdpAllocationTest {
    private static final int ROUNDS = 5_000, ATTEMPTS = 20;

    private final StackFixture f = StackFixture.withPeer();
    private final Syscalls sys = f.process();
    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private final byte[] frame = udpFrame(5000, 7, pattern(18));
    private final Message message = new Message();
    private final SockAddrIn peer = new SockAddrIn();
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(64);
    private final Runnable receive = this::receive;
    private Sock sock;

    @AfterEach
    void nothingLeaks() {
        sys.closeAll();
        f.close();
    }

    private void receive() {
        SkBuff skb = f.kernel.skbs.alloc(66, frame.length);
        f.kernel.ram.write(skb.put(frame.length), frame, 0, frame.length);
        skb.protocol = f.dev.ethTypeTrans(skb);
        skb.ipSummed = SkBuff.CHECKSUM_UNNECESSARY;
        f.dev.netifReceiveSkb(skb);
    }

    private void rounds(int count, boolean answer) {
        for (int i = 0; i < count; i++) {
            f.kernel.context.cpu().runInSoftirq(receive);
            buffer.clear();
            if (sock.recvmsg(message.set(buffer, peer), 0) != 18) {
                throw new AssertionError("datagram " + i + " lost");
            }
            buffer.flip();
            if (answer && sock.sendmsg(message.set(buffer, peer), 0) != 18) {
                throw new AssertionError("answer " + i + " refused");
            }
        }
    }

    private long allocatedPerRound(boolean answer) throws ErrnoException {
        f.discardTransmits = true;
        int fd = sys.socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
        sys.bind(fd, new SockAddrIn(0, 7));
        sock = sys.sock(fd);
        rounds(ROUNDS, answer);
        long perRound = -1;
        // Until the JIT has removed what does not escape: how long that takes depends on what else the machine does.
        for (int attempt = 0; attempt < ATTEMPTS && perRound != 0; attempt++) {
            long before = threads.getCurrentThreadAllocatedBytes();
            rounds(ROUNDS, answer);
            perRound = (threads.getCurrentThreadAllocatedBytes() - before) / ROUNDS;
        }
        return perRound;
    }

    @Test
    void receivingAllocatesNothing() throws ErrnoException {
        assertThat(allocatedPerRound(false)).isZero();
    }

    @Test
    void answeringAllocatesNothing() throws ErrnoException {
        assertThat(allocatedPerRound(true)).isZero();
    }
}
