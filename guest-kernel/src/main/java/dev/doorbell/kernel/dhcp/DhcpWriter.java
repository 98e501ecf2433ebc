package dev.doorbell.kernel.dhcp;

import dev.doorbell.kernel.netdev.NetDevice;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Writes the client's messages, RFC 2131 table 5: which fields and options each of them has. */
final class DhcpWriter {
    private static final int MAX_BYTES = 548, MAX_HOST_NAME = 63, MAX_MESSAGE_BYTES = 1500;

    private static final byte[] WANTED = {
        DhcpOption.SUBNET_MASK,
        DhcpOption.ROUTERS,
        DhcpOption.DNS_SERVERS,
        DhcpOption.DOMAIN_NAME,
        DhcpOption.INTERFACE_MTU,
        DhcpOption.LEASE_TIME,
        DhcpOption.SERVER_ID,
        DhcpOption.RENEWAL_TIME,
        DhcpOption.REBINDING_TIME,
        DhcpOption.CLASSLESS_ROUTES
    };

    private final NetDevice dev;
    private final byte[] hostName;

    DhcpWriter(NetDevice dev, String hostName) {
        this.dev = dev;
        byte[] name = hostName.getBytes(StandardCharsets.US_ASCII);
        this.hostName = Arrays.copyOf(name, Math.min(name.length, MAX_HOST_NAME));
    }

    byte[] discover(int xid, int seconds) {
        ByteBuffer b = begin(xid, seconds, 0, DhcpOption.DISCOVER);
        describeSelf(b);
        return end(b);
    }

    /** @param selecting an offer is taken: names the server; otherwise INIT-REBOOT, which must not */
    byte[] request(int xid, int seconds, DhcpLease wanted, boolean selecting) {
        ByteBuffer b = begin(xid, seconds, 0, DhcpOption.REQUEST);
        address(b, DhcpOption.REQUESTED_ADDRESS, wanted.address());
        if (selecting) {
            address(b, DhcpOption.SERVER_ID, wanted.server());
        }
        describeSelf(b);
        return end(b);
    }

    /** RENEWING and REBINDING: the address is in use, neither it nor the server are options. */
    byte[] extend(int xid, int seconds, DhcpLease held) {
        ByteBuffer b = begin(xid, seconds, held.address(), DhcpOption.REQUEST);
        describeSelf(b);
        return end(b);
    }

    byte[] decline(int xid, DhcpLease refused) {
        ByteBuffer b = begin(xid, 0, 0, DhcpOption.DECLINE);
        address(b, DhcpOption.REQUESTED_ADDRESS, refused.address());
        address(b, DhcpOption.SERVER_ID, refused.server());
        return end(b);
    }

    byte[] release(int xid, DhcpLease held) {
        ByteBuffer b = begin(xid, 0, held.address(), DhcpOption.RELEASE);
        address(b, DhcpOption.SERVER_ID, held.server());
        return end(b);
    }

    private ByteBuffer begin(int xid, int seconds, int ownAddress, int type) {
        ByteBuffer b = ByteBuffer.allocate(MAX_BYTES);
        b.put((byte) DhcpMessage.BOOT_REQUEST).put((byte) DhcpMessage.ETHERNET);
        b.put((byte) DhcpMessage.MAC_BYTES).put((byte) 0);
        b.putInt(DhcpMessage.XID, xid);
        b.putShort(DhcpMessage.SECS, (short) seconds);
        b.putInt(DhcpMessage.CIADDR, ownAddress);
        putMac(b, DhcpMessage.CHADDR);
        b.putInt(DhcpMessage.COOKIE_AT, DhcpMessage.COOKIE);
        b.position(DhcpMessage.OPTIONS);
        b.put((byte) DhcpOption.MESSAGE_TYPE).put((byte) 1).put((byte) type);
        int id = b.position() + 3;
        b.put((byte) DhcpOption.CLIENT_ID)
                .put((byte) (1 + DhcpMessage.MAC_BYTES))
                .put((byte) DhcpMessage.ETHERNET);
        putMac(b, id);
        b.position(id + DhcpMessage.MAC_BYTES);
        return b;
    }

    private void putMac(ByteBuffer b, int at) {
        b.putShort(at, (short) (dev.devAddr() >>> 32));
        b.putInt(at + 2, (int) dev.devAddr());
    }

    private static void address(ByteBuffer b, int option, int address) {
        b.put((byte) option).put((byte) 4).putInt(address);
    }

    private void describeSelf(ByteBuffer b) {
        b.put((byte) DhcpOption.MAX_MESSAGE_SIZE).put((byte) 2).putShort((short) MAX_MESSAGE_BYTES);
        b.put((byte) DhcpOption.PARAMETER_LIST).put((byte) WANTED.length).put(WANTED);
        if (hostName.length > 0) {
            b.put((byte) DhcpOption.HOST_NAME).put((byte) hostName.length).put(hostName);
        }
    }

    private static byte[] end(ByteBuffer b) {
        b.put((byte) DhcpOption.END);
        return Arrays.copyOf(b.array(), b.position());
    }
}
