package dev.doorbell.bus.reg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class RegisterFileTest {
    private final RegisterMap map = new RegisterMap("test", 0x100);
    private final Register a = map.register("A", 0x00, 0x8000_0001);
    private final Field aRw = a.bits("RW", 7, 0, Access.RW);
    private final Field aRo = a.bits("RO", 15, 8, Access.RO);
    private final Field aWo = a.bits("WO", 19, 16, Access.WO);
    private final Field aW1c = a.bits("W1C", 23, 20, Access.W1C);
    private final Field aW1s = a.bits("W1S", 27, 24, Access.W1S);
    private final Field aW0c = a.bit("W0C", 28, Access.W0C);
    private final Field aRc = a.bit("RC", 29, Access.RC);
    private final Field aRs = a.bit("RS", 30, Access.RS);
    private final Field aSc = a.bit("SC", 31, Access.SC);
    private final Register count = map.counter("COUNT", 0x10);
    private final Counter64 octets = map.counter64("OCTL", "OCTH", 0x20);
    private final RegisterArray even = map.array("EVEN", 0x40, 4, 8, 0, 0xFFFF);
    private final RegisterArray odd = map.array("ODD", 0x44, 4, 8, 5, ~0);
    private final Register kept =
            map.register("KEPT", 0x60, 3).writable(~0).sticky().storageOnly();
    private final RegisterWindow window = map.window("MEM", 0x80, 0x20);

    @Test
    void accessKindsDoWhatTheirNameSays() {
        RegisterFile f = map.newFile();
        assertThat(f.read(0)).isEqualTo(0x8000_0001);
        f.set(a, -1);
        f.write(0, 0);
        assertThat(f.get(a)).isEqualTo(-1 & ~aRw.mask() & ~aWo.mask() & ~aW0c.mask() & ~aRs.mask());
        f.set(a, -1);
        f.write(0, -1);
        assertThat(f.get(a)).isEqualTo(-1 & ~aW1c.mask());
        f.set(a, 0);
        f.write(0, -1);
        assertThat(f.get(a)).isEqualTo(aRw.mask() | aWo.mask() | aW1s.mask() | aRs.mask());
        assertThat(f.isSet(aRo) || f.isSet(aSc)).isFalse();
    }

    @Test
    void readingClearsRcSetsRsAndHidesWo() {
        RegisterFile f = map.newFile();
        f.set(a, aRc.mask() | aWo.mask() | aRw.mask());
        assertThat(f.read(0)).isEqualTo(aRc.mask() | aRw.mask());
        assertThat(f.read(0)).isEqualTo(aRs.mask() | aRw.mask());
        f.write(0, 0);
        assertThat(f.isSet(aRs)).as("written 0 clears it").isFalse();
    }

    @Test
    void countersSaturateAndClearOnRead() {
        RegisterFile f = map.newFile();
        f.set(count, -2);
        f.count(count);
        f.count(count);
        assertThat(f.read(0x10)).isEqualTo(-1);
        assertThat(f.read(0x10)).isZero();
        f.set(count, -10);
        f.add(count, 9);
        assertThat(f.get(count)).isEqualTo(-1);
        f.set(count, -10);
        f.add(count, 11);
        assertThat(f.get(count)).isEqualTo(-1);
        f.write(0x10, 0);
        assertThat(f.get(count)).as("not writable").isEqualTo(-1);
    }

    @Test
    void wideCounterIsClearedByItsHighHalf() {
        RegisterFile f = map.newFile();
        f.add(octets, 0xFFFF_FFFFL);
        f.add(octets, 2);
        assertThat(f.read(0x20)).isEqualTo(1);
        assertThat(f.read(0x20)).isEqualTo(1);
        assertThat(f.read(0x24)).isEqualTo(1);
        assertThat(f.get(octets)).isZero();
        f.add(octets, -2);
        f.add(octets, 5);
        assertThat(f.get(octets)).isEqualTo(-1);
    }

    @Test
    void whatIsCountedBetweenTheTwoReadsOfAPairIsNotLost() {
        RegisterFile f = map.newFile();
        f.add(octets, 0x1_0000_0005L);
        assertThat(f.read(0x20)).isEqualTo(5);
        f.add(octets, 0xFFFF_FFFFL);
        assertThat(f.read(0x24)).as("of the moment when the low half was read").isEqualTo(1);
        assertThat(f.get(octets)).isEqualTo(0xFFFF_FFFFL);
        f.read(0x20);
        f.reset();
        f.add(octets, 7);
        assertThat(f.read(0x24)).isZero();
        assertThat(f.get(octets)).as("a reset forgets the low half's read").isZero();
    }

    @Test
    void arraysInterleaveAndMask() {
        RegisterFile f = map.newFile();
        f.write(0x48, -1);
        f.write(0x4C, 0x1234_5678);
        assertThat(f.get(even, 1)).isEqualTo(0xFFFF);
        assertThat(f.get(odd, 1)).isEqualTo(0x1234_5678);
        assertThat(f.peek("ODD[3]")).isEqualTo(5);
        assertThatThrownBy(() -> even.get(4)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    @Test
    void hooksSeeTheAccess() {
        RegisterFile f = map.newFile();
        List<Integer> seen = new ArrayList<>();
        f.onWrite(a, seen::add).onRead(a, stored -> stored ^ 0xFF);
        f.write(0, 0x8000_0042);
        assertThat(seen).containsExactly(0x8000_0042);
        assertThat(f.read(0) & 0xFF).isEqualTo(0xBD);
    }

    @Test
    void holesAndOddAccessesAreHarmlessAndReported() {
        RegisterFile f = map.newFile();
        List<String> strays = new ArrayList<>();
        f.onStray((offset, isWrite, written) -> strays.add((isWrite ? "W" : "R") + Integer.toHexString(offset)));
        f.set(kept, 0x1122_3344);
        for (int offset : new int[] {0x70, 0x61, 0x7FFF_FFFC, -4, 0x100}) {
            assertThat(f.read(offset)).isZero();
            f.write(offset, -1);
        }
        assertThat(f.get(kept)).isEqualTo(0x1122_3344);
        assertThat(strays)
                .containsExactly(
                        "R70", "W70", "R61", "W61", "R7ffffffc", "W7ffffffc", "Rfffffffc", "Wfffffffc", "R100", "W100");
        assertThat(f.strayReads()).isEqualTo(5);
        assertThat(f.strayWrites()).isEqualTo(5);
    }

    @Test
    void narrowReadsTakeTheirLaneNarrowWritesAreDropped() {
        RegisterFile f = map.newFile();
        f.set(kept, 0x1122_3344);
        assertThat(f.read(0x61, 1)).isEqualTo(0x33);
        assertThat(f.read(0x62, 2)).isEqualTo(0x1122);
        assertThat(f.read(0x63, 2)).isZero();
        assertThat(f.read(0x60, 8)).isEqualTo(0x1122_3344);
        f.write(0x60, 1, 0xFF);
        f.write(0x60, 2, 0xFFFF);
        assertThat(f.get(kept)).isEqualTo(0x1122_3344);
        f.write(0x44, 8, 0x0000_0002_0000_0001L);
        assertThat(f.get(odd, 0)).isEqualTo(1);
        assertThat(f.get(even, 1)).isEqualTo(2);
    }

    @Test
    void windowIsServedByItsHook() {
        RegisterFile f = map.newFile();
        assertThat(f.read(0x84)).isZero();
        int[] store = new int[8];
        f.onWindow(window, new RegisterFile.WindowHook() {
            @Override
            public int onRead(int offset) {
                return store[offset / 4];
            }

            @Override
            public void onWrite(int offset, int written) {
                store[offset / 4] = written;
            }
        });
        f.write(0x9C, 77);
        assertThat(f.read(0x9C)).isEqualTo(77);
        assertThat(store[7]).isEqualTo(77);
        assertThat(map.nameAt(0x9C)).isEqualTo("MEM");
    }

    @Test
    void softResetKeepsStickyRegisters() {
        RegisterFile f = map.newFile();
        f.write(0x60, 9);
        f.write(0x44, 9);
        f.softReset();
        assertThat(f.get(kept)).isEqualTo(9);
        assertThat(f.get(odd, 0)).isEqualTo(5);
        f.reset();
        assertThat(f.get(kept)).isEqualTo(3);
    }

    @Test
    void aliasIsTheSameRegister() {
        map.alias(kept, 0x08);
        map.alias(odd, 0xA4);
        RegisterFile f = map.newFile();
        f.write(0x08, 123);
        f.write(0xA4 + 8, 124);
        assertThat(f.read(0x60)).isEqualTo(123);
        assertThat(f.get(odd, 1)).isEqualTo(124);
    }

    @Test
    void mistakesInADeclarationThrow() {
        assertThatThrownBy(() -> map.register("X", 0x00, 0)).hasMessageContaining("taken by A");
        assertThatThrownBy(() -> map.register("X1", 0x72, 0)).hasMessageContaining("multiple of 4");
        assertThatThrownBy(() -> map.register("X2", 0x100, 0)).hasMessageContaining("outside");
        assertThatThrownBy(() -> map.register("A", 0x74, 0)).hasMessageContaining("twice");
        assertThatThrownBy(() -> a.bit("Y", 3, Access.RW)).hasMessageContaining("overlap");
        assertThatThrownBy(() -> kept.bits("Z", 32, 0, Access.RW)).hasMessageContaining("31 to 0");
        map.newFile();
        assertThatThrownBy(() -> map.register("LATE", 0x74, 0)).hasMessageContaining("frozen");
    }

    @Test
    void toolsFindRegistersByName() {
        assertThat(map.find("EVEN[2]")).isEqualTo(even.get(2));
        assertThat(map.find("nothing")).isNull();
        assertThat(map.storageOnly()).containsExactly(kept);
        assertThat(map.fields(a)).contains(aRw, aSc);
        assertThatThrownBy(() -> map.newFile().peek("nothing")).hasMessageContaining("nothing");
    }
}
