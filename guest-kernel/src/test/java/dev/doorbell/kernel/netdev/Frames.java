package dev.doorbell.kernel.netdev;

import dev.doorbell.bus.mem.GuestMemory;
import dev.doorbell.bus.wire.EtherType;
import dev.doorbell.bus.wire.EthernetHeader;
import dev.doorbell.bus.wire.InternetChecksum;
import dev.doorbell.bus.wire.IpProtocol;
import dev.doorbell.bus.wire.Ipv4Header;
import dev.doorbell.bus.wire.TcpHeader;
import dev.doorbell.kernel.TestKernel;
import dev.doorbell.kernel.skb.SkBuff;

/** Builds TCP/IPv4 frames for tests: 10.0.0.2:80 to 10.0.0.1:1000, payload byte n of the stream is n. */
final class Frames {
    static final long US = 0x02_00_00_00_00_01L, PEER = 0x02_00_00_00_00_02L;
    static final int TCP_BYTES = 32;
    static final int HEADERS = 14 + 20 + TCP_BYTES;

    int id = 100;
    boolean dontFragment = true;
    int ttl = 64;
    int tos;
    int ack = 7000;
    int timestamp = 1;
    int port = 80;
    int padding;

    private final TestKernel kernel;

    Frames(TestKernel kernel) {
        this.kernel = kernel;
    }

    /** Data at the Ethernet header, checksums right. */
    SkBuff frame(int sequence, int payload, int flags) {
        SkBuff skb = kernel.alloc(66, HEADERS + payload + padding);
        GuestMemory ram = kernel.ram;
        long at = skb.put(HEADERS + payload + padding);
        new EthernetHeader().wrap(ram, at, 14).destination(US).source(PEER).etherType(EtherType.IPV4);
        new Ipv4Header()
                .wrap(ram, at + 14, 20)
                .headerLength(20)
                .tos(tos)
                .totalLength(20 + TCP_BYTES + payload)
                .identification(id++)
                .flagsAndFragmentOffset(dontFragment ? Ipv4Header.DONT_FRAGMENT : 0)
                .ttl(ttl)
                .protocol(IpProtocol.TCP)
                .source(0x0A00_0002)
                .destination(0x0A00_0001)
                .updateChecksum();
        TcpHeader tcp = new TcpHeader().wrap(ram, at + 34, TCP_BYTES);
        tcp.sourcePort(port)
                .destinationPort(1000)
                .sequence(sequence)
                .acknowledgment(ack)
                .headerLengthAndFlags(TCP_BYTES, flags)
                .window(500)
                .urgentPointer(0)
                .checksum(0);
        tcp.putTimestamps(20, timestamp, 9);
        for (int i = 0; i < payload; i++) {
            ram.writeByte(at + HEADERS + i, sequence + i);
        }
        ram.fill(at + HEADERS + payload, padding, 0);
        long pseudo = InternetChecksum.pseudoHeader(0x0A00_0002, 0x0A00_0001, 6, TCP_BYTES + payload);
        tcp.checksum(InternetChecksum.fold(InternetChecksum.sum(ram, at + 34, TCP_BYTES + payload, pseudo)));
        return skb;
    }
}
