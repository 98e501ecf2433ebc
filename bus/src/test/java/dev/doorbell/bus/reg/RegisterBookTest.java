package dev.doorbell.bus.reg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class RegisterBookTest {
    private final RegisterBook book = RegisterBook.read(RegisterBookTest.class, "book.txt");
    private final RegisterMap map = book.compile("test", 0x1000);
    private final RegisterFile regs = map.newFile();

    @Test
    void fieldsBehaveAsTheirAccessKindSays() {
        regs.write(0x10, -1);
        assertThat(regs.read(0x10)).isEqualTo(0x8000_0013);
        assertThat(regs.get(map.get("CONTROL", "MODE"))).isEqualTo(3);
        assertThat(map.get("CONTROL", "GO").access()).isEqualTo(Access.SC);
    }

    @Test
    void furtherOffsetsAreAliases() {
        regs.write(0x14, 1);
        assertThat(regs.read(0x10) & 3).isEqualTo(1);
    }

    @Test
    void arraysHaveStridesAndAliases() {
        RegisterArray table = map.getArray("TABLE");
        assertThat(table.count()).isEqualTo(4);
        regs.write(0x108, 0x1234_5678);
        assertThat(regs.get(table, 1)).isEqualTo(0x5678);
        assertThat(regs.read(0x208)).isEqualTo(0x5678);
        assertThat(regs.read(0x100)).isEqualTo(7);
    }

    @Test
    void aPairIsClearedByItsHighHalf() {
        Counter64 octets = map.getCounter64("OCTETSL", "OCTETSH");
        regs.add(octets, 0x1_0000_0002L);
        assertThat(regs.read(0x40)).isEqualTo(2);
        assertThat(regs.read(0x44)).isEqualTo(1);
        assertThat(regs.get(octets)).isZero();
    }

    @Test
    void flagsSayWhatSurvivesWhichReset() {
        for (int offset : new int[] {0x50, 0x54, 0x58}) {
            regs.write(offset, 9);
        }
        regs.softReset();
        assertThat(new int[] {regs.read(0x50), regs.read(0x54), regs.read(0x58)})
                .containsExactly(9, 9, 0);
        regs.busReset();
        assertThat(new int[] {regs.read(0x50), regs.read(0x54)}).containsExactly(0, 9);
        regs.reset();
        assertThat(regs.read(0x54)).isZero();
    }

    @Test
    void windowsAreMemory() {
        assertThat(map.getWindow("MEMORY").bytes()).isEqualTo(0x100);
        assertThat(map.nameAt(0x8FC)).isEqualTo("MEMORY");
        assertThat(map.nameAt(0x900)).isNull();
    }

    @Test
    void whatOnlyRemembersIsMarked() {
        assertThat(map.storageOnly()).extracting(Register::name).containsExactly("KEPT", "LIVING", "GONE");
    }

    @Test
    void entriesTellTheSectionAndTheEffect() {
        BookEntry entry = book.entry("CONTROL");
        assertThat(entry.section()).isEqualTo("1.1 Control");
        assertThat(entry.bits().get(1).effect()).isEqualTo("starts");
        assertThat(entry.bits().get(2).isNamed()).isFalse();
        assertThat(book.entry("TABLE").nameOf(3)).isEqualTo("TABLE[3]");
    }

    @Test
    void mistakesAreReportedWithFileAndLine() {
        assertThatThrownBy(() -> RegisterBook.read(RegisterBookTest.class, "book-bad.txt"))
                .hasMessageContaining("book-bad.txt:2: ");
        assertThatThrownBy(() -> RegisterBook.read(RegisterBookTest.class, "none.txt"))
                .hasMessageContaining("none.txt");
        assertThatThrownBy(() -> map.get("CONTROL", "NONE")).hasMessageContaining("CONTROL.NONE");
        assertThatThrownBy(() -> book.entry("NONE")).hasMessageContaining("NONE");
    }
}
