package dev.doorbell.kernel.skb;

import dev.doorbell.bus.mem.GuestMemory;
import org.jspecify.annotations.Nullable;

/**
 * A packet inside the kernel: Linux's sk_buff. Linear bytes in [data, tail) of a buffer [head, end) in guest memory,
 * then up to {@link #MAX_FRAGS} fragments, then a list of further SkBuffs ({@code fragList}, made by GRO).
 *
 * <p>Addresses are GPAs. Fields that many layers touch are public, as the struct's are; those with an invariant are
 * behind methods. The public ones are in {@link SkbFields}. Pooled: {@link #free()} gives it back, after which nobody
 * may touch it.
 */
public final class SkBuff extends SkbFields {
    public static final int MAX_FRAGS = 17;

    /** What the descriptor itself counts in truesize: sizeof(struct sk_buff) with its shared info. */
    static final int STRUCT_BYTES = 576;

    private final SkbAllocator allocator;
    private final GuestMemory memory;
    private @Nullable SkbHead buffer;
    private long head;
    private long data;
    private long tail;
    private long end;
    private int fragCount;
    private int fragBytes;
    private final SkbHead[] fragHeads = new SkbHead[MAX_FRAGS];
    private final long[] fragGpa = new long[MAX_FRAGS];
    private final int[] fragLength = new int[MAX_FRAGS];

    /** First of the SkBuffs whose bytes follow ours (GRO), linked by {@link #next}; their lengths count in ours. */
    public @Nullable SkBuff fragList;
    /** Last of {@link #fragList}. */
    public @Nullable SkBuff fragListTail;

    private int fragListBytes;
    /** Every look at it is told: it is free, or somebody wants to know. */
    private boolean watched;

    SkBuff(SkbAllocator allocator, GuestMemory memory) {
        this.allocator = allocator;
        this.memory = memory;
    }

    // ---- linear bytes

    public GuestMemory memory() {
        return memory;
    }

    public long data() {
        if (watched) {
            allocator.touched(this, "skb->data");
        }
        return data;
    }

    public long tail() {
        return tail;
    }

    public long headGpa() {
        return head;
    }

    public long end() {
        return end;
    }

    /** All bytes: linear, fragments and fragment list. */
    public int length() {
        if (watched) {
            allocator.touched(this, "skb->len");
        }
        return (int) (tail - data) + fragBytes + fragListBytes;
    }

    /** Linear bytes. */
    public int headLength() {
        if (watched) {
            allocator.touched(this, "skb_headlen");
        }
        return (int) (tail - data);
    }

    public boolean isNonlinear() {
        return fragBytes + fragListBytes != 0;
    }

    public int headroom() {
        return (int) (data - head);
    }

    public int tailroom() {
        return fragCount == 0 && fragList == null ? (int) (end - tail) : 0;
    }

    /** Moves data and tail of an empty buffer forward: room for headers. */
    public SkBuff reserve(int bytes) {
        data += bytes;
        tail += bytes;
        if (tail > end) {
            throw new IllegalStateException("skb reserve " + bytes + ": past the end of the buffer");
        }
        return this;
    }

    /** Appends {@code bytes} uninitialised linear bytes. @return their GPA */
    public long put(int bytes) {
        if (watched) {
            allocator.touched(this, "skb_put");
        }
        long at = tail;
        tail += bytes;
        if (tail > end || bytes < 0) {
            throw new IllegalStateException(
                    "skb put " + bytes + ": tail 0x" + Long.toHexString(tail) + " end 0x" + Long.toHexString(end));
        }
        return at;
    }

    /** Prepends. @return the new data */
    public long push(int bytes) {
        if (watched) {
            allocator.touched(this, "skb_push");
        }
        data -= bytes;
        if (data < head || bytes < 0) {
            throw new IllegalStateException("skb push " + bytes + ": headroom " + (data + bytes - head));
        }
        return data;
    }

    /** Drops bytes at the front; at most {@link #headLength()}. @return the new data */
    public long pull(int bytes) {
        if (bytes < 0 || bytes > headLength()) {
            throw new IllegalStateException("skb pull " + bytes + " of " + headLength() + " linear bytes");
        }
        data += bytes;
        return data;
    }

    // ---- fragments

    public int fragCount() {
        if (watched) {
            allocator.touched(this, "skb_shinfo(skb)->nr_frags");
        }
        return fragCount;
    }

    public long fragGpa(int index) {
        return fragGpa[index];
    }

    public int fragLength(int index) {
        return fragLength[index];
    }

    public SkbHead fragHead(int index) {
        return fragHeads[index];
    }

    /** Appends a fragment; takes over one count of {@code block}. Extends the last one when it is adjacent. */
    public void addFrag(SkbHead block, long gpa, int bytes) {
        int last = fragCount - 1;
        if (last >= 0 && fragHeads[last] == block && fragGpa[last] + fragLength[last] == gpa) {
            fragLength[last] += bytes;
            block.put();
        } else {
            if (fragCount == MAX_FRAGS) {
                throw new IllegalStateException("skb has " + MAX_FRAGS + " fragments already");
            }
            fragHeads[fragCount] = block;
            fragGpa[fragCount] = gpa;
            fragLength[fragCount] = bytes;
            fragCount++;
        }
        fragBytes += bytes;
    }

    /** True when {@link #addFrag} of this would succeed. */
    public boolean canAddFrag(SkbHead block, long gpa) {
        int last = fragCount - 1;
        return fragCount < MAX_FRAGS || (fragHeads[last] == block && fragGpa[last] + fragLength[last] == gpa);
    }

    /** Appends another buffer's bytes by reference (GRO); {@code skb} belongs to this one from here on. */
    public void addToFragList(SkBuff skb) {
        skb.next = null;
        if (fragListTail == null) {
            fragList = skb;
        } else {
            fragListTail.next = skb;
        }
        fragListTail = skb;
        fragListBytes += skb.length();
    }

    /** Cuts the packet to {@code bytes}, from the end; longer ones only. */
    public void trim(int bytes) {
        SkbCopy.trim(this, bytes);
    }

    /**
     * Makes sure that the first {@code bytes} are linear, moving them out of the fragments when needed: pskb_may_pull.
     * GPAs of headers may change.
     *
     * @return false when the packet is shorter, or memory has run out
     */
    public boolean pskbMayPull(int bytes) {
        return bytes <= headLength() || SkbCopy.pullTail(this, bytes - headLength());
    }

    /** Makes all of it linear. @return false when memory has run out */
    public boolean linearize() {
        return !isNonlinear() || pskbMayPull(length());
    }

    /** True when another SkBuff looks into the same linear buffer: its bytes must not be changed. */
    public boolean isCloned() {
        return buffer != null && buffer.users() > 1;
    }

    /**
     * Gives it a linear buffer of its own with at least {@code headroom} bytes in front: skb_cow. Does nothing when it
     * has one. GPAs of headers may change.
     *
     * @return false when memory has run out
     */
    public boolean cow(int headroom) {
        return !isCloned() && headroom() >= headroom || SkbCopy.expandHead(this, Math.max(headroom, headroom()), 0);
    }

    /**
     * Makes sure that {@code bytes} can be put behind its linear bytes, which are its own then. GPAs of headers may
     * change.
     *
     * @return false when memory has run out
     */
    public boolean makeTailroom(int bytes) {
        return !isCloned() && tailroom() >= bytes || SkbCopy.expandHead(this, headroom(), bytes);
    }

    // ---- life

    /** A second SkBuff for the same bytes; null: out of memory. Shares buffers: see {@link SkbAllocator#clone}. */
    public @Nullable SkBuff cloneSkb() {
        return allocator.clone(this);
    }

    /** Leaves its owner: skb_orphan. For packets that change hands, as on the loopback device. */
    public void orphan() {
        SkbDestructor leaving = destructor;
        if (leaving != null) {
            destructor = null;
            leaving.skbFreed(this);
        }
        owner = null;
    }

    /** Gives it back: the packet was used up, consume_skb. */
    public void free() {
        allocator.release(this);
    }

    /** Gives it back and counts why: kfree_skb_reason. */
    public void drop(DropReason reason) {
        allocator.drops().count(reason);
        allocator.release(this);
    }

    public SkbAllocator allocator() {
        return allocator;
    }

    // ---- for the allocator and the helpers in this package

    @Nullable
    SkbHead buffer() {
        return buffer;
    }

    /** True while nobody has it. */
    public boolean isFree() {
        return buffer == null;
    }

    /** For a probe: from now on its allocator is told of every look at this packet. */
    public void watch(boolean on) {
        watched = on;
    }

    /** Begins a new life with a buffer of its own. */
    void attach(SkbHead block, int headroom) {
        buffer = block;
        head = block.gpa();
        data = head + headroom;
        tail = data;
        end = head + block.bytes();
        truesize = block.bytes() + STRUCT_BYTES;
    }

    /** Ends a life: lets go of all buffers and resets every field. */
    void detach() {
        SkbHead block = buffer;
        if (block == null) {
            throw new IllegalStateException("skb freed twice; its buffer was at GPA 0x" + Long.toHexString(head));
        }
        if (destructor != null) {
            orphan();
        }
        buffer = null;
        block.put();
        for (int i = 0; i < fragCount; i++) {
            fragHeads[i].put();
        }
        fragCount = 0;
        fragBytes = 0;
        if (fragList != null) {
            freeFragList();
        }
        reset();
    }

    private void freeFragList() {
        SkBuff part = fragList;
        while (part != null) {
            SkBuff following = part.next;
            part.next = null;
            part.free();
            part = following;
        }
        fragList = null;
        fragListTail = null;
        fragListBytes = 0;
    }

    /** Becomes a second view of {@code other}'s buffers, except its fragment list. */
    void shareWith(SkBuff other) {
        SkbHead block = other.buffer;
        if (block == null) {
            throw new IllegalStateException(
                    "clone of a freed skb, buffer was at GPA 0x" + Long.toHexString(other.head));
        }
        buffer = block.get();
        head = other.head;
        data = other.data;
        tail = other.tail;
        end = other.end;
        for (int i = 0; i < other.fragCount; i++) {
            fragHeads[i] = other.fragHeads[i].get();
            fragGpa[i] = other.fragGpa[i];
            fragLength[i] = other.fragLength[i];
        }
        fragCount = other.fragCount;
        fragBytes = other.fragBytes;
        copyHeaderFrom(other);
    }

    /** Replaces the linear buffer by another that holds the same bytes: all addresses into it move along. */
    void replaceBuffer(SkbHead block, long newData) {
        SkbHead old = buffer;
        if (old == null) {
            throw new IllegalStateException("skb is free");
        }
        long moved = newData - data;
        int linear = headLength();
        buffer = block;
        head = block.gpa();
        end = head + block.bytes();
        data = newData;
        tail = newData + linear;
        moveHeaders(moved);
        old.put();
    }

    /** Cuts the linear part to {@code bytes}. */
    void trimLinear(int bytes) {
        tail = data + bytes;
    }

    /** Appends linear bytes although fragments follow: the caller takes as many out of them. */
    void growLinear(int bytes) {
        tail += bytes;
    }

    /** Room behind tail, also when fragments follow. */
    int linearTailroom() {
        return (int) (end - tail);
    }

    /** Cuts fragment {@code index} to {@code bytes} and drops those behind it; with 0 drops it too. */
    void trimFrags(int index, int bytes) {
        int keep = bytes == 0 ? index : index + 1;
        if (keep > index) {
            fragBytes -= fragLength[index] - bytes;
            fragLength[index] = bytes;
        }
        for (int i = keep; i < fragCount; i++) {
            fragBytes -= fragLength[i];
            fragHeads[i].put();
        }
        fragCount = keep;
    }

    /** Removes {@code bytes} at the front of the fragments. */
    void dropFragFront(int bytes) {
        int gone = 0;
        int left = bytes;
        while (left > 0 && fragLength[gone] <= left) {
            left -= fragLength[gone];
            fragHeads[gone].put();
            gone++;
        }
        if (gone > 0) {
            int kept = fragCount - gone;
            System.arraycopy(fragHeads, gone, fragHeads, 0, kept);
            System.arraycopy(fragGpa, gone, fragGpa, 0, kept);
            System.arraycopy(fragLength, gone, fragLength, 0, kept);
            fragCount = kept;
        }
        if (left > 0) {
            fragGpa[0] += left;
            fragLength[0] -= left;
        }
        fragBytes -= bytes;
    }

    /** Appends another packet's bytes by reference, its first {@code headerBytes} left out; takes over {@code skb}. */
    public void mergeTail(SkBuff skb, int headerBytes) {
        int bytes = skb.length() - headerBytes;
        SkBuff last = fragListTail == null ? this : fragListTail;
        SkbHead block = skb.buffer;
        long gpa = skb.data + headerBytes;
        if (block != null && !skb.isNonlinear() && last.canAddFrag(block, gpa)) {
            last.addFrag(block.get(), gpa, bytes);
            if (last != this) {
                fragListBytes += bytes;
            }
            truesize += skb.truesize;
            skb.free();
        } else {
            SkbCopy.dropFront(skb, headerBytes);
            truesize += skb.truesize;
            addToFragList(skb);
        }
    }

    /** Takes over the fragments of {@code from} behind its first {@code offset} fragment bytes. */
    void takeFragsFrom(SkBuff from, int offset) {
        int start = 0;
        for (int i = 0; i < from.fragCount; i++) {
            int inside = Math.max(0, offset - start);
            start += from.fragLength[i];
            if (start > offset) {
                addFrag(from.fragHeads[i].get(), from.fragGpa[i] + inside, from.fragLength[i] - inside);
            }
        }
        from.trimFragBytes(offset);
    }

    private void trimFragBytes(int keep) {
        int start = 0;
        for (int i = 0; i < fragCount; i++) {
            if (start + fragLength[i] >= keep) {
                trimFrags(i, keep - start);
                return;
            }
            start += fragLength[i];
        }
    }

    int fragBytes() {
        return fragBytes;
    }

    /** Sets the fragment list anew, after a helper has changed it. */
    void setFragList(@Nullable SkBuff first) {
        fragList = first;
        fragListTail = null;
        fragListBytes = 0;
        for (SkBuff part = first; part != null; part = part.next) {
            fragListTail = part;
            fragListBytes += part.length();
        }
    }
}
