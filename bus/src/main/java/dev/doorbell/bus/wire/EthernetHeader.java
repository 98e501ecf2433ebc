package dev.doorbell.bus.wire;

/**
 * Ethernet II header, IEEE 802.3 §3.1.1. A MAC address is a long: 48 bits, first octet on the wire in bits 47:40.
 *
 * <pre>
 *   0        6        12     14
 *   | destination | source | type/length | payload ...
 * </pre>
 */
public final class EthernetHeader extends HeaderView<EthernetHeader> {
    public static final int LENGTH = 14;
    private static final int DESTINATION = 0, SOURCE = 6, ETHER_TYPE = 12;

    public boolean isValid() {
        return available >= LENGTH;
    }

    public long destination() {
        return mac(DESTINATION);
    }

    public EthernetHeader destination(long mac) {
        mac(DESTINATION, mac);
        return this;
    }

    public long source() {
        return mac(SOURCE);
    }

    public EthernetHeader source(long mac) {
        mac(SOURCE, mac);
        return this;
    }

    /** {@link EtherType}, or below 0x600 the length of an 802.3 frame. */
    public int etherType() {
        return u16(ETHER_TYPE);
    }

    public EthernetHeader etherType(int type) {
        u16(ETHER_TYPE, type);
        return this;
    }

    /** True for group addresses, broadcast included. */
    public boolean isMulticast() {
        return (u8(DESTINATION) & 1) != 0;
    }
}
