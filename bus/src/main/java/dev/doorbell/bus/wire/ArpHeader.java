package dev.doorbell.bus.wire;

/** ARP packet for IPv4 over Ethernet, RFC 826. */
public final class ArpHeader extends HeaderView<ArpHeader> {
    public static final int LENGTH = 28;
    public static final int REQUEST = 1, REPLY = 2;
    public static final int HARDWARE_ETHERNET = 1;
    private static final int HARDWARE_TYPE = 0,
            PROTOCOL_TYPE = 2,
            HARDWARE_LENGTH = 4,
            PROTOCOL_LENGTH = 5,
            OPERATION = 6,
            SENDER_MAC = 8,
            SENDER_IP = 14,
            TARGET_MAC = 18,
            TARGET_IP = 24;

    /** True for Ethernet and IPv4 with their address lengths, and long enough. */
    public boolean isValid() {
        return available >= LENGTH
                && hardwareType() == HARDWARE_ETHERNET
                && protocolType() == EtherType.IPV4
                && u8(HARDWARE_LENGTH) == 6
                && u8(PROTOCOL_LENGTH) == 4;
    }

    /** Writes the four constant fields that {@link #isValid()} asks for. */
    public ArpHeader ethernetIpv4() {
        u16(HARDWARE_TYPE, HARDWARE_ETHERNET);
        u16(PROTOCOL_TYPE, EtherType.IPV4);
        u8(HARDWARE_LENGTH, 6);
        u8(PROTOCOL_LENGTH, 4);
        return this;
    }

    public int hardwareType() {
        return u16(HARDWARE_TYPE);
    }

    public int protocolType() {
        return u16(PROTOCOL_TYPE);
    }

    /** {@link #REQUEST} or {@link #REPLY}. */
    public int operation() {
        return u16(OPERATION);
    }

    public ArpHeader operation(int operation) {
        u16(OPERATION, operation);
        return this;
    }

    public long senderMac() {
        return mac(SENDER_MAC);
    }

    public ArpHeader senderMac(long mac) {
        mac(SENDER_MAC, mac);
        return this;
    }

    public int senderIp() {
        return i32(SENDER_IP);
    }

    public ArpHeader senderIp(int address) {
        i32(SENDER_IP, address);
        return this;
    }

    public long targetMac() {
        return mac(TARGET_MAC);
    }

    public ArpHeader targetMac(long mac) {
        mac(TARGET_MAC, mac);
        return this;
    }

    public int targetIp() {
        return i32(TARGET_IP);
    }

    public ArpHeader targetIp(int address) {
        i32(TARGET_IP, address);
        return this;
    }
}
