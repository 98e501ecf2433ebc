package dev.doorbell.bus.wire;

import dev.doorbell.bus.mem.GuestMemory;

/**
 * Finds the transport header behind a chain of extension headers, without acting on them: for errors about packets, and
 * for what must be complete in a first fragment. One instance per user: it holds the result.
 */
public final class ExtensionHeaders {
    /** Result: the chain does not end within the bytes that are there. */
    public static final int INCOMPLETE = -1;

    private static final int FRAGMENT_BYTES = 8, AUTHENTICATION = 51;
    private static final int NEXT_HEADER_AT = 6;

    private int protocol;
    private boolean laterFragment, fragment;
    private int fragmentOffset;

    /** Protocol number of the last {@link #skip}. */
    public int protocol() {
        return protocol;
    }

    /** The last {@link #skip} met a fragment header with an offset: what follows is no header. */
    public boolean isLaterFragment() {
        return laterFragment;
    }

    /** The last {@link #skip} met a fragment header of a datagram that was cut. */
    public boolean isFragment() {
        return fragment;
    }

    /** Where in the datagram's payload the fragment of the last {@link #skip} begins, bytes. */
    public int fragmentOffset() {
        return fragmentOffset;
    }

    /**
     * @param packet where the IPv6 header begins
     * @param bytes that are readable from there
     * @return bytes in front of the transport header, or INCOMPLETE
     */
    public int skip(GuestMemory memory, long packet, int bytes) {
        if (bytes < Ipv6Header.LENGTH) {
            return INCOMPLETE;
        }
        return skip(memory, packet, Ipv6Header.LENGTH, bytes, memory.readByte(packet + NEXT_HEADER_AT) & 0xFF);
    }

    /** As above, from the middle of a chain on. */
    public int skip(GuestMemory memory, long packet, int offset, int bytes, int nextHeader) {
        laterFragment = false;
        fragment = false;
        fragmentOffset = 0;
        int at = offset;
        int next = nextHeader;
        while (isExtension(next)) {
            if (at + FRAGMENT_BYTES > bytes) {
                return INCOMPLETE;
            }
            int units = memory.readByte(packet + at + 1) & 0xFF;
            int length = next == IpProtocol.IPV6_FRAGMENT
                    ? FRAGMENT_BYTES
                    : next == AUTHENTICATION ? (units + 2) * 4 : (units + 1) * 8;
            if (next == IpProtocol.IPV6_FRAGMENT) {
                int field = Short.reverseBytes(memory.readShort(packet + at + 2)) & 0xFFFF;
                fragmentOffset = field & 0xFFF8;
                laterFragment |= fragmentOffset != 0;
                fragment |= (field & 0xFFF9) != 0;
            }
            next = memory.readByte(packet + at) & 0xFF;
            at += length;
            if (laterFragment) {
                break;
            }
        }
        protocol = next;
        return at > bytes ? INCOMPLETE : at;
    }

    public static boolean isExtension(int nextHeader) {
        return switch (nextHeader) {
            case IpProtocol.HOP_BY_HOP,
                    IpProtocol.IPV6_ROUTING,
                    IpProtocol.IPV6_FRAGMENT,
                    IpProtocol.DESTINATION_OPTIONS,
                    AUTHENTICATION -> true;
            default -> false;
        };
    }
}
