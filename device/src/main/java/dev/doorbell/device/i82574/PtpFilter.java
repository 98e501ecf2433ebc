package dev.doorbell.device.i82574;

import static dev.doorbell.device.i82574.MacRegisters.*;

import dev.doorbell.bus.mem.GuestMemory;
import dev.doorbell.bus.reg.RegisterFile;
import dev.doorbell.bus.wire.IpProtocol;
import dev.doorbell.bus.wire.UdpHeader;
import dev.doorbell.device.offload.PacketParser;

/**
 * Which received frames TSYNCRXCTL.TYPE has stamped: messages of the Precision Time Protocol, version 1 (IEEE 1588-2002)
 * or 2 (IEEE 1588-2008 §13.3), by RXMTRL and RXUDP; or all.
 *
 * <pre>
 *  version 2   0 type 3:0   1 version 3:0   20 source port identity (10)   30 sequence
 *  version 1   22 source UUID (6)   30 sequence   32 control
 * </pre>
 */
final class PtpFilter {
    private static final int L2_V2 = 0, L4_V1 = 1, L2_L4_V2 = 2, ALL = 4, EVENT_V2 = 5;
    private static final int VERSION_AT = 1, SOURCE_AT = 22, SEQUENCE_AT = 30, CONTROL_AT = 32;
    /** Up to the sequence number, and to the control field. */
    private static final int V2_BYTES = 32, V1_BYTES = 33;
    /** Message types from here on are general ones, that nobody needs a time for. */
    private static final int FIRST_GENERAL = 8;

    private final RegisterFile regs;

    PtpFilter(RegisterFile regs) {
        this.regs = regs;
    }

    /**
     * Also notes the message's source and sequence number in RXSATR when it is to be stamped.
     *
     * @param at of the frame in {@code memory}, {@code bytes} long without FCS
     */
    boolean selects(PacketParser packet, GuestMemory memory, long at, int bytes) {
        int type = regs.get(TSYNCRXCTL_TYPE);
        boolean udp = isPtpOverUdp(packet);
        boolean ethernet = !udp && isPtpOverEthernet(packet, memory, at);
        long message = at + (udp ? packet.transportOffset() + UdpHeader.LENGTH : packet.networkOffset());
        int length = (int) (at + bytes - message);
        boolean selected =
                switch (type) {
                    case L2_V2 -> ethernet && isVersion2(memory, message, length) && isWanted(memory, message);
                    case L4_V1 ->
                        udp
                                && length >= V1_BYTES
                                && u8(memory, message + VERSION_AT) == 1
                                && u8(memory, message + CONTROL_AT) == regs.get(RXMTRL_CONTROL);
                    case L2_L4_V2 ->
                        (udp || ethernet) && isVersion2(memory, message, length) && isWanted(memory, message);
                    case EVENT_V2 ->
                        (udp || ethernet)
                                && isVersion2(memory, message, length)
                                && messageType(memory, message) < FIRST_GENERAL;
                    default -> type == ALL;
                };
        if (selected) {
            attributes((udp || ethernet) && length >= V2_BYTES, memory, message);
        }
        return selected;
    }

    private void attributes(boolean known, GuestMemory memory, long message) {
        regs.set(RXSATRL, known ? memory.readInt(message + SOURCE_AT) : 0);
        int rest = known ? memory.readShort(message + SOURCE_AT + 4) & 0xFFFF : 0;
        int sequence = known ? Short.reverseBytes(memory.readShort(message + SEQUENCE_AT)) & 0xFFFF : 0;
        regs.set(RXSATRH, sequence << 16 | rest);
    }

    private boolean isPtpOverUdp(PacketParser packet) {
        return packet.transport() == IpProtocol.UDP
                && Short.reverseBytes((short) packet.udp().destinationPort()) == (short) regs.get(RXUDP);
    }

    private boolean isPtpOverEthernet(PacketParser packet, GuestMemory memory, long at) {
        int etherType = Short.reverseBytes(memory.readShort(at + packet.networkOffset() - 2)) & 0xFFFF;
        return packet.ipVersion() == 0 && etherType == regs.get(RXMTRL_ETHERTYPE);
    }

    private static boolean isVersion2(GuestMemory memory, long message, int length) {
        return length >= V2_BYTES && (u8(memory, message + VERSION_AT) & 0xF) == 2;
    }

    private boolean isWanted(GuestMemory memory, long message) {
        return messageType(memory, message) == (regs.get(RXMTRL_MESSAGE) & 0xF);
    }

    private static int messageType(GuestMemory memory, long message) {
        return u8(memory, message) & 0xF;
    }

    private static int u8(GuestMemory memory, long at) {
        return memory.readByte(at) & 0xFF;
    }
}
