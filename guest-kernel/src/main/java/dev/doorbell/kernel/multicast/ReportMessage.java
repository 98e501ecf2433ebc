package dev.doorbell.kernel.multicast;

import dev.doorbell.bus.mem.GuestMemory;
import java.util.ArrayList;
import java.util.List;

/**
 * A report of IGMPv3 or MLDv2, which differ in their type and in the length of addresses only: RFC 3376 §4.2, RFC 3810 §5.2.
 *
 * <pre>
 *   0      1          2          4          6
 *   | type | reserved | checksum | reserved | records |
 *   | record type | auxiliary words, 0 | sources | group | source | source ...
 * </pre>
 */
public final class ReportMessage {
    private static final int HEADER_BYTES = 8, RECORD_HEADER_BYTES = 4;
    private static final int RECORDS_AT = 6, SOURCES_AT = 2;

    private final int addressBytes;
    private final List<GroupRecord> records = new ArrayList<>();
    private int bytes = HEADER_BYTES;

    private ReportMessage(int addressBytes) {
        this.addressBytes = addressBytes;
    }

    /**
     * Packs records into as few messages as they need, in order, RFC 3376 §4.2.16.
     *
     * @param addressBytes 4 or 16
     * @param roomBytes of one message, for a header, a record and a source at least
     */
    static List<ReportMessage> pack(List<GroupRecord> records, int addressBytes, int roomBytes) {
        List<ReportMessage> messages = new ArrayList<>();
        ReportMessage message = new ReportMessage(addressBytes);
        int most = (roomBytes - HEADER_BYTES - RECORD_HEADER_BYTES) / addressBytes - 1;
        for (GroupRecord whole : records) {
            int sources = whole.mayBeCut()
                    ? Math.min(whole.sources().size(), most)
                    : whole.sources().size();
            int done = 0;
            do {
                int part = Math.min(most, sources - done);
                GroupRecord record = whole.part(done, part);
                if (message.bytes + message.bytesOf(record) > roomBytes) {
                    messages.add(message);
                    message = new ReportMessage(addressBytes);
                }
                message.records.add(record);
                message.bytes += message.bytesOf(record);
                done += part;
            } while (done < sources);
        }
        if (!message.records.isEmpty()) {
            messages.add(message);
        }
        return messages;
    }

    private int bytesOf(GroupRecord record) {
        return RECORD_HEADER_BYTES + addressBytes * (1 + record.sources().size());
    }

    /** Length of the message from its type on. */
    public int bytes() {
        return bytes;
    }

    /** Writes it; the checksum is 0. */
    public void writeTo(GuestMemory memory, long at, int type) {
        memory.writeLong(at, 0);
        memory.writeByte(at, type);
        memory.writeShort(at + RECORDS_AT, Short.reverseBytes((short) records.size()));
        long next = at + HEADER_BYTES;
        for (GroupRecord record : records) {
            SourceSet sources = record.sources();
            memory.writeInt(next, 0);
            memory.writeByte(next, record.type());
            memory.writeShort(next + SOURCES_AT, Short.reverseBytes((short) sources.size()));
            next = writeAddress(memory, next + RECORD_HEADER_BYTES, record.high(), record.low());
            for (int i = 0; i < sources.size(); i++) {
                next = writeAddress(memory, next, sources.high(i), sources.low(i));
            }
        }
    }

    private long writeAddress(GuestMemory memory, long at, long high, long low) {
        if (addressBytes == Integer.BYTES) {
            memory.writeInt(at, Integer.reverseBytes((int) low));
        } else {
            memory.writeLong(at, Long.reverseBytes(high));
            memory.writeLong(at + Long.BYTES, Long.reverseBytes(low));
        }
        return at + addressBytes;
    }
}
