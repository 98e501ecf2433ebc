package dev.doorbell.bus.mem;

import java.lang.ref.Cleaner;
import java.nio.ByteBuffer;
import java.nio.ReadOnlyBufferException;
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

    /** Odd, and without a pattern. */
    private static final long HASH_STEP = 0x3939_7D27_6F8B_F683L,
            HASH_1 = 0x1082_4F47_D293_A1CDL,
            HASH_2 = 0x2E53_F896_797B_7ECFL,
            HASH_3 = 0x7617_1B11_4ECF_5BB9L,
            HASH_4 = 0x828B_5FEE_C43B_DB9BL,
            HASH_5 = 0xD143_8D7F_794B_FC49L,
            HASH_6 = 0x7171_29C6_8D98_F553L,
            HASH_7 = 0xC736_6CA4_7EA4_0DBDL,
            HASH_8 = 0x8B41_06F0_6A7D_757BL,
            HASH_9 = 0x923A_95B8_4FAB_C747L,
            HASH_10 = 0xFC63_CFB8_8C6C_2FFFL,
            HASH_11 = 0x4F0C_385E_19F5_9B9BL,
            HASH_12 = 0x6D9F_5C56_3B5F_36D7L;

    private static final Cleaner CLEANER = Cleaner.create();

    private final Release release;
    private final long base;
    private long size;
    /** Null until somebody wants to know which pages change. */
    private @Nullable PageLog log;

    private GuestMemory(Release release, long base, long size) {
        this.release = release;
        this.base = base;
        this.size = size;
    }

    /** Gives memory back, the first time. Knows the store and not the memory, which must become unreachable. */
    private static final class Release implements Runnable {
        private @Nullable Runnable action;

        Release(Runnable action) {
            this.action = action;
        }

        /** By {@link #close()}, or by the cleaner when there is nobody left who could call that. */
        @Override
        public void run() {
            Runnable due = action;
            action = null;
            if (due != null) {
                due.run();
            }
        }
    }

    /** Anonymous memory, zeroed. The caller owns it and closes it. */
    public static GuestMemory allocate(long bytes) {
        return allocate(bytes, false);
    }

    /**
     * Anonymous memory, zeroed, that nobody needs to close: it is given back when it cannot be reached any more, like that of
     * a direct {@link ByteBuffer}. For what lives as long as its owner and has no end of its own, such as a packet buffer of a
     * card; not for memory that is used in the method that made it.
     */
    public static GuestMemory allocateAuto(long bytes) {
        return allocate(bytes, true);
    }

    private static GuestMemory allocate(long bytes, boolean auto) {
        BytesStore<?, ?> store = BytesStore.nativeStoreWithFixedCapacity(bytes);
        long base = store.addressForRead(0);
        MEMORY.setMemory(base, bytes, (byte) 0);
        Release release = new Release(store::releaseLast);
        GuestMemory memory = new GuestMemory(release, base, bytes);
        if (auto) {
            CLEANER.register(memory, release);
        }
        return memory;
    }

    /**
     * Memory that somebody else mapped, such as a memfd or QEMU's RAM.
     *
     * @param hostAddress where it is mapped in this process
     * @param release runs at {@link #close()}: unmaps it
     */
    public static GuestMemory ofHost(long hostAddress, long bytes, Runnable release) {
        return new GuestMemory(new Release(release), hostAddress, bytes);
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
        written(gpa, 1);
        MEMORY.writeByte(base + gpa, (byte) value);
    }

    public void writeShort(long gpa, int value) {
        check(gpa, 2);
        written(gpa, 2);
        MEMORY.writeShort(base + gpa, (short) value);
    }

    public void writeInt(long gpa, int value) {
        check(gpa, 4);
        written(gpa, 4);
        MEMORY.writeInt(base + gpa, value);
    }

    public void writeLong(long gpa, long value) {
        check(gpa, 8);
        written(gpa, 8);
        MEMORY.writeLong(base + gpa, value);
    }

    /** Fills {@code bytes} from {@code gpa} on with one value. */
    public void fill(long gpa, long bytes, int value) {
        check(gpa, bytes);
        written(gpa, bytes);
        MEMORY.setMemory(base + gpa, bytes, (byte) value);
    }

    /** Copies into another region, or within this one; ranges of the same region may overlap. */
    public void copyTo(long gpa, GuestMemory target, long targetGpa, long bytes) {
        check(gpa, bytes);
        target.check(targetGpa, bytes);
        target.written(targetGpa, bytes);
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
        written(gpa, bytes);
        MEMORY.copyMemory(from, offset, base + gpa, bytes);
    }

    /** Fills {@code into} from its position to its limit, and moves the position. */
    public void read(long gpa, ByteBuffer into) {
        int bytes = into.remaining();
        check(gpa, bytes);
        if (into.hasArray()) {
            MEMORY.copyMemory(base + gpa, into.array(), ARRAY_BASE + into.arrayOffset() + into.position(), bytes);
        } else if (into.isReadOnly()) {
            throw new ReadOnlyBufferException();
        } else {
            MEMORY.copyMemory(base + gpa, MEMORY.address(into) + into.position(), bytes);
        }
        into.position(into.position() + bytes);
    }

    /** Takes what {@code from} holds from its position to its limit, and moves the position. */
    public void write(long gpa, ByteBuffer from) {
        int bytes = from.remaining();
        check(gpa, bytes);
        written(gpa, bytes);
        if (from.hasArray()) {
            MEMORY.copyMemory(from.array(), from.arrayOffset() + from.position(), base + gpa, bytes);
        } else if (from.isDirect()) {
            MEMORY.copyMemory(MEMORY.address(from) + from.position(), base + gpa, bytes);
        } else {
            for (int i = 0; i < bytes; i++) { // a read-only heap buffer hides its array
                MEMORY.writeByte(base + gpa + i, from.get(from.position() + i));
            }
        }
        from.position(from.position() + bytes);
    }

    /**
     * The sum of a range as little-endian 16-bit words, modulo 0xFFFF: the slow half of the Internet checksum. It lives
     * here because it checks the range once, not per word. An odd last byte counts as the lower half of a word.
     *
     * @return congruent to the sum modulo 0xFFFF, as an unsigned 64-bit number below 2^34
     */
    public long onesComplementSum(long gpa, long bytes) {
        check(gpa, bytes);
        long address = base + gpa;
        long end = address + bytes;
        long a = 0, b = 0, c = 0, d = 0;
        // Adding 32-bit halves leaves 32 bits of head-room: carries need no care. Four chains, no dependency.
        for (; address <= end - 32; address += 32) {
            long first = MEMORY.readLong(address), second = MEMORY.readLong(address + 8);
            long third = MEMORY.readLong(address + 16), fourth = MEMORY.readLong(address + 24);
            a += (first & 0xFFFF_FFFFL) + (third & 0xFFFF_FFFFL);
            b += (first >>> 32) + (third >>> 32);
            c += (second & 0xFFFF_FFFFL) + (fourth & 0xFFFF_FFFFL);
            d += (second >>> 32) + (fourth >>> 32);
        }
        for (; address <= end - 16; address += 16) {
            long first = MEMORY.readLong(address), second = MEMORY.readLong(address + 8);
            a += first & 0xFFFF_FFFFL;
            b += first >>> 32;
            c += second & 0xFFFF_FFFFL;
            d += second >>> 32;
        }
        for (; address <= end - 4; address += 4) {
            a += MEMORY.readInt(address) & 0xFFFF_FFFFL;
        }
        if (address <= end - 2) {
            b += MEMORY.readShort(address) & 0xFFFF;
            address += 2;
        }
        if (address < end) {
            c += MEMORY.readByte(address) & 0xFF;
        }
        long sum = a + b + c + d; // no overflow below 2^33 bytes
        return (sum & 0xFFFF_FFFFL) + (sum >>> 32);
    }

    /**
     * A 64-bit hash of a range, the same for the same bytes wherever they lie; for observers that want to know whether memory
     * has changed. Not cryptographic, and not to be kept: it may differ in the next version. It lives here for the same
     * reason as {@link #onesComplementSum}.
     *
     * <p>Each word has a factor of its own, so that none waits for the one before; two words that change by the same bits do
     * not cancel each other out, because a factor reaches the bits above a change, and the shift those below. Written out,
     * and so too long to be copied into each of its many callers, whose code has to stay in the processor's cache.
     */
    public long hash(long gpa, long bytes) {
        check(gpa, bytes);
        long at = base + gpa;
        long end = at + bytes;
        long hash = bytes * HASH_STEP;
        for (; at <= end - 64; at += 64) {
            long first = MEMORY.readLong(at), second = MEMORY.readLong(at + 8);
            long third = MEMORY.readLong(at + 16), fourth = MEMORY.readLong(at + 24);
            long fifth = MEMORY.readLong(at + 32), sixth = MEMORY.readLong(at + 40);
            long seventh = MEMORY.readLong(at + 48), eighth = MEMORY.readLong(at + 56);
            hash = (hash ^ hash >>> 32) * HASH_STEP
                    + (first ^ first >>> 32) * HASH_1
                    + (second ^ second >>> 32) * HASH_2
                    + (third ^ third >>> 32) * HASH_3
                    + (fourth ^ fourth >>> 32) * HASH_4
                    + (fifth ^ fifth >>> 32) * HASH_5
                    + (sixth ^ sixth >>> 32) * HASH_6
                    + (seventh ^ seventh >>> 32) * HASH_7
                    + (eighth ^ eighth >>> 32) * HASH_8;
        }
        if (at <= end - 32) {
            long first = MEMORY.readLong(at), second = MEMORY.readLong(at + 8);
            long third = MEMORY.readLong(at + 16), fourth = MEMORY.readLong(at + 24);
            hash = (hash ^ hash >>> 32) * HASH_STEP
                    + (first ^ first >>> 32) * HASH_1
                    + (second ^ second >>> 32) * HASH_2
                    + (third ^ third >>> 32) * HASH_3
                    + (fourth ^ fourth >>> 32) * HASH_4;
            at += 32;
        }
        if (at <= end - 16) {
            long first = MEMORY.readLong(at), second = MEMORY.readLong(at + 8);
            hash += (first ^ first >>> 32) * HASH_9 + (second ^ second >>> 32) * HASH_10;
            at += 16;
        }
        if (at <= end - 8) {
            long first = MEMORY.readLong(at);
            hash += (first ^ first >>> 32) * HASH_11;
            at += 8;
        }
        // Never over the end of a word that a copy would have stored: a load that spans two stores waits until both
        // have
        // left the processor's store buffer, and who asks for a hash mostly has just copied.
        long rest = 0;
        if (at <= end - 4) {
            rest = MEMORY.readInt(at);
            at += 4;
        }
        if (at <= end - 2) {
            rest = rest << 16 | MEMORY.readShort(at) & 0xFFFF;
            at += 2;
        }
        if (at < end) {
            rest = rest << 8 | MEMORY.readByte(at) & 0xFF;
        }
        hash += (rest ^ rest >>> 32) * HASH_12;
        return hash ^ hash >>> 32;
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
     * <p>Valid until {@link #close()}; the caller stays inside {@code [gpa, gpa + bytes)}. A {@link PageLog} takes the range
     * as written now, and does not see later writes to it.
     */
    public long hostAddress(long gpa, long bytes) {
        check(gpa, bytes);
        written(gpa, bytes);
        return base + gpa;
    }

    /**
     * The log of the pages that are written from now on, the same one at every call. While there is one, {@link #close()}
     * makes the memory inaccessible but keeps its content, which may be wanted back.
     */
    public PageLog log() {
        PageLog kept = log;
        if (kept == null) {
            kept = new PageLog(this, size);
            log = kept;
        }
        return kept;
    }

    /** For the log only: how many bytes are accessible. */
    void resize(long bytes) {
        size = bytes;
    }

    /** The log is not needed any more: what was closed meanwhile is released. */
    void endLog() {
        log = null;
        if (size == 0) {
            release.run();
        }
    }

    /** Releases the memory. Later accesses throw {@link IndexOutOfBoundsException}. */
    @Override
    public void close() {
        if (size == 0) {
            return;
        }
        size = 0;
        if (log == null) {
            release.run();
        }
    }

    /** Before a write, so that an access which fails is never logged. */
    private void written(long gpa, long bytes) {
        PageLog kept = log;
        if (kept != null) {
            kept.written(gpa, bytes);
        }
    }

    /** As {@link Objects#checkFromIndexSize(long, long, long)}, but nothing to inline on the way that is taken always. */
    private void check(long gpa, long bytes) {
        if ((gpa | bytes) < 0 || gpa > size - bytes) {
            throw new IndexOutOfBoundsException(
                    "range [" + gpa + ", " + gpa + " + " + bytes + ") out of bounds for length " + size);
        }
    }
}
