package dev.doorbell.kernel.netdev;

import dev.doorbell.bus.mem.GuestMemory;
import dev.doorbell.bus.wire.EtherType;
import dev.doorbell.bus.wire.EthernetHeader;
import dev.doorbell.bus.wire.VlanTag;
import dev.doorbell.kernel.skb.SkBuff;

/** Moves IEEE 802.1Q tags between the frame and the SkBuff's fields. */
final class VlanTags {
    /** Destination and source address: what stands before the tag. */
    private static final int ADDRESS_BYTES = 12;

    private VlanTags() {}

    /** __vlan_insert_tag: data at the Ethernet header, with headroom and a buffer of its own. */
    static void insert(SkBuff skb, int tci) {
        GuestMemory memory = skb.memory();
        long data = skb.push(VlanTag.LENGTH);
        memory.copyTo(data + VlanTag.LENGTH, memory, data, ADDRESS_BYTES);
        memory.writeShort(data + ADDRESS_BYTES, Short.reverseBytes((short) EtherType.VLAN));
        memory.writeShort(data + ADDRESS_BYTES + 2, Short.reverseBytes((short) tci));
        skb.macHeader = data;
        skb.vlanPresent = false;
        skb.vlanTci = 0;
        skb.protocol = EtherType.VLAN;
    }

    /**
     * skb_vlan_untag: data behind the Ethernet header, at the tag. The Ethernet header moves up to the payload.
     *
     * @return false: too short or out of memory; the packet is still the caller's
     */
    static boolean strip(SkBuff skb) {
        if (!skb.pskbMayPull(VlanTag.LENGTH) || !skb.cow(0)) {
            return false;
        }
        GuestMemory memory = skb.memory();
        long tag = skb.data();
        skb.vlanTci = Short.reverseBytes(memory.readShort(tag)) & 0xFFFF;
        skb.vlanPresent = true;
        skb.protocol = Short.reverseBytes(memory.readShort(tag + 2)) & 0xFFFF;
        skb.pull(VlanTag.LENGTH);
        long mac = tag - EthernetHeader.LENGTH;
        memory.copyTo(mac, memory, mac + VlanTag.LENGTH, ADDRESS_BYTES);
        skb.macHeader = mac + VlanTag.LENGTH;
        return true;
    }
}
