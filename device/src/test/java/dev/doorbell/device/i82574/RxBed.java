package dev.doorbell.device.i82574;

import static dev.doorbell.device.i82574.MacRegisters.*;

import dev.doorbell.bus.dma.DmaPort;
import dev.doorbell.bus.dma.DmaResult;
import dev.doorbell.bus.mem.GuestMemory;
import dev.doorbell.bus.reg.Register;
import dev.doorbell.bus.reg.RegisterFile;
import dev.doorbell.bus.time.VirtualTime;
import dev.doorbell.bus.trace.Tracer;
import dev.doorbell.device.spi.Frame;
import dev.doorbell.device.spi.LinkPort;
import dev.doorbell.device.spi.Timing;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;

/** The receive side between a scripted wire and a ring in memory. Ring at 0x1000, buffers of 2048 bytes from 0x10000 on. */
final class RxBed implements DmaPort, Interrupts, FlowControl, LinkPort {
    static final int RING = 0x1000;
    static final int RING1 = 0x2000;
    static final int BUFFERS = 0x1_0000;
    static final int BUFFER_BYTES = 2048;
    static final byte[] STATION = HexFormat.of().parseHex("020000000001");
    static final byte[] PEER = HexFormat.of().parseHex("020000000002");
    private static final int MEMORY_BYTES = 1 << 20;

    final VirtualTime time = new VirtualTime(1);
    final GuestMemory ram = GuestMemory.allocate(MEMORY_BYTES);
    final RegisterFile regs = MacRegisters.newFile();
    final MasterGate master = new MasterGate(regs);
    final RxEngine rx;
    final List<String> log = new ArrayList<>();
    private final GuestMemory wire = GuestMemory.allocate(1 << 17);
    final Frame frame = new Frame(wire);

    int causes;
    int receivedCalls;
    int ackCalls;
    int receiverReady;
    final List<Integer> pauses = new ArrayList<>();
    final List<Integer> sentPauses = new ArrayList<>();
    DmaResult readResult = DmaResult.OK;
    DmaResult writeResult = DmaResult.OK;
    Runnable insideWrite = () -> {};
    long accesses;

    RxBed() {
        this(Timing.ZERO, 1);
    }

    RxBed(Timing timing, long seed) {
        StepTimer steps = new StepTimer(time, timing, new SplittableRandom(seed));
        rx = new RxEngine(regs, this, this, this, this, new TimeSyncUnit(regs, time), steps, master, Tracer.OFF);
        master.allowed(true);
        regs.set(STATUS_LU, 1);
        regs.set(RAL, 0, 0x0000_0002);
        regs.set(RAH, 0, 0x8000_0100);
    }

    // ---- as a driver

    int read(Register r) {
        return regs.read(r.offset());
    }

    RxBed write(Register r, int value) {
        regs.write(r.offset(), value);
        return this;
    }

    /** Ring of {@code entries} legacy or extended descriptors on queue 0, all but one handed over; RCTL as given. */
    RxBed up(int entries, int rctl) {
        write(RDBAL0, RING)
                .write(RDBAH0, 0)
                .write(RDLEN0, entries * 16)
                .write(RDH0, 0)
                .write(RDT0, 0);
        for (int i = 0; i < entries; i++) {
            ram.writeLong(RING + i * 16L, buffer(i));
            ram.writeLong(RING + i * 16L + 8, 0);
        }
        write(RCTL, rctl | 2).write(RDT0, entries - 1);
        return this;
    }

    RxBed up(int entries) {
        return up(entries, 1 << 26 | 1 << 15); // SECRC, BAM
    }

    static long buffer(int i) {
        return BUFFERS + (long) i * BUFFER_BYTES;
    }

    long descriptorLow(int i) {
        return ram.readLong(RING + i * 16L);
    }

    long descriptorHigh(int i) {
        return ram.readLong(RING + i * 16L + 8);
    }

    int legacyLength(int i) {
        return (int) descriptorHigh(i) & 0xFFFF;
    }

    int legacyChecksum(int i) {
        return (int) (descriptorHigh(i) >>> 16) & 0xFFFF;
    }

    int legacyStatus(int i) {
        return (int) (descriptorHigh(i) >>> 32) & 0xFF;
    }

    int legacyErrors(int i) {
        return (int) (descriptorHigh(i) >>> 40) & 0xFF;
    }

    int legacyTag(int i) {
        return (int) (descriptorHigh(i) >>> 48);
    }

    int extendedStatus(int i) {
        return (int) descriptorHigh(i);
    }

    int extendedLength(int i) {
        return (int) (descriptorHigh(i) >>> 32) & 0xFFFF;
    }

    byte[] bufferBytes(int i, int bytes) {
        return ram.bytes(buffer(i), bytes);
    }

    // ---- as the wire

    /** A frame to the station: addresses, type 0x88B5, then a counting pattern. */
    static byte[] frame(int bytes) {
        return frame(STATION, bytes);
    }

    static byte[] frame(byte[] destination, int bytes) {
        byte[] f = new byte[Math.max(bytes, 14)];
        System.arraycopy(destination, 0, f, 0, 6);
        System.arraycopy(PEER, 0, f, 6, 6);
        f[12] = (byte) 0x88;
        f[13] = (byte) 0xB5;
        for (int i = 14; i < f.length; i++) {
            f[i] = (byte) i;
        }
        return Arrays.copyOf(f, bytes);
    }

    static byte[] tagged(byte[] frame, int tci) {
        byte[] f = new byte[frame.length + 4];
        System.arraycopy(frame, 0, f, 0, 12);
        f[12] = (byte) 0x81;
        f[14] = (byte) (tci >>> 8);
        f[15] = (byte) tci;
        System.arraycopy(frame, 12, f, 16, frame.length - 12);
        return f;
    }

    Frame on(byte[] bytes) {
        wire.write(0, bytes, 0, bytes.length);
        return frame.set(wire, 0, bytes.length);
    }

    RxBed send(byte[] bytes) {
        rx.receive(on(bytes));
        return this;
    }

    RxBed sendAndRun(byte[] bytes) {
        send(bytes);
        return run();
    }

    RxBed run() {
        time.runFor(10_000_000);
        return this;
    }

    long drops(RxDrop reason) {
        return rx.truth().drops(reason);
    }

    // ---- seams

    @Override
    public DmaResult read(long iova, GuestMemory into, long offset, int bytes) {
        accesses++;
        if (readResult.isOk() && iova >= 0 && iova <= MEMORY_BYTES - bytes) {
            ram.copyTo(iova, into, offset, bytes);
            return DmaResult.OK;
        }
        into.fill(offset, bytes, 0xFF);
        return readResult.isOk() ? DmaResult.UNMAPPED : readResult;
    }

    @Override
    public DmaResult write(long iova, GuestMemory from, long offset, int bytes) {
        accesses++;
        insideWrite.run();
        if (writeResult.isOk() && iova >= 0 && iova <= MEMORY_BYTES - bytes) {
            from.copyTo(offset, ram, iova, bytes);
            return DmaResult.OK;
        }
        return writeResult.isOk() ? DmaResult.UNMAPPED : writeResult;
    }

    @Override
    public void raise(int raised) {
        causes |= raised;
    }

    @Override
    public void received(int queue, boolean ack, int further) {
        causes |= (queue == 0 ? RXQ0 : RXQ1) | further | (ack ? ACK : 0);
        receivedCalls++;
        ackCalls += ack ? 1 : 0;
    }

    @Override
    public void transmitted(int queue, boolean delayed, int further) {
        throw new AssertionError("the receive side does not transmit");
    }

    @Override
    public void pauseReceived(int quanta) {
        pauses.add(quanta);
    }

    @Override
    public void sendPause(int quanta) {
        sentPauses.add(quanta);
    }

    @Override
    public void attach(Receiver receiver) {}

    @Override
    public void send(Frame sent) {
        throw new AssertionError("the receive side does not send");
    }

    @Override
    public int maxTrainBytes() {
        return 0;
    }

    @Override
    public boolean carrier() {
        return true;
    }

    @Override
    public void receiverReady() {
        receiverReady++;
    }
}
