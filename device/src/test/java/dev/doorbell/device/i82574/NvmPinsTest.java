package dev.doorbell.device.i82574;

import static dev.doorbell.device.i82574.MacRegisters.*;
import static org.assertj.core.api.Assertions.assertThat;

import dev.doorbell.bus.pci.ResetReason;
import dev.doorbell.device.intel.Nvm;
import org.junit.jupiter.api.Test;

/** The EEPROM through the pins of EECD, bit by bit, and what becomes of written words. */
class NvmPinsTest {
    private static final int SK = 1, CS = 2, DI = 4, DO = 8, REQ = 0x40, GNT = 0x80;
    private static final int WRSR = 1, WRITE = 2, READ = 3, WRDI = 4, RDSR = 5, WREN = 6;

    private TestCard bench = new TestCard();

    private void eecd(int value) {
        bench.write(EECD, value);
    }

    private void select() {
        eecd(REQ | CS);
        eecd(REQ);
    }

    private void deselect() {
        eecd(REQ | CS);
    }

    private void out(int value, int bits) {
        for (int bit = bits - 1; bit >= 0; bit--) {
            int data = (value >>> bit & 1) != 0 ? DI : 0;
            eecd(REQ | data);
            eecd(REQ | data | SK);
            eecd(REQ | data);
        }
    }

    private int in(int bits) {
        int value = 0;
        for (int i = 0; i < bits; i++) {
            eecd(REQ | SK);
            value = value << 1 | ((bench.read(EECD) & DO) != 0 ? 1 : 0);
            eecd(REQ);
        }
        return value;
    }

    private int readByte(int address) {
        select();
        out(READ, 8);
        out(address, 8);
        int value = in(8);
        deselect();
        return value;
    }

    private void command(int opcode) {
        select();
        out(opcode, 8);
        deselect();
    }

    private int status() {
        select();
        out(RDSR, 8);
        int status = in(8);
        deselect();
        return status;
    }

    private void write(int address, int... bytes) {
        command(WREN);
        select();
        out(WRITE, 8);
        out(address, 8);
        for (int each : bytes) {
            out(each, 8);
        }
        deselect();
    }

    private int word(int word) {
        bench.write(EERD, word << 2 | 1);
        return bench.read(EERD) >>> 16;
    }

    @Test
    void requestIsGrantedAndGivenBack() {
        eecd(REQ);
        assertThat(bench.read(EECD) & GNT).isEqualTo(GNT);
        eecd(0);
        assertThat(bench.read(EECD) & GNT).isZero();
    }

    /** U-Boot's driver, on this card alone, neither asks for the pins nor waits for them. */
    @Test
    void pinsNeedNoRequest() {
        eecd(CS);
        eecd(0);
        for (int bit = 7; bit >= 0; bit--) {
            int data = (READ >>> bit & 1) != 0 ? DI : 0;
            eecd(data);
            eecd(data | SK);
            eecd(data);
        }
        for (int bit = 0; bit < 8; bit++) {
            eecd(SK);
            eecd(0);
        }
        int value = 0;
        for (int i = 0; i < 8; i++) {
            eecd(SK);
            value = value << 1 | ((bench.read(EECD) & DO) != 0 ? 1 : 0);
            eecd(0);
        }
        eecd(CS);
        assertThat(value).isEqualTo(0x52);
        assertThat(bench.read(EECD) & (GNT | DO)).isZero();
    }

    @Test
    void wordsAreReadLowByteFirst() {
        assertThat(readByte(0)).isEqualTo(0x52);
        assertThat(readByte(1)).isEqualTo(0x54);
        assertThat(readByte(2 * 0x0D)).isEqualTo(0xD3);
    }

    @Test
    void readingGoesOnAndWrapsAtTheEndOfThePart() {
        select();
        out(READ, 8);
        out(126, 8);
        assertThat(in(8) | in(8) << 8).isEqualTo(word(0x3F));
        assertThat(in(16)).isEqualTo(0x5254);
        deselect();
    }

    @Test
    void writesNeedTheLatchAndClearIt() {
        assertThat(status()).isZero();
        select();
        out(WRITE, 8);
        out(0x60, 8);
        out(0x11, 8);
        deselect();
        assertThat(word(0x30)).isNotEqualTo(0x11);
        command(WREN);
        assertThat(status()).isEqualTo(2);
        command(WRDI);
        assertThat(status()).isZero();
        write(0x60, 0x34, 0x12);
        assertThat(word(0x30)).isEqualTo(0x1234);
        assertThat(status()).isZero();
    }

    @Test
    void aWriteWrapsInItsPage() {
        write(0x5E, 1, 2, 3, 4);
        assertThat(word(0x2F)).isEqualTo(0x0201);
        assertThat(word(0x20)).isEqualTo(0x0403);
    }

    @Test
    void theStatusRegisterProtectsNothing() {
        command(WREN);
        select();
        out(WRSR, 8);
        out(0x0C, 8);
        deselect();
        assertThat(status()).isZero();
        write(0x60, 0x55);
        assertThat(word(0x30) & 0xFF).isEqualTo(0x55);
    }

    @Test
    void deselectingInTheMiddleForgetsTheCommand() {
        select();
        out(READ, 8);
        out(5, 3);
        deselect();
        assertThat(readByte(1)).isEqualTo(0x54);
    }

    @Test
    void clocksWithoutGrantAndChipSelectDoNothing() {
        for (int bit = 0; bit < 16; bit++) {
            eecd(CS | SK);
            eecd(CS);
        }
        assertThat(bench.read(EECD) & DO).isZero();
        eecd(REQ | CS);
        assertThat(bench.read(EECD) & DO).as("nobody drives it").isEqualTo(DO);
        assertThat(readByte(0)).isEqualTo(0x52);
    }

    @Test
    void aLargePartHasSixteenAddressBits() {
        TestCard large = new TestCard(new short[1024]);
        assertThat(large.read(EECD) & 1 << 10).isNotZero();
        assertThat(large.read(EECD) >>> 11 & 0xF).isEqualTo(4);
        bench = large;
        command(WREN);
        select();
        out(WRITE, 8);
        out(0x402, 16);
        out(0x77, 8);
        deselect();
        assertThat(word(0x201)).isEqualTo(0x77);
        select();
        out(READ, 8);
        out(0x402, 16);
        assertThat(in(8)).isEqualTo(0x77);
    }

    @Test
    void aPartOfFiveHundredBytesHasItsNinthAddressBitInTheOpcode() {
        bench = new TestCard(new short[256]);
        command(WREN);
        select();
        out(WRITE | 8, 8);
        out(2, 8);
        out(0x66, 8);
        deselect();
        assertThat(word(0x81)).isEqualTo(0x66);
        assertThat(word(1)).isZero();
    }

    @Test
    void aWordIsInTheStoreWhenItIsSaidToBeWritten() {
        bench.write(EEWR, 0x1111_0000 | 0x30 << 2 | 1);
        assertThat(bench.read(EEWR) & 2).as("done").isEqualTo(2);
        assertThat(bench.nvm.words[0x30]).isEqualTo((short) 0x1111);
        bench.write(EEWR, 0x1212_0000 | 0x31 << 2 | 1);
        bench.write(EERD, 0x31 << 2 | 1);
        assertThat(bench.read(EERD) >>> 16).as("can be read back at once").isEqualTo(0x1212);
        assertThat(bench.read(EEWR) & 2).as("in the cycle of the first").isZero();
        bench.write(CTRL, 1 << 26);
        assertThat(bench.read(EEWR) & 2).as("a reset does not finish it").isZero();
        bench.runMs(5);
        assertThat(bench.read(EEWR) & 2).isEqualTo(2);
        assertThat(bench.nvm.words[0x31]).isEqualTo((short) 0x1212);
    }

    @Test
    void whatIsShiftedInIsInTheStoreWhenThePartIsDeselected() {
        command(WREN);
        select();
        out(WRITE, 8);
        out(0x60, 8);
        out(0x77, 8);
        assertThat(bench.nvm.stores).isZero();
        deselect();
        assertThat(bench.nvm.words[0x30] & 0xFF).isEqualTo(0x77);
    }

    @Test
    void wordsGoToTheStoreAtOnceOnRequest() {
        bench.write(EEWR, 0x1111_0000 | 0x30 << 2 | 1);
        bench.write(EEWR, 0x2222_0000 | 0x30 << 2 | 1);
        assertThat(bench.nvm.words[0x30]).isEqualTo((short) 0x1111);
        eecd(1 << 19); // FLUPD
        assertThat(bench.nvm.words[0x30]).isEqualTo((short) 0x2222);
        assertThat(bench.read(EECD) & 1 << 19).isZero();
        bench.write(EEWR, 0x3333_0000 | 0x30 << 2 | 1);
        bench.card.quiesce();
        assertThat(bench.nvm.words[0x30]).isEqualTo((short) 0x3333);
    }

    @Test
    void aMillionWritesAreFewStores() {
        for (int i = 0; i < 100_000; i++) {
            bench.write(EEWR, i << 16 | 0x30 << 2 | 1);
        }
        bench.runMs(5);
        assertThat(bench.nvm.stores).isEqualTo(2);
    }

    @Test
    void whatWasWrittenIsThereAfterPowerOnAndGivesTheCardItsAddress() {
        write(0, 0x02, 0xAA);
        bench.runMs(5);
        TestCard next = new TestCard(bench.nvm.words);
        assertThat(next.read(RAL.get(0)) & 0xFFFF).isEqualTo(0xAA02);
        next.card.reset(ResetReason.POWER_ON);
        next.card.configWrite(4, 2, 2);
        assertThat(next.read(RAL.get(0)) & 0xFFFF).isEqualTo(0xAA02);
        assertThat(new Nvm(next.nvm, new short[64]).checksumGood()).isFalse();
    }
}
