package dev.doorbell.device.i82574;

import static org.assertj.core.api.Assertions.assertThat;

import dev.doorbell.bus.reg.BookEntry;
import dev.doorbell.bus.reg.BookEntry.Bits;
import dev.doorbell.bus.reg.Register;
import dev.doorbell.bus.reg.RegisterFile;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Each bit of the register book, in every element of its array: reset value, and what writing and reading do to it, as
 * the book's text says and not as the compiled masks do. Twice: on the bare registers, and on a card with all its units,
 * there without the bits that the card changes by itself.
 */
class RegisterBitsTest {
    private record Row(BookEntry entry, Bits bits) {
        @Override
        public String toString() {
            return entry.name() + "." + bits.name() + " " + bits.range() + " " + bits.access();
        }
    }

    static List<Row> rows() {
        List<Row> rows = new ArrayList<>();
        for (BookEntry entry : MacRegisters.book().entries()) {
            for (Bits bits : entry.bits()) {
                rows.add(new Row(entry, bits));
            }
        }
        return rows;
    }

    static List<BookEntry> entries() {
        return MacRegisters.book().entries();
    }

    private static Register register(BookEntry entry, int element) {
        return MacRegisters.map().get(entry.nameOf(element));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("rows")
    void bareBits(Row row) {
        RegisterFile regs = MacRegisters.newFile();
        for (int i = 0; i < row.entry.count(); i++) {
            Register register = register(row.entry, i);
            checkReset(regs, register, row.entry, row.bits.mask());
            for (int bit = 0; bit < 32; bit++) {
                if ((row.bits.mask() & 1 << bit) != 0) {
                    check(new BareAccess(regs, register), row.bits, 1 << bit, row.entry.reset());
                }
            }
        }
    }

    static List<Row> phyRows() {
        List<Row> rows = new ArrayList<>();
        for (BookEntry entry : PhyRegisters.BOOK.entries()) {
            for (Bits bits : entry.bits()) {
                rows.add(new Row(entry, bits));
            }
        }
        return rows;
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("phyRows")
    void bareBitsOfThePhy(Row row) {
        RegisterFile regs = PhyRegisters.MAP.newFile();
        Register register = PhyRegisters.MAP.get(row.entry.name());
        assertThat(register.offset()).isEqualTo(row.entry.offset() * 4);
        checkReset(regs, register, row.entry, row.bits.mask());
        check(new BareAccess(regs, register), row.bits, row.bits.mask(), row.entry.reset());
        assertThat(row.bits.mask() >>> 16).as("a register has 16 bits").isZero();
    }

    /** Through MDIC, as a driver does. */
    @ParameterizedTest(name = "{0}")
    @MethodSource("phyRows")
    void bitsOfThePhyOfACard(Row row) {
        if (!row.bits.changing()) {
            Register register = PhyRegisters.MAP.get(row.entry.name());
            MdicAccess mdic = new MdicAccess(new TestCard(), register);
            check(mdic, row.bits, row.bits.mask(), row.entry.reset());
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("rows")
    void bitsOfACard(Row row) {
        if (row.bits.changing()) {
            return; // what becomes of these depends on the card: each has tests by name, see EffectsTest
        }
        TestCard bench = new TestCard();
        for (int i = 0; i < row.entry.count(); i++) {
            Register register = register(row.entry, i);
            checkReset(bench.card.registers(), register, row.entry, row.bits.mask());
            check(new CardAccess(bench, register), row.bits, row.bits.mask(), row.entry.reset());
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("entries")
    void bitsThatTheBookDoesNotListReadZeroAndIgnoreWrites(BookEntry entry) {
        int listed = 0;
        for (Bits bits : entry.bits()) {
            listed |= bits.mask();
        }
        assertThat(entry.reset() & ~listed).isZero();
        RegisterFile regs = MacRegisters.newFile();
        for (int i = 0; !entry.isWindow() && i < entry.count(); i++) {
            for (BookEntry.Place place : entry.places()) {
                regs.write(place.offset() + i * place.stride(), -1);
            }
            assertThat(regs.get(register(entry, i)) & ~listed).isZero();
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("entries")
    void aliasesHaveTheSameStorage(BookEntry entry) {
        RegisterFile regs = MacRegisters.newFile();
        for (int i = 0; !entry.isWindow() && i < entry.count(); i++) {
            for (BookEntry.Place place : entry.places()) {
                int mark = 0x1234_5600 + i;
                regs.set(register(entry, i), mark);
                assertThat(regs.map().nameAt(place.offset() + i * place.stride()))
                        .isEqualTo(entry.nameOf(i));
            }
        }
    }

    @Test
    void theBookHasEveryOffsetThatAnswers() {
        int bits = 0;
        for (Row row : rows()) {
            bits += Integer.bitCount(row.bits.mask()) * row.entry.count();
        }
        assertThat(rows()).hasSizeGreaterThan(450);
        assertThat(bits).as("bits tested").isGreaterThan(40_000);
        for (Register register : MacRegisters.map().registers()) {
            String name = register.name().replaceAll("\\[\\d+]", "");
            assertThat(MacRegisters.book().entry(name).section()).as(name).isNotEmpty();
        }
    }

    // ---- what an access kind means

    private static void checkReset(RegisterFile regs, Register register, BookEntry entry, int mask) {
        assertThat(regs.get(register) & mask)
                .as("reset value of " + register.name())
                .isEqualTo(entry.reset() & mask);
    }

    /** One register seen from the bus, and from inside the card. */
    private interface Accessor {
        int read();

        void write(int value);

        void set(int value);

        int get();
    }

    private record BareAccess(RegisterFile regs, Register register) implements Accessor {
        @Override
        public int read() {
            return regs.read(register.offset());
        }

        @Override
        public void write(int value) {
            regs.write(register.offset(), value);
        }

        @Override
        public void set(int value) {
            regs.set(register, value);
        }

        @Override
        public int get() {
            return regs.get(register);
        }
    }

    private record CardAccess(TestCard bench, Register register) implements Accessor {
        @Override
        public int read() {
            return bench.read(register);
        }

        @Override
        public void write(int value) {
            bench.write(register, value);
        }

        @Override
        public void set(int value) {
            bench.card.registers().set(register, value);
        }

        @Override
        public int get() {
            return bench.card.registers().get(register);
        }
    }

    private record MdicAccess(TestCard bench, Register register) implements Accessor {
        private static final int OP_WRITE = 1 << 26, OP_READ = 1 << 27, ADDRESS = 1 << 21, PAGE_SELECT = 22 << 16;

        private int number() {
            return register.offset() / 4;
        }

        private int access(int operation) {
            if (number() >= 32 || number() >= 16 && number() != 22) {
                bench.write(MacRegisters.MDIC, OP_WRITE | ADDRESS | PAGE_SELECT | number() / 32);
            }
            bench.write(MacRegisters.MDIC, operation | ADDRESS | (number() % 32) << 16);
            int seen = bench.read(MacRegisters.MDIC);
            assertThat(seen >>> 28).as("READY without ERROR").isEqualTo(1);
            return seen & 0xFFFF;
        }

        @Override
        public int read() {
            return access(OP_READ);
        }

        @Override
        public void write(int value) {
            access(OP_WRITE | value & 0xFFFF);
        }

        @Override
        public void set(int value) {
            bench.card.phy().registers().set(register, value);
        }

        @Override
        public int get() {
            return bench.card.phy().registers().get(register);
        }
    }

    private static void check(Accessor at, Bits bits, int mask, int reset) {
        switch (bits.access()) {
            case RW -> {
                at.write(mask);
                assertThat(at.read() & mask).as("ones").isEqualTo(mask);
                at.write(0);
                assertThat(at.read() & mask).as("zeros").isZero();
            }
            case RO -> {
                at.write(-1);
                assertThat(at.read() & mask).as("after ones").isEqualTo(reset & mask);
                at.write(0);
                assertThat(at.read() & mask).as("after zeros").isEqualTo(reset & mask);
            }
            case WO -> {
                at.write(mask);
                assertThat(at.get() & mask).isEqualTo(mask);
                assertThat(at.read() & mask).isZero();
            }
            case RC -> {
                at.set(mask);
                at.write(0);
                assertThat(at.read() & mask).as("first read").isEqualTo(mask);
                at.write(-1);
                assertThat(at.read() & mask).as("second read").isZero();
            }
            case RS -> {
                at.write(0);
                assertThat(at.read() & mask).as("first read").isZero();
                assertThat(at.read() & mask).as("second read").isEqualTo(mask);
                at.write(0);
                assertThat(at.get() & mask).isZero();
            }
            case W1C -> {
                at.set(mask);
                at.write(0);
                assertThat(at.get() & mask).as("written 0").isEqualTo(mask);
                at.write(mask);
                assertThat(at.get() & mask).as("written 1").isZero();
            }
            case W0C -> {
                at.set(mask);
                at.write(-1);
                assertThat(at.get() & mask).as("written 1").isEqualTo(mask);
                at.write(0);
                assertThat(at.get() & mask).as("written 0").isZero();
            }
            case W1S -> {
                at.set(0);
                at.write(mask);
                assertThat(at.read() & mask).as("written 1").isEqualTo(mask);
                at.write(0);
                assertThat(at.read() & mask).as("written 0").isEqualTo(mask);
            }
            case SC -> {
                at.write(mask);
                assertThat(at.read() & mask).as("written 1").isZero();
            }
        }
    }
}
