package dev.doorbell.bus.wire;

/** Ethernet II header. A MAC address is a long: 48 bits, first octet on the wire in bits 47:40. */
public final class EthernetHeader extends HeaderView<EthernetHeader> {
    public static final int LENGTH = 14;
    private static final int DESTINATION = 0, SOURCE = 6, ETHER_TYPE = 12;

    public boolean isValid() {
        return available >= LENGTH;
    }

    public long destination() {
        return mac(DESTINATION);
    }

    public long source() {
        return mac(SOURCE);
    }

    public int etherType() {
        return u16(ETHER_TYPE);
    }

    private long mac(int offset) {
        return (long) u16(offset) << 32 | i32(offset + 2) & 0xFFFF_FFFFL;
    }
}
