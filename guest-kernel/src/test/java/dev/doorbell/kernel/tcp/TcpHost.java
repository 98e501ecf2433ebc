package dev.doorbell.kernel.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.doorbell.bus.mem.GuestMemory;
import dev.doorbell.bus.time.World;
import dev.doorbell.bus.trace.Tracer;
import dev.doorbell.bus.wire.InternetChecksum;
import dev.doorbell.bus.wire.Ipv6Address;
import dev.doorbell.kernel.core.KernelContext;
import dev.doorbell.kernel.inet.Endpoints;
import dev.doorbell.kernel.ipv4.SendOptions;
import dev.doorbell.kernel.skb.SkBuff;
import dev.doorbell.kernel.skb.SkbCopy;
import dev.doorbell.kernel.skb.SkbPool;
import java.nio.ByteBuffer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** One TCP stack whose network layer is a function that takes segments as bytes, TSO already cut, checksums complete. */
final class TcpHost implements AutoCloseable, NetworkLayer {
    final GuestMemory ram = GuestMemory.allocate(16 << 20);
    final KernelContext kernel;
    final SkbPool skbs;
    final TcpConfig config = new TcpConfig();
    final Tcp tcp;
    final int address;
    int mtu = 1500;
    int confirmations;
    /** False: there is no route to anywhere any more. */
    boolean routed = true;
    /** What each packet is refused with, a negated errno; 0: it goes out. */
    int refusal;

    /** ECN bits of the IP header: of what comes in, and of what went out last. */
    int ecnIn, ecnOut;

    Consumer<byte[]> wire = bytes -> {};
    /** Hands TSO buffers down whole, as one received GRO packet. */
    boolean keepLarge;

    TcpHost(World world, int address, long seed) {
        this.address = address;
        kernel = new KernelContext("host " + address, world, ram, Tracer.OFF, seed);
        skbs = new SkbPool(kernel);
        tcp = new Tcp(kernel, this, null, skbs, config);
    }

    TcpSock socket() {
        return (TcpSock) tcp.newSocket();
    }

    /** A segment as it comes from the wire, IP header and all already taken off. */
    void receive(int source, byte[] segment, int gsoSize) {
        SkBuff skb;
        if (segment.length <= 4096) {
            skb = skbs.alloc(64, segment.length);
            ram.write(skb.put(segment.length), segment, 0, segment.length);
        } else {
            skb = skbs.alloc(64, 60);
            ram.write(skb.put(60), segment, 0, 60);
            int rest = segment.length - 60;
            for (int at = 0; at < rest; ) {
                int part = Math.min(rest - at, 32 << 10);
                var block = skbs.allocHead(part);
                ram.write(block.gpa(), segment, 60 + at, part);
                skb.addFrag(block, block.gpa(), part);
                at += part;
            }
            skb.gsoSize = gsoSize;
            skb.gsoSegments = (segment.length + gsoSize - 1) / gsoSize;
        }
        tcp.demux.receive(skb, new Endpoints().localV4(address, 0).remoteV4(source, 0), ecnIn);
    }

    @Override
    public int maxHeader() {
        return 128;
    }

    private record FixedPath(TcpHost host) implements Path {
        @Override
        public long sourceHigh() {
            return 0;
        }

        @Override
        public long sourceLow() {
            return Ipv6Address.ofV4(host.address);
        }

        @Override
        public int headerBytes() {
            return 20;
        }

        @Override
        public int mtu() {
            return host.mtu;
        }

        @Override
        public int linkMtu() {
            return host.mtu;
        }

        @Override
        public boolean isValid() {
            return host.routed;
        }

        @Override
        public boolean isLoopback() {
            return false;
        }

        @Override
        public void confirm() {
            host.confirmations++;
        }
    }

    @Override
    public @Nullable Path path(Endpoints ends, int outInterface, @Nullable SendOptions options) {
        return routed ? new FixedPath(this) : null;
    }

    @Override
    public @Nullable SendOptions echoedOptions(SkBuff skb, Endpoints ends) {
        return null;
    }

    @Override
    public boolean isLocal(long high, long low) {
        return (int) low == address;
    }

    @Override
    public boolean isMulticastOrBroadcast(long high, long low) {
        return (int) low == -1;
    }

    @Override
    public void learnMtu(Endpoints ends, int mtu, int outInterface) {}

    @Override
    public int interfaceOf(SkBuff skb) {
        return 1;
    }

    @Override
    public int transmit(SkBuff skb, Path path, Endpoints ends, int tos, int ttl) {
        if (refusal != 0) {
            skb.free();
            return refusal;
        }
        ByteBuffer all = ByteBuffer.allocate(skb.length());
        SkbCopy.copyBits(skb, 0, all, skb.length());
        int header = (all.get(12) & 0xF0) >>> 2;
        int size = skb.gsoSize;
        skb.free();
        ecnOut = tos & 3;
        byte[] bytes = all.array();
        if (size == 0 || keepLarge) {
            wire.accept(withChecksum(bytes, ends));
            return 0;
        }
        for (int at = header; at < bytes.length; at += size) {
            int part = Math.min(size, bytes.length - at);
            ByteBuffer cut = ByteBuffer.allocate(header + part);
            cut.put(bytes, 0, header).put(bytes, at, part);
            cut.putInt(4, ByteBuffer.wrap(bytes).getInt(4) + at - header);
            if (at + part < bytes.length) {
                cut.put(13, (byte) (cut.get(13) & ~0x09)); // FIN and PSH only on the last
            }
            wire.accept(withChecksum(cut.array(), ends));
        }
        return 0;
    }

    private static byte[] withChecksum(byte[] bytes, Endpoints ends) {
        ByteBuffer view = ByteBuffer.wrap(bytes);
        view.putShort(16, (short) 0);
        long sum = ends.pseudoHeader(6, bytes.length);
        for (int i = 0; i + 1 < bytes.length; i += 2) {
            sum += view.getShort(i) & 0xFFFF;
        }
        if ((bytes.length & 1) != 0) {
            sum += (bytes[bytes.length - 1] & 0xFF) << 8;
        }
        view.putShort(16, (short) InternetChecksum.fold(sum));
        return bytes;
    }

    /** Everything must have been given back. */
    @Override
    public void close() {
        tcp.close();
        assertThat(tcp.queuedSegments()).as("send queue entries").isZero();
        assertThat(skbs.outstanding()).as("skbs outstanding").isZero();
        ram.close();
    }
}
