package dev.doorbell.kernel.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.doorbell.bus.time.VirtualTime;
import dev.doorbell.bus.time.World;
import dev.doorbell.bus.wire.InternetChecksum;
import dev.doorbell.kernel.socket.Message;
import dev.doorbell.kernel.socket.SockAddrIn;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.function.UnaryOperator;

/**
 * One stack and a peer that is the test: injects segments, expects segments. Sequence numbers are relative: the stack's
 * to its ISS, the peer's to {@link #PEER_ISS}.
 */
final class TcpScript implements AutoCloseable {
    static final int US = 0x0A00_0001, PEER = 0x0A00_0002, PEER_PORT = 40_000, PORT = 80, PEER_ISS = 5000;
    static final long MS = 1_000_000L;
    static final int FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16, URG = 32, ECE = 64, CWR = 128;

    /** A segment that the stack sent. */
    record Segment(
            long timeNs, int flags, int seq, int ack, int window, byte[] options, int length, int ecn, int urgent) {
        @Override
        public String toString() {
            return String.format(
                    "%.3fms flags=%x seq=%d len=%d ack=%d win=%d", timeNs / 1e6, flags, seq, length, ack, window);
        }
    }

    final VirtualTime world = new VirtualTime(1);
    final TcpHost host;
    final ArrayDeque<Segment> sent = new ArrayDeque<>();
    int localPort = PORT, peerPort = PEER_PORT;
    int iss;
    boolean issKnown;
    /** Of segments with URG; below 0: the end of their data. */
    int urgentPointer = -1;

    TcpScript() {
        this(UnaryOperator.identity());
    }

    /** @param between what the stack sees of the world */
    TcpScript(UnaryOperator<World> between) {
        host = new TcpHost(between.apply(world), US, 99);
        host.config.timestamps = false;
        host.wire = this::captured;
    }

    private void captured(byte[] bytes) {
        ByteBuffer b = ByteBuffer.wrap(bytes);
        int header = (b.get(12) & 0xF0) >>> 2;
        int flags = b.get(13) & 0xFF;
        if ((flags & SYN) != 0) {
            iss = b.getInt(4);
            issKnown = true;
            localPort = b.getShort(0) & 0xFFFF;
        }
        byte[] options = new byte[header - 20];
        b.get(20, options);
        int ack = (flags & ACK) != 0 ? b.getInt(8) - PEER_ISS : 0;
        int seq = issKnown ? b.getInt(4) - iss : b.getInt(4);
        int window = b.getShort(14) & 0xFFFF;
        int urgent = b.getShort(18) & 0xFFFF;
        int length = bytes.length - header;
        sent.add(new Segment(world.nowNs(), flags, seq, ack, window, options, length, host.ecnOut, urgent));
    }

    /** Injects a segment; {@code options} is padded by the caller to whole words. */
    void in(int flags, int seq, int ack, int window, int length, int... options) {
        host.receive(PEER, segment(flags, seq, ack, window, length, options), 0);
    }

    /** The bytes of a segment from the peer, checksum right. */
    byte[] segment(int flags, int seq, int ack, int window, int length, int... options) {
        return segmentFrom(PEER, flags, seq, ack, window, length, options);
    }

    byte[] segmentFrom(int source, int flags, int seq, int ack, int window, int length, int... options) {
        ByteBuffer b = ByteBuffer.allocate(20 + options.length + length);
        b.putShort((short) peerPort).putShort((short) localPort);
        b.putInt(PEER_ISS + seq).putInt((flags & ACK) != 0 ? iss + ack : 0);
        b.put((byte) ((20 + options.length) << 2)).put((byte) flags).putShort((short) window);
        int urgent = urgentPointer >= 0 ? urgentPointer : length;
        b.putShort((short) 0).putShort((short) ((flags & URG) != 0 ? urgent : 0));
        for (int option : options) {
            b.put((byte) option);
        }
        for (int i = 0; i < length; i++) {
            b.put((byte) (seq + i));
        }
        return withChecksum(b.array(), source, US);
    }

    static byte[] withChecksum(byte[] segment) {
        return withChecksum(segment, PEER, US);
    }

    /** Makes the checksum right, in place. */
    static byte[] withChecksum(byte[] segment, int source, int destination) {
        segment[16] = segment[17] = 0;
        long sum = InternetChecksum.pseudoHeader(source, destination, 6, segment.length);
        for (int i = 0; i < segment.length; i++) {
            sum += (segment[i] & 0xFF) << ((i & 1) == 0 ? 8 : 0);
        }
        int checksum = InternetChecksum.fold(sum);
        segment[16] = (byte) (checksum >> 8);
        segment[17] = (byte) checksum;
        return segment;
    }

    /** A SACK option with these relative ranges, padded. */
    int[] sack(int... edges) {
        ByteBuffer b = ByteBuffer.allocate(4 + edges.length * 4);
        b.put((byte) 1).put((byte) 1).put((byte) 5).put((byte) (2 + edges.length * 4));
        for (int edge : edges) {
            b.putInt(iss + edge);
        }
        int[] bytes = new int[b.capacity()];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = b.get(i);
        }
        return bytes;
    }

    static final int[] SYN_OPTIONS = {2, 4, 0x03, 0xE8, 1, 1, 4, 2}; // MSS 1000, SACK permitted

    void run(long ms) {
        world.runFor(ms * MS);
    }

    Segment expect(int flags, int seq, int length, int ack) {
        Segment s = sent.poll();
        assertThat(s)
                .as("a segment with flags %x seq %d length %d", flags, seq, length)
                .isNotNull();
        assertThat(s.flags & ~PSH).as("flags of %s", s).isEqualTo(flags & ~PSH);
        assertThat(s.seq).as("sequence number of %s", s).isEqualTo(seq);
        assertThat(s.length).as("length of %s", s).isEqualTo(length);
        assertThat(s.ack).as("acknowledgment of %s", s).isEqualTo(ack);
        return s;
    }

    void expectNothing() {
        assertThat(sent).isEmpty();
    }

    TcpSock listen(int backlog) {
        TcpSock listener = host.socket();
        listener.reuseAddress = true;
        assertThat(listener.bind(new SockAddrIn(0, PORT))).isZero();
        assertThat(listener.listen(backlog)).isZero();
        return listener;
    }

    /** Passive open with MSS 1000 and SACK, RTT 100 ms, windows unscaled. */
    TcpSock established() {
        TcpSock listener = listen(5);
        in(SYN, 0, 0, 65_000, 0, SYN_OPTIONS);
        expect(SYN | ACK, 0, 0, 1);
        run(100);
        in(ACK, 1, 1, 65_000, 0);
        TcpSock sock = (TcpSock) listener.accept();
        assertThat(sock).isNotNull();
        listener.release();
        return sock;
    }

    long write(TcpSock sock, int bytes) {
        return sock.sendmsg(new Message().set(ByteBuffer.allocate(bytes)), 0);
    }

    long read(TcpSock sock, int bytes) {
        return sock.recvmsg(new Message().set(ByteBuffer.allocate(bytes)), 0);
    }

    @Override
    public void close() {
        host.tcp.close();
        host.close();
    }
}
