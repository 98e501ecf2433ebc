package dev.doorbell.device.i82574;

import static org.assertj.core.api.Assertions.assertThat;

import dev.doorbell.bus.pci.ConfigSpace;
import dev.doorbell.bus.reg.BookEntry;
import dev.doorbell.bus.reg.BookEntry.Bits;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Configuration space and NVM against the register book, bit by bit. */
class ConfigBookTest {
    private final TestCard bench = new TestCard();
    private final ConfigSpace config = bench.card.config();

    static List<BookEntry> config() {
        return ConfigLayout.BOOK.entries();
    }

    static List<BookEntry> words() {
        return NvmUnit.BOOK.entries();
    }

    private static int mask(BookEntry entry, String access) {
        int mask = 0;
        for (Bits bits : entry.bits()) {
            mask |= bits.access().name().equals(access) ? bits.mask() : 0;
        }
        return mask;
    }

    @ParameterizedTest
    @MethodSource("config")
    void resetValuesAreThoseOfTheBook(BookEntry entry) {
        bench.card.configWrite(4, 2, 0); // the bench has enabled everything
        int changing = 0;
        for (Bits bits : entry.bits()) {
            changing |= bits.changing() ? bits.mask() : 0;
        }
        for (int i = 0; i < entry.count(); i++) {
            int at = entry.offset() + 4 * i;
            assertThat(config.read(at, 4) & ~changing).isEqualTo(entry.reset() & ~changing);
        }
    }

    @ParameterizedTest
    @MethodSource("config")
    void bitsTakeWhatTheBookSaysTheyTake(BookEntry entry) {
        int writable = mask(entry, "RW");
        int clearable = mask(entry, "W1C");
        for (int i = 0; i < entry.count(); i++) {
            int at = entry.offset() + 4 * i;
            int fixed = config.read(at, 4) & ~writable & ~clearable;
            config.set32(at, config.get32(at) | clearable);
            config.write(at, 4, 0);
            assertThat(config.read(at, 4)).as("zeros").isEqualTo(fixed | clearable);
            config.write(at, 4, -1);
            assertThat(config.read(at, 4)).as("ones").isEqualTo(fixed | writable);
        }
    }

    @Test
    void theBookHasEveryByteThatIsNotZeroOrMayChange() {
        boolean[] known = new boolean[ConfigSpace.BYTES];
        for (BookEntry entry : config()) {
            for (int i = 0; i < 4 * entry.count(); i++) {
                known[entry.offset() + i] = true;
            }
        }
        for (int at = 0; at < ConfigSpace.BYTES; at++) {
            if (!known[at]) {
                assertThat(config.read(at, 1)).as("byte %#x", at).isZero();
                config.write(at, 1, 0xFF);
                assertThat(config.read(at, 1)).as("byte %#x", at).isZero();
            }
        }
    }

    @ParameterizedTest
    @MethodSource("words")
    void wordsOfANewCardAreThoseOfTheBookAndCanBeWritten(BookEntry entry) {
        boolean filledIn = entry.name().startsWith("MAC_") || entry.name().equals("CHECKSUM");
        for (int i = 0; i < entry.count(); i++) {
            int word = entry.offset() + i;
            bench.write(MacRegisters.EERD, word << 2 | 1);
            if (!filledIn) {
                assertThat(bench.read(MacRegisters.EERD) >>> 16).isEqualTo(entry.reset());
            }
            for (int value : new int[] {0xFFFF, 0, 0x1234 + word}) {
                bench.write(MacRegisters.EEWR, value << 16 | word << 2 | 1);
                bench.write(MacRegisters.EERD, word << 2 | 1);
                assertThat(bench.read(MacRegisters.EERD) >>> 16).isEqualTo(value);
            }
        }
    }

    @Test
    void theBookHasAllSixtyFourWordsOnce() {
        boolean[] known = new boolean[64];
        for (BookEntry entry : words()) {
            for (int i = 0; i < entry.count(); i++) {
                assertThat(known[entry.offset() + i]).as(entry.name()).isFalse();
                known[entry.offset() + i] = true;
            }
        }
        assertThat(known).doesNotContain(false);
    }

    @Test
    void subsystemComesFromTheWordsAtPowerOn() {
        bench.write(MacRegisters.EEWR, 0x1234 << 16 | 0x0B << 2 | 1);
        bench.write(MacRegisters.EEWR, 0x5678 << 16 | 0x0C << 2 | 1);
        bench.runMs(6);
        TestCard next = new TestCard(bench.nvm.words);
        assertThat(next.card.configRead(0x2C, 4)).isEqualTo(0x1234_5678);
    }
}
