package dev.doorbell.kernel.udp;

import static dev.doorbell.kernel.net.Packets6.ip6;
import static dev.doorbell.kernel.net.StackFixture.PEER_MAC;
import static dev.doorbell.kernel.socket.SocketConstants.*;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.doorbell.bus.wire.Ipv6Address;
import dev.doorbell.kernel.core.ErrnoException;
import dev.doorbell.kernel.net.StackFixture;
import dev.doorbell.kernel.skb.SkBuff;
import dev.doorbell.kernel.socket.Message;
import dev.doorbell.kernel.socket.Sock;
import dev.doorbell.kernel.socket.SockAddrIn6;
import dev.doorbell.kernel.socket.Syscalls;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** In steady state a datagram over IPv6 costs no Java object, in and out. */
class Udp6AllocationTest {
    private static final int ROUNDS = 5_000, ATTEMPTS = 20, BYTES = 18;

    private final StackFixture f = new StackFixture();
    private final Syscalls sys = f.process();
    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private final Message message = new Message();
    private final SockAddrIn6 peer = new SockAddrIn6();
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(64);
    private final Runnable receive = this::receive;
    private byte[] frame = {};
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

    private void rounds() {
        for (int i = 0; i < ROUNDS; i++) {
            f.kernel.context.cpu().runInSoftirq(receive);
            buffer.clear();
            if (sock.recvmsg(message.set(buffer, peer), 0) != BYTES) {
                throw new AssertionError("datagram " + i + " lost");
            }
            buffer.flip();
            if (sock.sendmsg(message.set(buffer, peer), 0) != BYTES) {
                throw new AssertionError("answer " + i + " refused");
            }
        }
    }

    @Test
    void receivingAndAnsweringAllocatesNothing() throws ErrnoException {
        f.stack.addAddress(f.dev, "2001:db8::1/64");
        f.run(16 * StackFixture.SECOND);
        long[] other = Ipv6Address.parse("2001:db8::2");
        f.stack.ipv6().neighbours().lookupOrCreate(f.dev, other[0], other[1]).makePermanent(PEER_MAC);
        byte[] udp = new byte[8 + BYTES];
        udp[1] = 9;
        udp[3] = 7;
        udp[5] = 8 + BYTES;
        udp[6] = 1; // checked by the card
        frame = ip6().from("2001:db8::2").to("2001:db8::1").payload(17, udp).frame();
        f.discardTransmits = true;
        int fd = sys.socket(AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK, 0);
        sys.bind(fd, new SockAddrIn6(0, 0, 7));
        sock = sys.sock(fd);
        rounds();
        long perRound = -1;
        // Until the JIT has removed what does not escape: how long that takes depends on what else the machine does.
        for (int attempt = 0; attempt < ATTEMPTS && perRound != 0; attempt++) {
            long before = threads.getCurrentThreadAllocatedBytes();
            rounds();
            perRound = (threads.getCurrentThreadAllocatedBytes() - before) / ROUNDS;
        }
        assertThat(perRound).isZero();
    }
}
