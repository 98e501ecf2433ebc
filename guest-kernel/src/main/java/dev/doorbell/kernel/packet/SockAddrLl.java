package dev.doorbell.kernel.packet;

import dev.doorbell.bus.wire.MacAddress;
import dev.doorbell.kernel.socket.SockAddr;
import dev.doorbell.kernel.socket.SocketConstants;

/** Address of a packet socket: struct sockaddr_ll. */
public final class SockAddrLl extends SockAddr {
    private int protocol;
    private int interfaceIndex;
    private int packetType;
    private long mac;

    /** To be filled in. */
    public SockAddrLl() {}

    /**
     * For bind.
     *
     * @param protocol Ethertype in host order; 0: the socket's
     * @param interfaceIndex 0: all
     */
    public SockAddrLl(int protocol, int interfaceIndex) {
        set(protocol, interfaceIndex, 0, 0);
    }

    /** For sending with SOCK_DGRAM: the Ethernet header is made of this. */
    public SockAddrLl(int protocol, int interfaceIndex, long mac) {
        set(protocol, interfaceIndex, 0, mac);
    }

    SockAddrLl set(int newProtocol, int newInterface, int newPacketType, long newMac) {
        protocol = newProtocol;
        interfaceIndex = newInterface;
        packetType = newPacketType;
        mac = newMac;
        return this;
    }

    @Override
    public int family() {
        return SocketConstants.AF_PACKET;
    }

    /** Ethertype, host order. */
    public int protocol() {
        return protocol;
    }

    public int interfaceIndex() {
        return interfaceIndex;
    }

    /** PACKET_HOST, PACKET_BROADCAST, ... of a received frame. */
    public int packetType() {
        return packetType;
    }

    /** The other station. */
    public long mac() {
        return mac;
    }

    @Override
    public String toString() {
        return "if" + interfaceIndex + " 0x" + Integer.toHexString(protocol) + " " + MacAddress.format(mac);
    }
}
