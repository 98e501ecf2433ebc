package dev.doorbell.bus.mem;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ReadOnlyBufferException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class GuestMemoryBuffersTest {
    private final GuestMemory memory = GuestMemory.allocate(64);

    @AfterEach
    void release() {
        memory.close();
    }

    @Test
    void heapAndDirectBuffersCopyBetweenPositionAndLimit() {
        for (ByteBuffer buffer : new ByteBuffer[] {
            ByteBuffer.allocate(32),
            ByteBuffer.allocateDirect(32),
            ByteBuffer.allocate(40).position(8).slice()
        }) {
            memory.fill(0, 64, 0xA5);
            buffer.position(4).limit(8);
            buffer.duplicate().put(new byte[] {1, 2, 3, 4});
            memory.write(10, buffer);
            assertThat(buffer.remaining()).isZero();
            assertThat(memory.bytes(9, 6)).containsExactly(0xA5, 1, 2, 3, 4, 0xA5);

            buffer.clear().position(16).limit(20);
            memory.read(9, buffer);
            assertThat(buffer.position()).isEqualTo(20);
            assertThat(buffer.get(15)).isZero();
            assertThat(buffer.get(16)).isEqualTo((byte) 0xA5);
            assertThat(buffer.get(19)).isEqualTo((byte) 3);
        }
    }

    @Test
    void readOnlyBuffersCanBeWrittenFromOnly() {
        ByteBuffer readOnly = ByteBuffer.wrap(new byte[] {7, 8, 9}).asReadOnlyBuffer();
        memory.write(0, readOnly);
        assertThat(memory.bytes(0, 3)).containsExactly(7, 8, 9);
        assertThatThrownBy(() -> memory.read(0, readOnly.rewind())).isInstanceOf(ReadOnlyBufferException.class);
        ByteBuffer direct = ByteBuffer.allocateDirect(3).asReadOnlyBuffer();
        assertThatThrownBy(() -> memory.read(0, direct)).isInstanceOf(ReadOnlyBufferException.class);
    }

    @Test
    void buffersBeyondTheEndAreRefusedAndNotMoved() {
        ByteBuffer buffer = ByteBuffer.allocate(8);
        assertThatThrownBy(() -> memory.write(60, buffer)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> memory.read(-1, buffer)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThat(buffer.position()).isZero();
    }
}
