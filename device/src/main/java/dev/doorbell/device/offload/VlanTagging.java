package dev.doorbell.device.offload;

import dev.doorbell.bus.mem.GuestMemory;

/** 802.1Q tags on their way out. */
public final class VlanTagging {
    /** EtherType and tag control information. */
    public static final int TAG_BYTES = 4;

    private static final int ADDRESSES_BYTES = 12;

    private VlanTagging() {}

    /**
     * Inserts a tag behind the source address by moving the addresses into the four bytes before the frame, which the
     * caller keeps free. The frame then begins {@link #TAG_BYTES} earlier and is as much longer; at least 12 bytes long.
     *
     * @param etherType of the tag, VET
     * @param tci priority 15:13, CFI 12, VLAN identifier 11:0
     */
    public static void insert(GuestMemory memory, long frame, int etherType, int tci) {
        long start = frame - TAG_BYTES;
        memory.writeLong(start, memory.readLong(frame));
        memory.writeInt(start + 8, memory.readInt(frame + 8));
        memory.writeShort(start + ADDRESSES_BYTES, Short.reverseBytes((short) etherType));
        memory.writeShort(start + ADDRESSES_BYTES + 2, Short.reverseBytes((short) tci));
    }
}
