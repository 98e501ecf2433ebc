package dev.doorbell.device.i82574;

import static dev.doorbell.device.i82574.MacRegisters.*;

import dev.doorbell.bus.mem.GuestMemory;
import dev.doorbell.bus.reg.RegisterFile;
import dev.doorbell.bus.wire.EtherType;
import dev.doorbell.bus.wire.EthernetHeader;
import dev.doorbell.device.spi.Frame;

/**
 * What a frame is to the wake-up filters, §5.4.3: bits of WUFC. All but the flexible filters look through one VLAN tag;
 * none looks at a frame whose destination the address filter would not accept, broadcast excepted.
 */
final class WakeFilter {
    private static final int ADDRESS_REPEATS = 16, ADDRESS_BYTES = 6;
    private static final int MAGIC_BYTES = (1 + ADDRESS_REPEATS) * ADDRESS_BYTES;
    private static final int TAG_BYTES = 4;
    private static final int ARP_OPERATION_AT = 6, ARP_TARGET_AT = 24, ARP_BYTES = 28, ARP_REQUEST = 1;
    private static final int IPV4_DESTINATION_AT = 16, IPV4_BYTES = 20;
    private static final int IPV6_DESTINATION_AT = 24, IPV6_BYTES = 40;
    private static final int FLEXIBLE_FILTERS = 4, FLEXIBLE_BYTES = 128;

    private final RegisterFile regs;
    private final AddressFilter addresses;

    WakeFilter(RegisterFile regs) {
        this.regs = regs;
        addresses = new AddressFilter(regs);
    }

    /** All events that the frame would be, whether or not they are enabled. */
    int events(Frame frame) {
        int bytes = frame.length();
        if (bytes < EthernetHeader.LENGTH) {
            return 0;
        }
        GuestMemory memory = frame.memory();
        long at = frame.offset();
        int low = memory.readInt(at);
        int high = memory.readShort(at + 4) & 0xFFFF;
        boolean broadcast = AddressFilter.isBroadcast(low, high);
        if (!broadcast && addresses.match(low, high) == AddressFilter.REJECT) {
            return 0;
        }
        int events = broadcast ? WakeUnit.BC : AddressFilter.isMulticast(low) ? WakeUnit.MC : WakeUnit.EX;
        if (isMagic(memory, at, bytes)) {
            events |= WakeUnit.MAG;
        }
        return events | network(memory, at, bytes) | flexible(memory, at, bytes);
    }

    private boolean isMagic(GuestMemory memory, long at, int bytes) {
        for (int start = EthernetHeader.LENGTH; start + MAGIC_BYTES <= bytes; start++) {
            if (memory.readInt(at + start) == -1
                    && memory.readShort(at + start + 4) == -1
                    && repeats(memory, at + start)) {
                return true;
            }
        }
        return false;
    }

    private boolean repeats(GuestMemory memory, long ones) {
        for (int i = 1; i <= ADDRESS_REPEATS; i++) {
            long address = ones + (long) i * ADDRESS_BYTES;
            if (!addresses.isStation(memory.readInt(address), memory.readShort(address + 4) & 0xFFFF)) {
                return false;
            }
        }
        return true;
    }

    private int network(GuestMemory memory, long at, int bytes) {
        int offset = EthernetHeader.LENGTH;
        int type = u16(memory, at + offset - 2);
        if (type == regs.get(VET) && bytes >= offset + TAG_BYTES) {
            offset += TAG_BYTES;
            type = u16(memory, at + offset - 2);
        }
        int room = bytes - offset;
        long header = at + offset;
        if (type == EtherType.ARP && room >= ARP_BYTES && u16(memory, header + ARP_OPERATION_AT) == ARP_REQUEST) {
            return isOurs(memory.readInt(header + ARP_TARGET_AT)) ? WakeUnit.ARP : 0;
        }
        if (type == EtherType.IPV4 && room >= IPV4_BYTES) {
            return isOurs(memory.readInt(header + IPV4_DESTINATION_AT)) ? WakeUnit.IPV4 : 0;
        }
        if (type == EtherType.IPV6 && room >= IPV6_BYTES && regs.isSet(IPAV_V6)) {
            return isOurV6(memory, header + IPV6_DESTINATION_AT) ? WakeUnit.IPV6 : 0;
        }
        return 0;
    }

    /** @param address as a little-endian number, first octet in bits 7:0 */
    private boolean isOurs(int address) {
        int valid = regs.get(IPAV_V4);
        for (int i = 0; i < IP4AT.count() / 2; i++) {
            if ((valid & 1 << i) != 0 && regs.get(IP4AT, 2 * i) == address) {
                return true;
            }
        }
        return false;
    }

    private boolean isOurV6(GuestMemory memory, long address) {
        for (int i = 0; i < IP6AT.count(); i++) {
            if (memory.readInt(address + 4L * i) != regs.get(IP6AT, i)) {
                return false;
            }
        }
        return true;
    }

    private int flexible(GuestMemory memory, long at, int bytes) {
        int events = 0;
        for (int filter = 0; filter < FLEXIBLE_FILTERS; filter++) {
            int length = Math.min(regs.get(FFLT, filter), FLEXIBLE_BYTES);
            if (length != 0 && length <= bytes && compares(memory, at, length, filter)) {
                events |= WakeUnit.FLX0 << filter;
            }
        }
        return events;
    }

    private boolean compares(GuestMemory memory, long at, int length, int filter) {
        for (int i = 0; i < length; i++) {
            int wanted = regs.get(FFVT, i) >>> 8 * filter & 0xFF;
            if ((regs.get(FFMT, i) & 1 << filter) != 0 && (memory.readByte(at + i) & 0xFF) != wanted) {
                return false;
            }
        }
        return true;
    }

    private static int u16(GuestMemory memory, long at) {
        return Short.reverseBytes(memory.readShort(at)) & 0xFFFF;
    }
}
