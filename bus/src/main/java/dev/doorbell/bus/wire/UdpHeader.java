package dev.doorbell.bus.wire;

/** UDP header, RFC 768. */
public final class UdpHeader extends HeaderView<UdpHeader> {
    public static final int LENGTH = 8;

    /** Where the checksum is, for checksum offload. */
    public static final int CHECKSUM_OFFSET = 6;

    private static final int SOURCE_PORT = 0, DESTINATION_PORT = 2, UDP_LENGTH = 4;

    public boolean isValid() {
        return available >= LENGTH && length() >= LENGTH && length() <= available;
    }

    public int sourcePort() {
        return u16(SOURCE_PORT);
    }

    public UdpHeader sourcePort(int port) {
        u16(SOURCE_PORT, port);
        return this;
    }

    public int destinationPort() {
        return u16(DESTINATION_PORT);
    }

    public UdpHeader destinationPort(int port) {
        u16(DESTINATION_PORT, port);
        return this;
    }

    /** Header and data. */
    public int length() {
        return u16(UDP_LENGTH);
    }

    public UdpHeader length(int bytes) {
        u16(UDP_LENGTH, bytes);
        return this;
    }

    /** 0 means that the sender computed none (IPv4 only). */
    public int checksum() {
        return u16(CHECKSUM_OFFSET);
    }

    public UdpHeader checksum(int checksum) {
        u16(CHECKSUM_OFFSET, checksum);
        return this;
    }
}
