package dev.doorbell.kernel.skb;

import dev.doorbell.bus.mem.GuestMemory;
import java.nio.ByteBuffer;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Moves a packet's bytes: in and out of other memory, and between its linear part and its fragments. */
public final class SkbCopy {
    private SkbCopy() {}

    /**
     * Copies {@code bytes} from {@code offset} (from data on, fragments included) into guest or card memory:
     * skb_copy_bits.
     *
     * @throws IndexOutOfBoundsException when the packet is shorter
     */
    public static void copyBits(SkBuff skb, int offset, GuestMemory target, long targetGpa, int bytes) {
        checkRange(skb, offset, bytes);
        GuestMemory memory = skb.memory();
        int at = offset;
        long to = targetGpa;
        int left = bytes;
        int linear = skb.headLength() - at;
        if (linear > 0) {
            int part = Math.min(linear, left);
            memory.copyTo(skb.data() + at, target, to, part);
            to += part;
            left -= part;
            at += part;
        }
        int start = skb.headLength();
        for (int i = 0; i < skb.fragCount() && left > 0; i++) {
            int length = skb.fragLength(i);
            int inside = at - start;
            if (inside < length) {
                int part = Math.min(length - inside, left);
                memory.copyTo(skb.fragGpa(i) + inside, target, to, part);
                to += part;
                left -= part;
                at += part;
            }
            start += length;
        }
        for (SkBuff next = skb.fragList; next != null && left > 0; next = next.next) {
            int length = next.length();
            int inside = at - start;
            if (inside < length) {
                int part = Math.min(length - inside, left);
                copyBits(next, inside, target, to, part);
                to += part;
                left -= part;
                at += part;
            }
            start += length;
        }
    }

    /**
     * Copies {@code bytes} from {@code offset} to the buffer's position, which moves: the copy of recv(). Both direct
     * and heap buffers.
     */
    public static void copyBits(SkBuff skb, int offset, ByteBuffer target, int bytes) {
        checkRange(skb, offset, bytes);
        GuestMemory memory = skb.memory();
        int at = offset;
        int left = bytes;
        int linear = skb.headLength() - at;
        if (linear > 0) {
            int part = Math.min(linear, left);
            read(memory, skb.data() + at, target, part);
            left -= part;
            at += part;
        }
        int start = skb.headLength();
        for (int i = 0; i < skb.fragCount() && left > 0; i++) {
            int length = skb.fragLength(i);
            int inside = at - start;
            if (inside < length) {
                int part = Math.min(length - inside, left);
                read(memory, skb.fragGpa(i) + inside, target, part);
                left -= part;
                at += part;
            }
            start += length;
        }
        for (SkBuff next = skb.fragList; next != null && left > 0; next = next.next) {
            int length = next.length();
            int inside = at - start;
            if (inside < length) {
                int part = Math.min(length - inside, left);
                copyBits(next, inside, target, part);
                left -= part;
                at += part;
            }
            start += length;
        }
    }

    /** Appends {@code bytes} from the buffer's position, which moves, to the linear part: the copy of send(). */
    public static void putFrom(SkBuff skb, ByteBuffer source, int bytes) {
        long at = skb.put(bytes);
        int limit = source.limit();
        source.limit(source.position() + bytes);
        skb.memory().write(at, source);
        source.limit(limit);
    }

    private static void read(GuestMemory memory, long gpa, ByteBuffer target, int bytes) {
        int limit = target.limit();
        target.limit(target.position() + bytes);
        memory.read(gpa, target);
        target.limit(limit);
    }

    /** A copy with buffers of its own, all linear: skb_copy. @return null: out of memory, or longer than a buffer */
    public static @Nullable SkBuff copy(SkBuff skb, int headroom) {
        int bytes = skb.length();
        SkBuff copy = skb.allocator().alloc(headroom, bytes);
        if (copy == null) {
            return null;
        }
        long data = copy.put(bytes);
        copyBits(skb, 0, copy.memory(), data, bytes);
        copy.copyHeaderFrom(skb);
        long moved = data - skb.data();
        copy.macHeader = moved(copy, skb.macHeader, moved);
        copy.networkHeader = moved(copy, skb.networkHeader, moved);
        copy.transportHeader = moved(copy, skb.transportHeader, moved);
        copy.checksumStart += moved;
        // Headers in front of data (the Ethernet header of a received packet) belong to the packet too.
        int front = Math.min(headroom, skb.headroom());
        skb.memory().copyTo(skb.data() - front, copy.memory(), data - front, front);
        return copy;
    }

    private static long moved(SkBuff copy, long headerGpa, long by) {
        return headerGpa == -1 || headerGpa + by < copy.headGpa() ? -1 : headerGpa + by;
    }

    /** skb_trim and pskb_trim: see {@link SkBuff#trim}. */
    static void trim(SkBuff skb, int bytes) {
        if (bytes >= skb.length()) {
            return;
        }
        int start = skb.headLength();
        if (bytes <= start) {
            skb.trimLinear(bytes);
            skb.trimFrags(0, 0);
            trimFragList(skb, 0);
            return;
        }
        for (int i = 0; i < skb.fragCount(); i++) {
            int length = skb.fragLength(i);
            if (bytes <= start + length) {
                skb.trimFrags(i, bytes - start);
                trimFragList(skb, 0);
                return;
            }
            start += length;
        }
        trimFragList(skb, bytes - start);
    }

    private static void trimFragList(SkBuff skb, int bytes) {
        SkBuff first = skb.fragList;
        if (first == null) {
            return;
        }
        int left = bytes;
        SkBuff last = null;
        SkBuff part = first;
        while (part != null && left > 0) {
            int length = part.length();
            if (length > left) {
                trim(part, left);
            }
            left -= Math.min(left, length);
            last = part;
            part = part.next;
        }
        if (last != null) {
            last.next = null;
        }
        while (part != null) {
            SkBuff following = part.next;
            part.next = null;
            part.free();
            part = following;
        }
        skb.setFragList(last == null ? null : first);
    }

    /** __pskb_pull_tail: moves {@code bytes} from behind the linear part into it. */
    static boolean pullTail(SkBuff skb, int bytes) {
        int linear = skb.headLength();
        if (linear + bytes > skb.length()) {
            return false;
        }
        if ((skb.isCloned() || skb.linearTailroom() < bytes) && !expandHead(skb, skb.headroom(), bytes)) {
            return false;
        }
        copyBits(skb, linear, skb.memory(), skb.tail(), bytes);
        int fromFrags = Math.min(bytes, skb.fragBytes());
        if (fromFrags > 0) {
            skb.dropFragFront(fromFrags);
        }
        if (bytes > fromFrags) {
            dropFragListFront(skb, bytes - fromFrags);
        }
        skb.growLinear(bytes);
        return true;
    }

    private static void dropFragListFront(SkBuff skb, int bytes) {
        int left = bytes;
        SkBuff part = skb.fragList;
        while (part != null && left > 0) {
            int length = part.length();
            if (length > left) {
                dropFront(part, left);
                left = 0;
            } else {
                left -= length;
                SkBuff following = part.next;
                part.next = null;
                part.free();
                part = following;
            }
        }
        skb.setFragList(part);
    }

    /** Removes {@code bytes} at the front, out of linear part, fragments and list; less than the length. */
    public static void dropFront(SkBuff skb, int bytes) {
        int linear = Math.min(bytes, skb.headLength());
        skb.pull(linear);
        int left = bytes - linear;
        int fromFrags = Math.min(left, skb.fragBytes());
        if (fromFrags > 0) {
            skb.dropFragFront(fromFrags);
        }
        if (left > fromFrags) {
            dropFragListFront(skb, left - fromFrags);
        }
    }

    /** pskb_expand_head: a new linear buffer with {@code headroom} in front and {@code tailroom} behind the bytes. */
    static boolean expandHead(SkBuff skb, int headroom, int tailroom) {
        int linear = skb.headLength();
        SkbHead block = skb.allocator().allocHead(headroom + linear + tailroom);
        if (block == null) {
            return false;
        }
        // Headers in front of data (the Ethernet header of a received packet) belong to the packet too.
        int front = Math.min(headroom, skb.headroom());
        long data = block.gpa() + headroom;
        skb.memory().copyTo(skb.data() - front, skb.memory(), data - front, front + linear);
        skb.replaceBuffer(block, data);
        return true;
    }

    private static void checkRange(SkBuff skb, int offset, int bytes) {
        Objects.checkFromIndexSize(offset, bytes, skb.length());
    }
}
