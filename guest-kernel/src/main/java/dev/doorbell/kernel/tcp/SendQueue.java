package dev.doorbell.kernel.tcp;

import dev.doorbell.bus.mem.GuestMemory;
import dev.doorbell.bus.wire.TcpHeader;
import dev.doorbell.kernel.skb.SkbHead;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * What a connection has to send: entries in stream order, first those sent and not yet acknowledged, then from
 * {@link #sendHead} on those never sent. Beside it the list of sent entries in order of their last transmission.
 */
final class SendQueue {
    private final TxSegmentPool pool;
    private final GuestMemory memory;

    @Nullable
    TxSegment head;

    @Nullable
    TxSegment tail;
    /** First entry never sent; null when all are. */
    @Nullable
    TxSegment sendHead;

    /** Sent entries, by time of last transmission. */
    @Nullable
    TxSegment earliestSent;

    @Nullable
    TxSegment latestSent;

    private long transmissions;

    /** Bytes with overhead, as the send buffer counts. */
    int truesize;

    SendQueue(TxSegmentPool pool, GuestMemory memory) {
        this.pool = pool;
        this.memory = memory;
    }

    /** Nothing to send, nothing unacknowledged. */
    boolean isEmpty() {
        return head == null;
    }

    /** First entry that was sent and is not acknowledged; null when there is none. */
    @Nullable
    TxSegment rtxHead() {
        return head == sendHead ? null : head;
    }

    /** Last entry that was sent and is not acknowledged; null when there is none. */
    @Nullable
    TxSegment rtxTail() {
        TxSegment first = sendHead;
        TxSegment last = first == null ? tail : first.previous;
        return last;
    }

    /** The entry behind a sent one, or null where the never sent ones begin. */
    @Nullable
    TxSegment rtxNext(TxSegment segment) {
        return segment.next == sendHead ? null : segment.next;
    }

    /**
     * Whether the next byte of the application begins an entry of its own: the last is sent, closed or holds
     * {@code goal} bytes.
     */
    boolean appendsNewEntry(int goal) {
        TxSegment last = tail;
        return last == null || sendHead == null || last.endOfRecord || last.length() >= goal;
    }

    /**
     * Copies application data behind the last byte, the one copy on its way out.
     *
     * @param data its position moves by what was taken
     * @param seq sequence number of the first byte
     * @param goal bytes per entry
     * @return bytes taken; less than asked for when the goal is reached or memory is out
     */
    int append(ByteBuffer data, int bytes, int seq, int goal, int mss) {
        SkbHead block = pool.block();
        if (block == null) {
            return 0;
        }
        TxSegment last = tail;
        if (last == null
                || sendHead == null
                || last.endOfRecord
                || last.length() >= goal
                || !last.canAppend(block, pool.position())) {
            last = newEntry(seq);
        }
        int take = Math.min(Math.min(bytes, goal - last.length()), pool.room());
        int limit = data.limit();
        data.limit(data.position() + take);
        memory.write(pool.position(), data);
        data.limit(limit);
        last.append(block, pool.position(), take);
        pool.advance(take);
        last.cutInto(mss);
        truesize += take;
        return take;
    }

    /** An empty entry at the tail: for data, or for a SYN or FIN of its own. */
    TxSegment newEntry(int seq) {
        TxSegment entry = pool.take();
        entry.seq = seq;
        entry.endSeq = seq;
        entry.packets = 1;
        entry.previous = tail;
        if (tail == null) {
            head = entry;
        } else {
            tail.next = entry;
        }
        tail = entry;
        if (sendHead == null) {
            sendHead = entry;
        }
        truesize += TxSegment.OVERHEAD;
        return entry;
    }

    /**
     * Cuts an entry in two at {@code offset} bytes; marks, times and lists are inherited.
     *
     * @return the new entry behind it
     */
    TxSegment split(TxSegment entry, int offset, int mss) {
        TxSegment rest = pool.take();
        rest.seq = entry.seq + offset;
        rest.endSeq = entry.endSeq;
        entry.splitBytes(offset, rest);
        entry.endSeq = rest.seq;
        rest.flags = entry.flags;
        entry.flags &= ~(TcpHeader.FIN | TcpHeader.PSH);
        rest.marks = entry.marks;
        rest.transmissions = entry.transmissions;
        rest.endOfRecord = entry.endOfRecord;
        entry.endOfRecord = false;
        rest.sentNs = entry.sentNs;
        rest.sentOrder = entry.sentOrder;
        rest.rateFirstSentNs = entry.rateFirstSentNs;
        rest.rateDeliveredNs = entry.rateDeliveredNs;
        rest.rateDelivered = entry.rateDelivered;
        rest.rateApplicationLimited = entry.rateApplicationLimited;
        rest.rateSampled = entry.rateSampled;
        entry.cutInto(mss);
        rest.cutInto(mss);
        rest.previous = entry;
        rest.next = entry.next;
        if (entry.next == null) {
            tail = rest;
        } else {
            entry.next.previous = rest;
        }
        entry.next = rest;
        if (entry.onSentList) {
            rest.onSentList = true;
            rest.earlierSent = entry;
            rest.laterSent = entry.laterSent;
            if (entry.laterSent == null) {
                latestSent = rest;
            } else {
                entry.laterSent.earlierSent = rest;
            }
            entry.laterSent = rest;
        }
        truesize += TxSegment.OVERHEAD;
        return rest;
    }

    /** Joins the entry behind into this one; both were sent or both were not. */
    void joinNext(TxSegment entry) {
        TxSegment other = entry.next;
        if (other == null) {
            throw new IllegalStateException("nothing behind the entry");
        }
        entry.absorb(other);
        entry.flags |= other.flags;
        entry.endOfRecord = other.endOfRecord;
        unlink(other);
        truesize -= TxSegment.OVERHEAD;
        pool.give(other);
    }

    /** Moves the border of what was sent behind {@link #sendHead}. */
    void advanceSendHead() {
        TxSegment sent = sendHead;
        if (sent != null) {
            sendHead = sent.next;
        }
    }

    /** Puts an entry last on the list of transmissions. */
    void sentNow(TxSegment entry) {
        if (entry.onSentList) {
            unlinkSent(entry);
        }
        entry.sentOrder = ++transmissions;
        entry.onSentList = true;
        entry.earlierSent = latestSent;
        if (latestSent == null) {
            earliestSent = entry;
        } else {
            latestSent.laterSent = entry;
        }
        latestSent = entry;
    }

    void unlinkSent(TxSegment entry) {
        if (!entry.onSentList) {
            return;
        }
        if (entry.earlierSent == null) {
            earliestSent = entry.laterSent;
        } else {
            entry.earlierSent.laterSent = entry.laterSent;
        }
        if (entry.laterSent == null) {
            latestSent = entry.earlierSent;
        } else {
            entry.laterSent.earlierSent = entry.earlierSent;
        }
        entry.earlierSent = entry.laterSent = null;
        entry.onSentList = false;
    }

    /** Drops acknowledged bytes at the front of the first entry. */
    void trimHead(TxSegment entry, int bytes) {
        entry.dropFront(bytes);
        truesize -= bytes;
    }

    /** Takes an entry out and gives it back. */
    void remove(TxSegment entry) {
        truesize -= entry.truesize();
        unlink(entry);
        pool.give(entry);
    }

    private void unlink(TxSegment entry) {
        unlinkSent(entry);
        if (sendHead == entry) {
            sendHead = entry.next;
        }
        if (entry.previous == null) {
            head = entry.next;
        } else {
            entry.previous.next = entry.next;
        }
        if (entry.next == null) {
            tail = entry.previous;
        } else {
            entry.next.previous = entry.previous;
        }
    }

    void clear() {
        TxSegment entry = head;
        while (entry != null) {
            TxSegment following = entry.next;
            pool.give(entry);
            entry = following;
        }
        head = tail = sendHead = earliestSent = latestSent = null;
        truesize = 0;
    }
}
