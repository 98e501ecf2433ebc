package dev.doorbell.kernel.dhcp;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A message of a server, RFC 2131 section 2, read with suspicion: a length that does not fit spoils all of it.
 *
 * <pre>
 *  0 op  1 htype  2 hlen  3 hops  4 xid  8 secs  10 flags  12 ciaddr  16 yiaddr  20 siaddr  24 giaddr
 * 28 chaddr (16)  44 sname (64)  108 file (128)  236 magic cookie  240 options
 * </pre>
 */
final class DhcpMessage {
    static final int OP = 0, XID = 4, SECS = 8, FLAGS = 10, CIADDR = 12, YIADDR = 16, CHADDR = 28;
    static final int SNAME = 44, FILE = 108, COOKIE_AT = 236, OPTIONS = 240;
    static final int COOKIE = 0x6382_5363;
    static final int BOOT_REQUEST = 1, BOOT_REPLY = 2, ETHERNET = 1, MAC_BYTES = 6;
    private static final int OVERLOAD_FILE = 1, OVERLOAD_SNAME = 2;

    private final int xid;
    private final int yourAddress;
    private final long hardwareAddress;
    private final Map<Integer, byte[]> options;

    private DhcpMessage(ByteBuffer bytes, Map<Integer, byte[]> options) {
        this.xid = bytes.getInt(XID);
        this.yourAddress = bytes.getInt(YIADDR);
        this.hardwareAddress = (bytes.getShort(CHADDR) & 0xFFFFL) << 32 | bytes.getInt(CHADDR + 2) & 0xFFFF_FFFFL;
        this.options = options;
    }

    /** @return null when it is no well-formed answer of a server */
    static @Nullable DhcpMessage parse(byte[] payload) {
        if (payload.length < OPTIONS) {
            return null;
        }
        ByteBuffer bytes = ByteBuffer.wrap(payload);
        if (payload[OP] != BOOT_REPLY
                || payload[1] != ETHERNET
                || payload[2] != MAC_BYTES
                || bytes.getInt(COOKIE_AT) != COOKIE) {
            return null;
        }
        Map<Integer, ByteArrayOutputStream> found = new HashMap<>();
        if (!collect(payload, OPTIONS, payload.length, found)) {
            return null;
        }
        ByteArrayOutputStream overload = found.remove(DhcpOption.OVERLOAD);
        if (overload != null) {
            int where = overload.size() == 1 ? overload.toByteArray()[0] & 0xFF : 0;
            boolean ok = where >= OVERLOAD_FILE
                    && where <= (OVERLOAD_FILE | OVERLOAD_SNAME)
                    && ((where & OVERLOAD_FILE) == 0 || collect(payload, FILE, COOKIE_AT, found))
                    && ((where & OVERLOAD_SNAME) == 0 || collect(payload, SNAME, FILE, found));
            if (!ok) {
                return null;
            }
        }
        Map<Integer, byte[]> options = new HashMap<>();
        found.forEach((code, value) -> options.put(code, value.toByteArray()));
        return new DhcpMessage(bytes, options);
    }

    /** Pieces of the same option belong together, RFC 3396. */
    private static boolean collect(byte[] bytes, int from, int to, Map<Integer, ByteArrayOutputStream> into) {
        int at = from;
        while (at < to) {
            int code = bytes[at++] & 0xFF;
            if (code == DhcpOption.PAD) {
                continue;
            }
            if (code == DhcpOption.END) {
                return true;
            }
            if (at >= to || at + 1 + (bytes[at] & 0xFF) > to) {
                return false;
            }
            int length = bytes[at++] & 0xFF;
            into.computeIfAbsent(code, ignored -> new ByteArrayOutputStream()).write(bytes, at, length);
            at += length;
        }
        // Some servers leave END out where the field is full.
        return true;
    }

    int xid() {
        return xid;
    }

    /** yiaddr: the address that is offered or confirmed. */
    int yourAddress() {
        return yourAddress;
    }

    long hardwareAddress() {
        return hardwareAddress;
    }

    /** OFFER, ACK, NAK; 0 when there is none, or it is malformed. */
    int type() {
        byte[] type = options.get(DhcpOption.MESSAGE_TYPE);
        return type == null || type.length != 1 ? 0 : type[0] & 0xFF;
    }

    /** The bytes of an option; null when it is not there. */
    byte @Nullable [] option(int code) {
        return options.get(code);
    }

    /** An option of exactly four bytes; {@code otherwise} when it is not there or of another length. */
    int i32(int code, int otherwise) {
        byte[] value = options.get(code);
        return value == null || value.length != 4
                ? otherwise
                : ByteBuffer.wrap(value).getInt();
    }
}
