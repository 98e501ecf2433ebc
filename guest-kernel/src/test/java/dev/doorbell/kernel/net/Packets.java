package dev.doorbell.kernel.net;

import java.nio.ByteBuffer;
import java.util.Arrays;

/** Builds and reads frames as byte arrays, independently of the views under test. */
public final class Packets {
    private Packets() {}

    /** An IPv4 packet under construction; from the peer to us unless changed. */
    public static final class Ip {
        public long ethDestination = StackFixture.OUR_MAC;
        public long ethSource = StackFixture.PEER_MAC;
        public int source = StackFixture.PEER, destination = StackFixture.US;
        public int protocol = 17, ttl = 64, tos, id = 0x1234, fragment;
        public int totalLengthDelta;
        public byte[] options = {};
        public byte[] payload = {};
        public int padding;

        public Ip from(int address) {
            source = address;
            return this;
        }

        public Ip to(int address) {
            destination = address;
            return this;
        }

        public Ip toMac(long mac) {
            ethDestination = mac;
            return this;
        }

        public Ip protocol(int number) {
            protocol = number;
            return this;
        }

        public Ip tos(int octet) {
            tos = octet;
            return this;
        }

        public Ip ttl(int hops) {
            ttl = hops;
            return this;
        }

        public Ip id(int number) {
            id = number;
            return this;
        }

        /** Offset in bytes. */
        public Ip fragment(int offset, boolean more) {
            fragment = offset / 8 | (more ? 0x2000 : 0);
            return this;
        }

        public Ip dontFragment() {
            fragment = 0x4000;
            return this;
        }

        public Ip options(int... bytes) {
            options = Packets.bytes(bytes);
            return this;
        }

        public Ip payload(byte[] bytes) {
            payload = bytes;
            return this;
        }

        public byte[] frame() {
            int header = 20 + options.length;
            ByteBuffer b = ByteBuffer.allocate(14 + header + payload.length + padding);
            mac(b, ethDestination);
            mac(b, ethSource);
            b.putShort((short) 0x0800);
            int at = b.position();
            b.put((byte) (0x40 | header / 4)).put((byte) tos);
            b.putShort((short) (header + payload.length + totalLengthDelta));
            b.putShort((short) id).putShort((short) fragment);
            b.put((byte) ttl).put((byte) protocol).putShort((short) 0);
            b.putInt(source).putInt(destination).put(options);
            b.putShort(at + 10, (short) checksum(b.array(), at, header, 0));
            b.put(payload);
            return b.array();
        }
    }

    public static Ip ip() {
        return new Ip();
    }

    /** UDP header and payload, checksum right for the given addresses. */
    public static byte[] udp(int source, int destination, int sourcePort, int destinationPort, byte[] payload) {
        ByteBuffer b = ByteBuffer.allocate(8 + payload.length);
        b.putShort((short) sourcePort).putShort((short) destinationPort);
        b.putShort((short) (8 + payload.length)).putShort((short) 0).put(payload);
        int sum = checksum(b.array(), 0, b.capacity(), pseudo(source, destination, 17, b.capacity()));
        b.putShort(6, (short) (sum == 0 ? 0xFFFF : sum));
        return b.array();
    }

    /** A whole UDP frame from the peer to us. */
    public static byte[] udpFrame(int sourcePort, int destinationPort, byte[] payload) {
        return ip().payload(udp(StackFixture.PEER, StackFixture.US, sourcePort, destinationPort, payload))
                .frame();
    }

    public static byte[] icmp(int type, int code, int rest, byte[] payload) {
        ByteBuffer b = ByteBuffer.allocate(8 + payload.length);
        b.put((byte) type).put((byte) code).putShort((short) 0).putInt(rest).put(payload);
        b.putShort(2, (short) checksum(b.array(), 0, b.capacity(), 0));
        return b.array();
    }

    public static byte[] arp(int operation, long senderMac, int senderIp, long targetMac, int targetIp, long ethDst) {
        ByteBuffer b = ByteBuffer.allocate(60);
        mac(b, ethDst);
        mac(b, senderMac);
        b.putShort((short) 0x0806).putShort((short) 1).putShort((short) 0x0800);
        b.put((byte) 6).put((byte) 4).putShort((short) operation);
        mac(b, senderMac);
        b.putInt(senderIp);
        mac(b, targetMac);
        b.putInt(targetIp);
        return b.array();
    }

    private static void mac(ByteBuffer b, long mac) {
        b.putShort((short) (mac >>> 32)).putInt((int) mac);
    }

    public static byte[] bytes(int... values) {
        byte[] bytes = new byte[values.length];
        for (int i = 0; i < values.length; i++) {
            bytes[i] = (byte) values[i];
        }
        return bytes;
    }

    /** Byte n is n, in 251 steps, so that no power of two hides a mistake. */
    public static byte[] pattern(int length) {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = (byte) (i % 251);
        }
        return bytes;
    }

    public static long pseudo(int source, int destination, int protocol, int length) {
        return (source >>> 16) + (source & 0xFFFF) + (destination >>> 16) + (destination & 0xFFFF) + protocol + length;
    }

    /** RFC 1071, word by word. */
    public static int checksum(byte[] data, int from, int length, long seed) {
        long sum = seed;
        for (int i = 0; i < length; i++) {
            int octet = data[from + i] & 0xFF;
            sum += (i & 1) == 0 ? octet << 8 : octet;
        }
        while (sum > 0xFFFF) {
            sum = (sum & 0xFFFF) + (sum >>> 16);
        }
        return (int) ~sum & 0xFFFF;
    }

    // ---- reading

    public static int u8(byte[] frame, int at) {
        return frame[at] & 0xFF;
    }

    public static int u16(byte[] frame, int at) {
        return ByteBuffer.wrap(frame).getShort(at) & 0xFFFF;
    }

    public static int i32(byte[] frame, int at) {
        return ByteBuffer.wrap(frame).getInt(at);
    }

    public static long macAt(byte[] frame, int at) {
        return (long) u16(frame, at) << 32 | i32(frame, at + 2) & 0xFFFF_FFFFL;
    }

    /** What is behind the IP header, up to its total length. */
    public static byte[] ipPayload(byte[] frame) {
        int header = (frame[14] & 0xF) * 4;
        return Arrays.copyOfRange(frame, 14 + header, 14 + u16(frame, 16));
    }

    public static boolean ipChecksumRight(byte[] frame) {
        return checksum(frame, 14, (frame[14] & 0xF) * 4, 0) == 0;
    }

    /** Of a frame with a whole UDP or TCP datagram. */
    public static boolean transportChecksumRight(byte[] frame) {
        byte[] payload = ipPayload(frame);
        return checksum(
                        payload,
                        0,
                        payload.length,
                        pseudo(i32(frame, 26), i32(frame, 30), u8(frame, 23), payload.length))
                == 0;
    }
}
