package dev.doorbell.device.i82574;

import dev.doorbell.bus.dma.DmaPort;
import dev.doorbell.bus.dma.DmaResult;
import dev.doorbell.bus.irq.InterruptPort;
import dev.doorbell.bus.mem.GuestMemory;
import dev.doorbell.bus.reg.Register;
import dev.doorbell.bus.time.VirtualTime;
import dev.doorbell.bus.trace.Tracer;
import dev.doorbell.device.spi.DeviceContext;
import dev.doorbell.device.spi.Frame;
import dev.doorbell.device.spi.LinkPort;
import dev.doorbell.device.spi.NvmStore;
import dev.doorbell.device.spi.Timing;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** A card on a bench: memory at IOVA 0, recorded interrupts, recorded wire, virtual time. */
final class TestCard {
    static final long MAC = 0x5254_0012_3456L;
    static final int RAM_BYTES = 8 << 20;
    static final int BAR0 = 0, BAR_MSIX = 3;

    final VirtualTime world;
    final GuestMemory ram = GuestMemory.allocate(RAM_BYTES);
    final Dma dma = new Dma();
    final Interrupts interrupts = new Interrupts();
    final Wire wire = new Wire();
    final Words nvm = new Words();
    final I82574 card;

    TestCard() {
        this(Timing.ZERO, 1);
    }

    /** With these words in its NVM. */
    TestCard(short[] words) {
        this(Timing.ZERO, 1, words);
    }

    TestCard(Timing timing, long seed) {
        this(timing, seed, new short[0]);
    }

    private TestCard(Timing timing, long seed, short[] words) {
        nvm.words = words;
        world = new VirtualTime(seed);
        card = new I82574(new DeviceContext(
                "nic0", world, dma, interrupts, wire, nvm, timing, new SplittableRandom(seed), Tracer.OFF));
        card.configWrite(4, 2, 0x7); // I/O, memory, bus master
    }

    int read(Register register) {
        return card.mmioRead32(BAR0, register.offset());
    }

    int read(int offset) {
        return card.mmioRead32(BAR0, offset);
    }

    void write(Register register, int value) {
        card.mmioWrite32(BAR0, register.offset(), value);
    }

    void write(int offset, int value) {
        card.mmioWrite32(BAR0, offset, value);
    }

    /** Everything that is due at this instant, nothing later. */
    void settle() {
        world.runFor(0);
    }

    void runMs(long ms) {
        world.runFor(ms * 1_000_000);
    }

    /** Lets autonegotiation end, and forgets the LSC it raised. */
    TestCard linkUp() {
        runMs(20);
        read(MacRegisters.ICR);
        return this;
    }

    /** A frame from the wire. */
    void arrive(byte[] bytes) {
        GuestMemory memory = GuestMemory.allocate(bytes.length);
        memory.write(0, bytes, 0, bytes.length);
        wire.receiver.receive(new Frame(memory).set(memory, 0, bytes.length));
        settle();
    }

    void enableMsix(int vectors) {
        for (int v = 0; v < vectors; v++) {
            card.barWrite(BAR_MSIX, 16L * v, 4, 0xFEE0_0000L);
            card.barWrite(BAR_MSIX, 16L * v + 8, 4, 0x40 + v);
            unmask(v);
        }
        card.configWrite(0xA2, 2, 0x8000);
    }

    void mask(int vector) {
        card.barWrite(BAR_MSIX, 16L * vector + 12, 4, 1);
    }

    void unmask(int vector) {
        card.barWrite(BAR_MSIX, 16L * vector + 12, 4, 0);
    }

    /** Memory that a card can reach, and what became of it. */
    final class Dma implements DmaPort {
        boolean refuseWrites;
        boolean poison;
        int reads;
        int writes;

        @Override
        public DmaResult read(long iova, GuestMemory into, long offset, int bytes) {
            reads++;
            DmaResult result = poison ? DmaResult.POISONED : check(iova, bytes);
            if (result == DmaResult.OK) {
                ram.copyTo(iova, into, offset, bytes);
            } else {
                into.fill(offset, bytes, 0xFF);
            }
            return result;
        }

        @Override
        public DmaResult write(long iova, GuestMemory from, long offset, int bytes) {
            writes++;
            DmaResult result = refuseWrites ? DmaResult.PERMISSION : check(iova, bytes);
            if (result == DmaResult.OK) {
                from.copyTo(offset, ram, iova, bytes);
            }
            return result;
        }

        private DmaResult check(long iova, int bytes) {
            if (!card.config().busMaster()) {
                return DmaResult.BUS_MASTER_OFF;
            }
            return iova >= 0 && iova <= RAM_BYTES - bytes ? DmaResult.OK : DmaResult.UNMAPPED;
        }
    }

    /** Interrupts as they leave the card. A masked vector sets its pending bit, as the real port does. */
    final class Interrupts implements InterruptPort {
        final List<Integer> vectors = new ArrayList<>();
        final List<Long> times = new ArrayList<>();
        boolean line;
        int lineRises;
        int messages;

        @Override
        public void intx(boolean asserted) {
            if (asserted && !line) {
                lineRises++;
            }
            line = asserted;
        }

        @Override
        public void msi(int vector) {
            messages++;
            times.add(world.nowNs());
        }

        @Override
        public void msix(int vector) {
            var table = card.config().msix().table();
            table.onUnmask(this::sent);
            if (table.isMasked(vector)) {
                table.pending(vector, true);
            } else {
                sent(vector);
            }
        }

        private void sent(int vector) {
            vectors.add(vector);
            times.add(world.nowNs());
        }
    }

    /** A frame as it left, or arrived. */
    record Sent(
            byte[] bytes, boolean fcsGood, int segmentBytes, int headerBytes, int checksumStart, int checksumOffset) {}

    static final class Wire implements LinkPort {
        final List<Sent> sent = new ArrayList<>();
        boolean carrier = true;
        int maxTrainBytes;
        boolean deaf;
        long frames;
        LinkPort.Receiver receiver;

        @Override
        public void attach(Receiver card) {
            receiver = card;
        }

        @Override
        public void send(Frame frame) {
            frames++;
            if (deaf) {
                return;
            }
            sent.add(new Sent(
                    frame.memory().bytes(frame.offset(), frame.length()),
                    frame.fcsGood(),
                    frame.segmentBytes(),
                    frame.headerBytes(),
                    frame.checksumStart(),
                    frame.checksumOffset()));
        }

        @Override
        public int maxTrainBytes() {
            return maxTrainBytes;
        }

        @Override
        public boolean carrier() {
            return carrier;
        }

        @Override
        public void receiverReady() {}
    }

    static final class Words implements NvmStore {
        short[] words = {};
        int stores;

        @Override
        public short[] load() {
            return words;
        }

        @Override
        public void store(short[] now) {
            stores++;
            words = now;
        }

        @Override
        public long defaultMac() {
            return MAC;
        }
    }
}
