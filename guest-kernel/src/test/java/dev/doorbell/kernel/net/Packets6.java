package dev.doorbell.kernel.net;

import static dev.doorbell.kernel.net.StackFixture.OUR_MAC;
import static dev.doorbell.kernel.net.StackFixture.PEER_MAC;

import java.io.ByteArrayOutputStream;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/** Builds and reads IPv6 frames as byte arrays, independently of the views under test. */
public final class Packets6 {
    public static final int HOP_BY_HOP = 0, ROUTING = 43, FRAGMENT = 44, ICMP = 58, NONE = 59, OPTIONS = 60;

    private Packets6() {}

    /** Sixteen octets of an address, by Java's own parser. */
    public static byte[] address(String text) {
        try {
            return InetAddress.getByName(text).getAddress();
        } catch (UnknownHostException e) {
            throw new AssertionError(e);
        }
    }

    /** An IPv6 packet under construction; from the peer to us unless changed. */
    public static final class Ip6 {
        public long ethDestination = OUR_MAC, ethSource = PEER_MAC;
        public byte[] source = address("fe80::ff:fe00:2"), destination = address("fe80::ff:fe00:1");
        public int hopLimit = 64, payloadLengthDelta, version = 6;
        private final ByteArrayOutputStream chain = new ByteArrayOutputStream();
        private int firstHeader = -1;
        private int pendingNextAt = -1;
        private byte[] finalPayload = {};

        public Ip6 from(String address) {
            source = address(address);
            return this;
        }

        public Ip6 to(String address) {
            destination = address(address);
            if (destination[0] == (byte) 0xFF) {
                ethDestination =
                        0x3333_0000_0000L | ByteBuffer.wrap(destination).getInt(12) & 0xFFFF_FFFFL;
            }
            return this;
        }

        public Ip6 hops(int limit) {
            hopLimit = limit;
            return this;
        }

        /** An extension header: its bytes, of which the first is overwritten with what follows. */
        public Ip6 extension(int type, int... bytes) {
            next(type);
            pendingNextAt = chain.size();
            chain.writeBytes(Packets.bytes(bytes));
            return this;
        }

        /** A fragment header. */
        public Ip6 fragment(int offset, boolean more, int id) {
            int word = offset | (more ? 1 : 0);
            return extension(
                    FRAGMENT, 0, 0, word >> 8, word & 0xFF, id >>> 24, id >>> 16 & 0xFF, id >>> 8 & 0xFF, id & 0xFF);
        }

        private int[] nexts = {};

        private void next(int type) {
            nexts = Arrays.copyOf(nexts, nexts.length + 2);
            nexts[nexts.length - 2] = pendingNextAt;
            nexts[nexts.length - 1] = type;
        }

        /** What the chain ends with. */
        public Ip6 payload(int protocol, byte[] bytes) {
            next(protocol);
            finalPayload = bytes;
            return this;
        }

        /** An ICMPv6 message whose checksum is filled in. */
        public Ip6 icmp(byte[] message) {
            byte[] sum = message.clone();
            sum[2] = 0;
            sum[3] = 0;
            int c = Packets.checksum(sum, 0, sum.length, pseudo(source, destination, ICMP, sum.length));
            sum[2] = (byte) (c >> 8);
            sum[3] = (byte) c;
            return payload(ICMP, sum);
        }

        public byte[] frame() {
            byte[] headers = chain.toByteArray();
            for (int i = 0; i < nexts.length; i += 2) {
                if (nexts[i] < 0) {
                    firstHeader = nexts[i + 1];
                } else {
                    headers[nexts[i]] = (byte) nexts[i + 1];
                }
            }
            int length = headers.length + finalPayload.length;
            ByteBuffer b = ByteBuffer.allocate(14 + 40 + length);
            b.putShort((short) (ethDestination >>> 32)).putInt((int) ethDestination);
            b.putShort((short) (ethSource >>> 32)).putInt((int) ethSource);
            b.putShort((short) 0x86DD);
            b.putInt(version << 28);
            b.putShort((short) (length + payloadLengthDelta))
                    .put((byte) firstHeader)
                    .put((byte) hopLimit);
            b.put(source).put(destination).put(headers).put(finalPayload);
            return b.array();
        }
    }

    public static Ip6 ip6() {
        return new Ip6();
    }

    public static long pseudo(byte[] source, byte[] destination, int protocol, int length) {
        ByteBuffer both = ByteBuffer.allocate(32).put(source).put(destination);
        long sum = protocol + length;
        for (int i = 0; i < 32; i += 2) {
            sum += both.getShort(i) & 0xFFFF;
        }
        return sum;
    }

    /** An ICMPv6 message: type, code, four bytes, and the rest. */
    public static byte[] message(int type, int code, int word, byte[]... parts) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        all.writeBytes(ByteBuffer.allocate(8)
                .put((byte) type)
                .put((byte) code)
                .putShort((short) 0)
                .putInt(word)
                .array());
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }

    /** A link-layer address option. */
    public static byte[] linkOption(int type, long mac) {
        return ByteBuffer.allocate(8)
                .put((byte) type)
                .put((byte) 1)
                .putShort((short) (mac >>> 32))
                .putInt((int) mac)
                .array();
    }

    /** A prefix information option. */
    public static byte[] prefixOption(String prefix, int length, int flags, int valid, int preferred) {
        return ByteBuffer.allocate(32)
                .put((byte) 3)
                .put((byte) 4)
                .put((byte) length)
                .put((byte) flags)
                .putInt(valid)
                .putInt(preferred)
                .putInt(0)
                .put(address(prefix))
                .array();
    }

    // ---- reading

    /** The transport of a frame without extension headers. */
    public static byte[] payload(byte[] frame) {
        return Arrays.copyOfRange(frame, 54, frame.length);
    }

    public static byte[] sourceOf(byte[] frame) {
        return Arrays.copyOfRange(frame, 22, 38);
    }

    public static byte[] destinationOf(byte[] frame) {
        return Arrays.copyOfRange(frame, 38, 54);
    }

    /** Type of an ICMPv6 frame without extension headers, else -1. */
    public static int icmpType(byte[] frame) {
        return frame.length > 54 && frame[12] == (byte) 0x86 && frame[20] == ICMP ? frame[54] & 0xFF : -1;
    }

    public static boolean checksumRight(byte[] frame) {
        byte[] payload = payload(frame);
        return Packets.checksum(
                        payload,
                        0,
                        payload.length,
                        pseudo(sourceOf(frame), destinationOf(frame), frame[20] & 0xFF, payload.length))
                == 0;
    }
}
