package dev.doorbell.bus.wire;

/**
 * IEEE 802.1Q tag from behind the TPID on: tag control information and the type of what follows. Wrap it 14 bytes into
 * the frame, where the Ethernet header's type is {@link EtherType#VLAN}.
 */
public final class VlanTag extends HeaderView<VlanTag> {
    public static final int LENGTH = 4;
    private static final int TCI = 0, ETHER_TYPE = 2;

    public boolean isValid() {
        return available >= LENGTH;
    }

    /** Priority (15:13), drop eligible (12), identifier (11:0). */
    public int tci() {
        return u16(TCI);
    }

    public VlanTag tci(int tci) {
        u16(TCI, tci);
        return this;
    }

    public int identifier() {
        return u16(TCI) & 0xFFF;
    }

    public VlanTag identifier(int identifier) {
        u16(TCI, u16(TCI) & 0xF000 | identifier & 0xFFF);
        return this;
    }

    public int priority() {
        return u16(TCI) >>> 13;
    }

    public VlanTag priority(int priority) {
        u16(TCI, u16(TCI) & 0x1FFF | priority << 13);
        return this;
    }

    public boolean isDropEligible() {
        return (u16(TCI) & 0x1000) != 0;
    }

    public int etherType() {
        return u16(ETHER_TYPE);
    }

    public VlanTag etherType(int type) {
        u16(ETHER_TYPE, type);
        return this;
    }
}
