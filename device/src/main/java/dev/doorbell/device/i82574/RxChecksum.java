package dev.doorbell.device.i82574;

import static dev.doorbell.device.i82574.MacRegisters.*;
import static dev.doorbell.device.i82574.RxStatus.IPCS;
import static dev.doorbell.device.i82574.RxStatus.IPE;
import static dev.doorbell.device.i82574.RxStatus.IXSM;
import static dev.doorbell.device.i82574.RxStatus.TCPCS;
import static dev.doorbell.device.i82574.RxStatus.TCPE;
import static dev.doorbell.device.i82574.RxStatus.UDPCS;

import dev.doorbell.bus.mem.GuestMemory;
import dev.doorbell.bus.reg.RegisterFile;
import dev.doorbell.bus.wire.InternetChecksum;
import dev.doorbell.bus.wire.IpProtocol;
import dev.doorbell.bus.wire.Ipv6Header;
import dev.doorbell.device.offload.PacketParser;

/**
 * The receive checksum verdict, §7.1.11. A bit is set only for what was really checked: a false TCPCS on a bad packet
 * would be data corruption, so in doubt the bits stay clear.
 */
final class RxChecksum {
    private final RegisterFile regs;

    RxChecksum(RegisterFile regs) {
        this.regs = regs;
    }

    /**
     * @param packet parsed from {@code memory} at {@code at}
     * @param ipVouched the link checked the IP checksum: it is not summed again
     * @param transportVouched the same of TCP and UDP; also when the card has just completed it
     * @return status bits; IXSM alone when nothing was checked
     */
    int verdict(PacketParser packet, GuestMemory memory, long at, boolean ipVouched, boolean transportVouched) {
        int rxcsum = regs.get(RXCSUM);
        int status = 0;
        if (packet.ipVersion() == 4 && RXCSUM_IPOFL.isSet(rxcsum)) {
            status = ipVouched || packet.ipv4().isChecksumValid() ? IPCS : IPCS | IPE;
        }
        if (packet.transport() != 0 && RXCSUM_TUOFL.isSet(rxcsum) && !isIpv6Excluded(packet)) {
            status |= transportVerdict(packet, memory, at, transportVouched);
        }
        return status == 0 ? IXSM : status;
    }

    private boolean isIpv6Excluded(PacketParser packet) {
        return packet.ipVersion() == 6 && (regs.isSet(RFCTL_IPV6_XSUM_DIS) || regs.isSet(RFCTL_IPV6_DIS));
    }

    private static int transportVerdict(PacketParser packet, GuestMemory memory, long at, boolean vouched) {
        int checked = TCPCS;
        if (packet.transport() == IpProtocol.UDP) {
            if (packet.udp().checksum() == 0) {
                return 0;
            }
            checked |= UDPCS;
        }
        if (vouched) {
            return checked;
        }
        // A routing header or home address would change the pseudo header: leave such packets to software.
        if (packet.routingAddressOffset() != 0 || packet.homeAddressOffset() != 0) {
            return 0;
        }
        long sum = InternetChecksum.sum(
                memory, at + packet.transportOffset(), packet.transportBytes(), pseudoHeader(packet));
        return InternetChecksum.fold(sum) == 0 ? checked : checked | TCPE;
    }

    private static long pseudoHeader(PacketParser packet) {
        if (packet.ipVersion() == 4) {
            return InternetChecksum.pseudoHeader(
                    packet.ipv4().source(), packet.ipv4().destination(), packet.transport(), packet.transportBytes());
        }
        Ipv6Header ip = packet.ipv6();
        return InternetChecksum.pseudoHeaderV6(
                ip.sourceHigh(),
                ip.sourceLow(),
                ip.destinationHigh(),
                ip.destinationLow(),
                packet.transport(),
                packet.transportBytes());
    }
}
