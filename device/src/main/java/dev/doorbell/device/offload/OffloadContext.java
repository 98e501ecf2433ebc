package dev.doorbell.device.offload;

/**
 * Where the headers of a packet are and which checksums it wants: the context descriptor of the 8254x and 8257x, as two
 * little-endian quadwords. Offsets count from the first byte of the destination address; a VLAN tag that the card is yet
 * to insert does not count. §7.2.6.
 *
 * <pre>
 *        63        48 47      40 39      32 31        16 15       8 7        0
 *  low   [  TUCSE    |  TUCSO   |  TUCSS   |   IPCSE    |  IPCSO   |  IPCSS  ]
 *  high  [   MSS     |  HDRLEN  | RSV  STA |  TUCMD 31:24  DTYP 23:20  PAYLEN 19:0 ]
 * </pre>
 */
public final class OffloadContext {
    private static final int TCP = 1 << 24, IPV4 = 1 << 25, SEGMENTATION = 1 << 26;

    private long low;
    private long high;

    public OffloadContext load(long lowQuadword, long highQuadword) {
        low = lowQuadword;
        high = highQuadword;
        return this;
    }

    /** IPCSS: start of the IP header. */
    public int ipStart() {
        return (int) low & 0xFF;
    }

    /** IPCSO: where the IP checksum goes. */
    public int ipChecksumAt() {
        return (int) (low >>> 8) & 0xFF;
    }

    /** IPCSE: last byte under the IP checksum; 0 is the end of the packet. */
    public int ipEnd() {
        return (int) (low >>> 16) & 0xFFFF;
    }

    /** TUCSS: start of the TCP or UDP header. */
    public int l4Start() {
        return (int) (low >>> 32) & 0xFF;
    }

    /** TUCSO: where the TCP or UDP checksum goes. */
    public int l4ChecksumAt() {
        return (int) (low >>> 40) & 0xFF;
    }

    /** TUCSE: last byte under the TCP or UDP checksum; 0 is the end of the packet. */
    public int l4End() {
        return (int) (low >>> 48) & 0xFFFF;
    }

    /** PAYLEN: bytes behind the prototype header, for segmentation. */
    public int payloadBytes() {
        return (int) high & 0xF_FFFF;
    }

    /** TUCMD.TCP; otherwise UDP. */
    public boolean isTcp() {
        return (high & TCP) != 0;
    }

    /** TUCMD.IP; otherwise IPv6. */
    public boolean isIpv4() {
        return (high & IPV4) != 0;
    }

    /** TUCMD.TSE: the context is one for segmentation. */
    public boolean isSegmentation() {
        return (high & SEGMENTATION) != 0;
    }

    /** HDRLEN: bytes of the prototype header, from the destination address to the end of the TCP or UDP header. */
    public int headerBytes() {
        return (int) (high >>> 40) & 0xFF;
    }

    /** MSS: payload bytes per segment. */
    public int mss() {
        return (int) (high >>> 48) & 0xFFFF;
    }
}
