package dev.doorbell.bus.mem;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GuestMemoryTest {
    private static final long SIZE = 4096, MANY = 8L << 20;
    private final GuestMemory memory = GuestMemory.allocate(SIZE);

    @AfterEach
    void close() {
        memory.close();
    }

    @Test
    void newMemoryIsZero() {
        assertThat(memory.bytes(0, (int) SIZE)).containsOnly(0);
    }

    @Test
    void numbersAreLittleEndian() {
        memory.writeInt(16, 0x0102_0304);
        assertThat(memory.bytes(16, 4)).containsExactly(4, 3, 2, 1);
        memory.writeLong(24, 0x0102_0304_0506_0708L);
        assertThat(memory.readInt(24)).isEqualTo(0x0506_0708);
        assertThat(memory.readShort(24)).isEqualTo((short) 0x0708);
        assertThat(memory.readByte(31)).isEqualTo((byte) 1);
    }

    @ParameterizedTest
    @ValueSource(longs = {-1, SIZE - 7, SIZE, Long.MAX_VALUE - 3, Long.MIN_VALUE})
    void noAccessLeavesTheRegion(long gpa) {
        refuses(m -> m.readLong(gpa));
        refuses(m -> m.writeLong(gpa, 1));
        refuses(m -> m.fill(gpa, 8, 1));
        refuses(m -> m.copyTo(gpa, m, 0, 8));
        refuses(m -> m.copyTo(0, m, gpa, 8));
        refuses(m -> m.read(gpa, new byte[8], 0, 8));
        refuses(m -> m.write(gpa, new byte[8], 0, 8));
        refuses(m -> m.hostAddress(gpa, 8));
        assertThat(memory.bytes(0, (int) SIZE)).containsOnly(0);
    }

    @Test
    void lengthsThatOverflowAreRefused() {
        refuses(m -> m.fill(8, Long.MAX_VALUE, 1));
        refuses(m -> m.fill(8, -1, 1));
        refuses(m -> m.read(0, new byte[4], 0, 8));
    }

    @Test
    void overlappingCopyMovesTheBytes() {
        for (int i = 0; i < 64; i++) {
            memory.writeByte(i, i);
        }
        memory.copyTo(0, memory, 8, 56);
        assertThat(memory.readByte(8)).isEqualTo((byte) 0);
        assertThat(memory.readByte(63)).isEqualTo((byte) 55);
    }

    @Test
    void closedMemoryRefusesInsteadOfCrashing() {
        GuestMemory gone = GuestMemory.allocate(64);
        gone.close();
        gone.close();
        assertThatThrownBy(() -> gone.readByte(0)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    private void refuses(Consumer<GuestMemory> access) {
        assertThatThrownBy(() -> access.accept(memory)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    @Test
    void theHashIsThatOfTheBytesWhereverTheyLie() {
        for (int bytes = 0; bytes < 70; bytes++) {
            for (int at = 0; at < 2; at++) {
                memory.fill(0, SIZE, 0xFF * at); // what is around does not count
                for (int i = 0; i < bytes; i++) {
                    memory.writeByte(1000 * at + 3 + i, i * 37);
                    memory.writeByte(SIZE - bytes + i, i * 37);
                }
                assertThat(memory.hash(1000 * at + 3, bytes))
                        .as("%d bytes", bytes)
                        .isEqualTo(memory.hash(SIZE - bytes, bytes));
            }
        }
    }

    @Test
    void everyBitChangesTheHashAndSoDoesTheLength() {
        Set<Long> seen = new HashSet<>();
        int made = 0;
        for (int bytes = 0; bytes < 70; bytes++, made++) {
            seen.add(memory.hash(8, bytes));
            for (int bit = 0; bit < 8 * bytes; bit++, made++) {
                memory.writeByte(8 + bit / 8, 1 << bit % 8);
                seen.add(memory.hash(8, bytes));
                memory.writeByte(8 + bit / 8, 0);
            }
        }
        assertThat(seen).hasSize(made);
    }

    @Test
    void memoryThatNobodyClosesIsGivenBackWhenItCannotBeReached() throws IOException {
        long before = residentKilobytes();
        for (int i = 0; i < 128; i++) {
            GuestMemory.allocateAuto(MANY);
        }
        for (int i = 0; i < 1000 && residentKilobytes() - before > 32 * MANY / 1024; i++) {
            System.gc(); // the cleaner is a thread of its own
        }
        assertThat(residentKilobytes() - before).isLessThan(32 * MANY / 1024);
    }

    private static long residentKilobytes() throws IOException {
        return Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(line -> line.startsWith("RssAnon:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")))
                .sum();
    }
}
