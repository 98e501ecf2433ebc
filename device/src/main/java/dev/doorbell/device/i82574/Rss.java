package dev.doorbell.device.i82574;

import static dev.doorbell.device.i82574.MacRegisters.*;

import dev.doorbell.bus.mem.GuestMemory;
import dev.doorbell.bus.reg.RegisterFile;
import dev.doorbell.bus.wire.IpProtocol;
import dev.doorbell.device.offload.PacketParser;
import dev.doorbell.device.offload.Toeplitz;

/**
 * Receive-side scaling, §7.1.10: chooses what of a packet is hashed, and by the hash one of two queues. Works only with
 * MRQC enabled, RXCSUM.PCSD and RFCTL.EXSTEN set: otherwise the hash could not be reported.
 */
final class Rss {
    static final int TYPE_NONE = 0,
            TYPE_TCP_IPV4 = 1,
            TYPE_IPV4 = 2,
            TYPE_TCP_IPV6 = 3,
            TYPE_IPV6_EX = 4,
            TYPE_IPV6 = 5;

    private static final int ENABLED = 1;
    private static final int IPV4_SOURCE = 12, IPV6_SOURCE = 8, IPV6_DESTINATION = 24;

    private final RegisterFile regs;
    private final Toeplitz toeplitz = new Toeplitz();
    private final byte[] key = new byte[Toeplitz.KEY_BYTES];
    private boolean keyChanged = true;

    private int type;
    private int hash;
    private int queue;

    Rss(RegisterFile regs) {
        this.regs = regs;
        regs.onWrite(RSSRK, written -> keyChanged = true);
    }

    /** The key registers went back to their defaults. */
    void reset() {
        keyChanged = true;
    }

    /** Results in {@link #type}, {@link #hash} and {@link #queue}; 0 each when RSS is off or nothing was hashed. */
    void classify(PacketParser packet, GuestMemory memory, long at) {
        type = TYPE_NONE;
        hash = 0;
        queue = 0;
        if (!isEnabled()) {
            return;
        }
        type = select(packet);
        if (type == TYPE_NONE) {
            return;
        }
        if (keyChanged) {
            loadKey();
        }
        hash = hash(packet, memory, at);
        int entry = hash & 0x7F;
        queue = regs.get(RETA, entry >>> 2) >>> (entry & 3) * 8 + 7 & 1;
    }

    int type() {
        return type;
    }

    int hash() {
        return hash;
    }

    int queue() {
        return queue;
    }

    private boolean isEnabled() {
        return regs.get(MRQC_ENABLE) == ENABLED && regs.isSet(RXCSUM_PCSD) && regs.isSet(RFCTL_EXSTEN);
    }

    private int select(PacketParser packet) {
        boolean tcp = packet.transport() == IpProtocol.TCP;
        if (packet.ipVersion() == 4) {
            if (tcp && regs.isSet(MRQC_TCP_IPV4)) {
                return TYPE_TCP_IPV4;
            }
            return regs.isSet(MRQC_IPV4) ? TYPE_IPV4 : TYPE_NONE;
        }
        if (packet.ipVersion() != 6) {
            return TYPE_NONE;
        }
        boolean extended = allowsExtended(packet);
        if (tcp && extended && regs.isSet(MRQC_TCP_IPV6_EX)) {
            return TYPE_TCP_IPV6;
        }
        if (extended && regs.isSet(MRQC_IPV6_EX)) {
            return TYPE_IPV6_EX;
        }
        return regs.isSet(MRQC_IPV6) ? TYPE_IPV6 : TYPE_NONE;
    }

    private boolean allowsExtended(PacketParser packet) {
        boolean replaces = packet.homeAddressOffset() != 0 || packet.routingAddressOffset() != 0;
        return !(packet.hasExtensions() && regs.isSet(RFCTL_IPV6_EX_DIS))
                && !(replaces && regs.isSet(RFCTL_NEW_IPV6_EXT_DIS));
    }

    private int hash(PacketParser packet, GuestMemory memory, long at) {
        long ip = at + packet.networkOffset();
        if (packet.ipVersion() == 4) {
            int addresses = toeplitz.add(0, 0, memory, ip + IPV4_SOURCE, 8);
            return type == TYPE_TCP_IPV4
                    ? toeplitz.add(addresses, 8, memory, at + packet.transportOffset(), 4)
                    : addresses;
        }
        long source = ip + IPV6_SOURCE;
        long destination = ip + IPV6_DESTINATION;
        if (type != TYPE_IPV6) {
            if (packet.homeAddressOffset() != 0) source = at + packet.homeAddressOffset();
            if (packet.routingAddressOffset() != 0) destination = at + packet.routingAddressOffset();
        }
        int addresses = toeplitz.add(toeplitz.add(0, 0, memory, source, 16), 16, memory, destination, 16);
        return type == TYPE_TCP_IPV6
                ? toeplitz.add(addresses, 32, memory, at + packet.transportOffset(), 4)
                : addresses;
    }

    private void loadKey() {
        for (int i = 0; i < key.length; i++) {
            key[i] = (byte) (regs.get(RSSRK, i >>> 2) >>> (i & 3) * 8);
        }
        toeplitz.key(key);
        keyChanged = false;
    }
}
