package dev.doorbell.device.i82574;

import static dev.doorbell.device.i82574.MacRegisters.*;

import dev.doorbell.bus.reg.Register;
import java.util.HexFormat;

/** A transmit ring of one queue as a driver keeps it: descriptors and buffers in the bench's memory. */
final class TxScript {
    static final int EOP = 1 << 24, IFCS = 1 << 25, IC = 1 << 26, TSE = 1 << 26, RS = 1 << 27;
    static final int DEXT = 1 << 29, VLE = 1 << 30, IDE = 1 << 31;
    static final int IXSM = 1 << 8, TXSM = 1 << 9;
    static final int DATA = 1 << 20 | DEXT;
    static final int CONTEXT_TCP = 1 << 24, CONTEXT_IPV4 = 1 << 25;

    private final TestCard bench;
    private final long ring;
    private final int entries;
    private final Register head;
    private final Register tail;
    private long nextBuffer;
    private int next;

    TxScript(TestCard bench, int queue, int entries) {
        this.bench = bench;
        this.entries = entries;
        ring = 0x10_0000 + queue * 0x1_0000L;
        nextBuffer = 0x20_0000 + queue * 0x20_0000L;
        head = queue == 0 ? TDH0 : TDH1;
        tail = queue == 0 ? TDT0 : TDT1;
        bench.write(queue == 0 ? TDBAL0 : TDBAL1, (int) ring);
        bench.write(queue == 0 ? TDBAH0 : TDBAH1, 0);
        bench.write(queue == 0 ? TDLEN0 : TDLEN1, entries * 16);
        bench.write(head, 0);
        bench.write(tail, 0);
    }

    TxScript enable() {
        bench.write(TCTL, 0x0003_F0FA);
        return this;
    }

    /** The raw quadwords of the next slot. */
    TxScript raw(long low, long high) {
        bench.ram.writeLong(ring + 16L * next, low);
        bench.ram.writeLong(ring + 16L * next + 8, high);
        next = (next + 1) % entries;
        return this;
    }

    private long place(byte[] bytes) {
        long at = nextBuffer;
        bench.ram.write(at, bytes, 0, bytes.length);
        nextBuffer += bytes.length + 63 & ~63;
        return at;
    }

    TxScript legacy(byte[] bytes, int command) {
        return legacy(bytes, command, 0, 0, 0);
    }

    TxScript legacy(byte[] bytes, int command, int checksumAt, int checksumStart, int special) {
        int dword2 = bytes.length | checksumAt << 16 | command;
        int dword3 = checksumStart << 8 | special << 16;
        return raw(place(bytes), dword2 & 0xFFFF_FFFFL | (long) dword3 << 32);
    }

    TxScript data(byte[] bytes, int command, int options, int vlan) {
        int dword2 = bytes.length | DATA | command;
        int dword3 = options | vlan << 16;
        return raw(place(bytes), dword2 & 0xFFFF_FFFFL | (long) dword3 << 32);
    }

    TxScript context(
            int ipStart, int ipAt, int ipEnd, int l4, int l4At, int l4End, int payload, int command, int hdr, int mss) {
        long low = ipStart
                | (long) ipAt << 8
                | (long) ipEnd << 16
                | (long) l4 << 32
                | (long) l4At << 40
                | (long) l4End << 48;
        int dword2 = payload | DEXT | command;
        return raw(low, dword2 & 0xFFFF_FFFFL | (long) hdr << 40 | (long) mss << 48);
    }

    /** The descriptor {@code back} slots ago once more, with the same buffer. */
    TxScript again(int back) {
        long slot = ring + 16L * (next - back);
        return raw(bench.ram.readLong(slot), bench.ram.readLong(slot + 8));
    }

    /** Rings and lets everything due happen. */
    TxScript send() {
        ring();
        bench.settle();
        return this;
    }

    TxScript ring() {
        bench.write(tail, next);
        return this;
    }

    int head() {
        return bench.read(head);
    }

    /** The status byte of a slot. */
    int status(int slot) {
        return bench.ram.readByte(ring + 16L * slot + 12) & 0xFF;
    }

    static byte[] frame(int length) {
        byte[] f = new byte[length];
        byte[] header = HexFormat.of().parseHex("001b21112233525400123456" + "0800");
        System.arraycopy(header, 0, f, 0, Math.min(14, length));
        for (int i = 14; i < length; i++) {
            f[i] = (byte) i;
        }
        return f;
    }

    static byte[] concat(byte[]... parts) {
        int bytes = 0;
        for (byte[] p : parts) {
            bytes += p.length;
        }
        byte[] all = new byte[bytes];
        int at = 0;
        for (byte[] p : parts) {
            System.arraycopy(p, 0, all, at, p.length);
            at += p.length;
        }
        return all;
    }
}
