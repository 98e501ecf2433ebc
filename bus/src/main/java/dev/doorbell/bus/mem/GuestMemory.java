package dev.doorbell.bus.mem;

import java.util.Objects;
import net.openhft.chronicle.bytes.BytesStore;
import net.openhft.chronicle.core.Memory;
import net.openhft.chronicle.core.OS;
import org.jspecify.annotations.Nullable;

/**
 * One contiguous region of memory outside the Java heap: a guest's physical RAM, addressed by GPA in bytes, or a card's
 * packet buffer. Numbers are little-endian.
 *
 * <p>The store underneath is unchecked: an address past its end would be a crash of the JVM, not an exception. Every
 * access in the program therefore goes through this class, which is the one bounds check. After {@link #close()} every
 * access fails as out of bounds.
 */
public final class GuestMemory implements AutoCloseable {
    private static final Memory MEMORY = OS.memory();
    /** Where a byte array's elements begin: Chronicle wants it added when an array is the target, not as the source. */
    private static final long ARRAY_BASE = MEMORY.arrayBaseOffset(byte[].class);

    private final @Nullable BytesStore<?, ?> store;
    private final @Nullable Runnable release;
    private final long base;
    private long size;

    private GuestMemory(@Nullable BytesStore<?, ?> store, @Nullable Runnable release, long base, long size) {
        this.store = store;
        this.release = release;
        this.base = base;
        this.size = size;
    }

    /** Anonymous memory, zeroed. The caller owns it and closes it. */
    public static GuestMemory allocate(long bytes) {
        BytesStore<?, ?> store = BytesStore.nativeStoreWithFixedCapacity(bytes);
        long base = store.addressForRead(0);
        MEMORY.setMemory(base, bytes, (byte) 0);
        return new GuestMemory(store, null, base, bytes);
    }

    /**
     * Memory that somebody else mapped, such as a memfd or QEMU's RAM.
     *
     * @param hostAddress where it is mapped in this process
     * @param release runs at {@link #close()}: unmaps it
     */
    public static GuestMemory ofHost(long hostAddress, long bytes, Runnable release) {
        return new GuestMemory(null, release, hostAddress, bytes);
    }

    /** Bytes; 0 after {@link #close()}. */
    public long size() {
        return size;
    }

    public byte readByte(long gpa) {
        check(gpa, 1);
        return MEMORY.readByte(base + gpa);
    }

    public short readShort(long gpa) {
        check(gpa, 2);
        return MEMORY.readShort(base + gpa);
    }

    public int readInt(long gpa) {
        check(gpa, 4);
        return MEMORY.readInt(base + gpa);
    }

    public long readLong(long gpa) {
        check(gpa, 8);
        return MEMORY.readLong(base + gpa);
    }

    public void writeByte(long gpa, int value) {
        check(gpa, 1);
        MEMORY.writeByte(base + gpa, (byte) value);
    }

    public void writeShort(long gpa, int value) {
        check(gpa, 2);
        MEMORY.writeShort(base + gpa, (short) value);
    }

    public void writeInt(long gpa, int value) {
        check(gpa, 4);
        MEMORY.writeInt(base + gpa, value);
    }

    public void writeLong(long gpa, long value) {
        check(gpa, 8);
        MEMORY.writeLong(base + gpa, value);
    }

    /** Fills {@code bytes} from {@code gpa} on with one value. */
    public void fill(long gpa, long bytes, int value) {
        check(gpa, bytes);
        MEMORY.setMemory(base + gpa, bytes, (byte) value);
    }

    /** Copies into another region, or within this one; ranges of the same region may overlap. */
    public void copyTo(long gpa, GuestMemory target, long targetGpa, long bytes) {
        check(gpa, bytes);
        target.check(targetGpa, bytes);
        MEMORY.copyMemory(base + gpa, target.base + targetGpa, bytes);
    }

    public void read(long gpa, byte[] into, int offset, int bytes) {
        check(gpa, bytes);
        Objects.checkFromIndexSize(offset, bytes, into.length);
        MEMORY.copyMemory(base + gpa, into, ARRAY_BASE + offset, bytes);
    }

    public void write(long gpa, byte[] from, int offset, int bytes) {
        check(gpa, bytes);
        Objects.checkFromIndexSize(offset, bytes, from.length);
        MEMORY.copyMemory(from, offset, base + gpa, bytes);
    }

    /** A copy, for tests and set-up. */
    public byte[] bytes(long gpa, int bytes) {
        byte[] copy = new byte[bytes];
        read(gpa, copy, 0, bytes);
        return copy;
    }

    /**
     * The address in this process of a range, for system calls that move data without a copy.
     *
     * <p>Valid until {@link #close()}; the caller stays inside {@code [gpa, gpa + bytes)}.
     */
    public long hostAddress(long gpa, long bytes) {
        check(gpa, bytes);
        return base + gpa;
    }

    /** Releases the memory. Later accesses throw {@link IndexOutOfBoundsException}. */
    @Override
    public void close() {
        if (size == 0) {
            return;
        }
        size = 0;
        if (store != null) {
            store.releaseLast();
        }
        if (release != null) {
            release.run();
        }
    }

    private void check(long gpa, long bytes) {
        Objects.checkFromIndexSize(gpa, bytes, size);
    }
}
