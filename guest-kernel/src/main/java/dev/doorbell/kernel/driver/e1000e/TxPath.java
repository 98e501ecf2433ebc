package dev.doorbell.kernel.driver.e1000e;

import static dev.doorbell.kernel.driver.e1000e.Descriptors.*;

import dev.doorbell.bus.wire.InternetChecksum;
import dev.doorbell.bus.wire.IpProtocol;
import dev.doorbell.bus.wire.Ipv4Header;
import dev.doorbell.bus.wire.Ipv6Header;
import dev.doorbell.bus.wire.TcpHeader;
import dev.doorbell.kernel.netdev.NetDevice;
import dev.doorbell.kernel.netdev.NetdevTx;
import dev.doorbell.kernel.skb.DropReason;
import dev.doorbell.kernel.skb.SkBuff;

/** A packet's way onto the transmit ring, e1000_xmit_frame: offload context, data descriptors, doorbell. */
final class TxPath {
    /** Shorter frames hang the card. */
    private static final int MIN_FRAME = 17;
    /** Context, gap, and one for the last fragment's odd piece. */
    private static final int RESERVED = 4;

    private static final int TSO_FAILED = -1;

    private final NetDevice netdev;
    private final SoftStats soft;
    private final Ipv4Header ip = new Ipv4Header();
    private final Ipv6Header ip6 = new Ipv6Header();
    private final TcpHeader tcp = new TcpHeader();

    private final TxRing ring;
    private int fifoLimit = 8096;
    private int command = TXD_CMD_EOP | TXD_CMD_IFCS | TXD_CMD_RS;

    TxPath(NetDevice netdev, TxRing ring, SoftStats soft) {
        this.netdev = netdev;
        this.ring = ring;
        this.soft = soft;
    }

    /** Bytes that one descriptor may carry: what the transmit half of the FIFO holds with room to spare. */
    void fifoLimit(int bytes) {
        fifoLimit = bytes;
    }

    /** IDE: completion interrupts wait for TIDV. */
    void delayInterrupts(boolean on) {
        command = TXD_CMD_EOP | TXD_CMD_IFCS | TXD_CMD_RS | (on ? TXD_CMD_IDE : 0);
    }

    /** @param running false while the adapter is down: everything is dropped */
    NetdevTx xmit(SkBuff skb, boolean running) {
        if (!running) {
            skb.drop(DropReason.DEV_DOWN);
            return NetdevTx.OK;
        }
        if (skb.length() == 0 || !makeSendable(skb)) {
            return dropped(skb, DropReason.NOMEM);
        }
        if (!hasRoom(descriptorsFor(skb) + 2)) {
            return NetdevTx.BUSY;
        }
        int headerBytes = 0;
        if (skb.gsoSize != 0) {
            headerBytes = prepareTso(skb);
            if (headerBytes == TSO_FAILED) {
                return dropped(skb, DropReason.SKB_GSO_SEG);
            }
        }
        return queue(skb, headerBytes);
    }

    private boolean makeSendable(SkBuff skb) {
        if (skb.fragList != null && !skb.linearize()) {
            return false;
        }
        if (skb.length() >= MIN_FRAME) {
            return true;
        }
        int padding = MIN_FRAME - skb.length();
        if (skb.tailroom() < padding) {
            return false;
        }
        skb.memory().fill(skb.put(padding), padding, 0);
        return true;
    }

    private NetdevTx dropped(SkBuff skb, DropReason reason) {
        soft.txDropped++;
        skb.drop(reason);
        return NetdevTx.OK;
    }

    private int descriptorsFor(SkBuff skb) {
        int needed = skb.gsoSize != 0 || skb.ipSummed == SkBuff.CHECKSUM_PARTIAL ? 2 : 1;
        needed += chunks(skb.headLength());
        for (int i = 0; i < skb.fragCount(); i++) {
            needed += chunks(skb.fragLength(i));
        }
        return needed;
    }

    private int chunks(int bytes) {
        return (bytes + fifoLimit - 1) / fifoLimit;
    }

    private NetdevTx queue(SkBuff skb, int headerBytes) {
        int first = ring.nextToUse();
        int lower = TXD_CMD_IFCS;
        int upper = 0;
        if (headerBytes != 0) {
            tsoContext(skb, headerBytes);
            lower |= TXD_CMD_DEXT | TXD_DTYP_D | TXD_CMD_TSE;
            upper |= TXD_POPTS_TXSM | (skb.gsoType == SkBuff.GSO_TCPV4 ? TXD_POPTS_IXSM : 0);
        } else if (skb.ipSummed == SkBuff.CHECKSUM_PARTIAL) {
            checksumContext(skb);
            lower |= TXD_CMD_DEXT | TXD_DTYP_D;
            upper |= TXD_POPTS_TXSM;
        }
        if (skb.vlanPresent) {
            lower |= TXD_CMD_VLE;
            upper |= skb.vlanTci << 16;
        }
        if (!map(skb, lower, upper)) {
            ring.unwind(first);
            return dropped(skb, DropReason.DMA_MAPPING_ERROR);
        }
        int segments = headerBytes == 0 ? 1 : Math.max(1, skb.gsoSegments);
        int bytes = skb.length();
        ring.finish(
                first,
                skb,
                command,
                segments,
                bytes + (segments - 1) * headerBytes,
                netdev.net().kernel().nowNs());
        boolean doorbell = netdev.netdevSentQueue(bytes, netdev.xmitMore());
        // Room for the largest packet must be there before the stack may send another.
        if (!hasRoom(largestPacket() + 2)) {
            doorbell = true;
        }
        if (doorbell) {
            ring.writeTail();
        }
        return NetdevTx.OK;
    }

    /** e1000_maybe_stop_tx: false: the queue is stopped until the clean-up has made room. */
    private boolean hasRoom(int descriptors) {
        if (ring.unused() >= descriptors) {
            return true;
        }
        netdev.netifStopQueue();
        // Either the clean-up sees that the queue is stopped, or we see the room that it has made.
        netdev.net().kernel().cpu().smpMb();
        if (ring.unused() < descriptors) {
            return false;
        }
        netdev.netifStartQueue(); // a reprieve
        return true;
    }

    private int largestPacket() {
        return SkBuff.MAX_FRAGS + chunks(netdev.gsoMaxSize) + RESERVED;
    }

    private boolean map(SkBuff skb, int lower, int upper) {
        // A descriptor without bytes is not legal on all parts of the family.
        if (skb.headLength() != 0 && !ring.data(skb.data(), skb.headLength(), fifoLimit, lower, upper)) {
            return false;
        }
        for (int i = 0; i < skb.fragCount(); i++) {
            if (!ring.data(skb.fragGpa(i), skb.fragLength(i), fifoLimit, lower, upper)) {
                return false;
            }
        }
        return true;
    }

    /** e1000_tx_csum: the card sums from checksumStart to the end, on top of the pseudo header that the stack left. */
    private void checksumContext(SkBuff skb) {
        int start = (int) (skb.checksumStart - skb.data());
        boolean isTcp = skb.checksumOffset == TcpHeader.CHECKSUM_OFFSET;
        ring.context(0, start | start + skb.checksumOffset << 8, TXD_CMD_DEXT | (isTcp ? TXD_CMD_TCP : 0), 0);
    }

    /**
     * e1000_tso, first half: makes the headers the prototype that the card expects. They lie in front of what the sender
     * keeps for retransmission and belong to this transmission.
     *
     * @return bytes of all headers, or {@link #TSO_FAILED}
     */
    private int prepareTso(SkBuff skb) {
        int transport = (int) (skb.transportHeader - skb.data());
        if (!skb.pskbMayPull(transport + TcpHeader.MIN_LENGTH)) {
            return TSO_FAILED;
        }
        tcp.wrap(skb.memory(), skb.transportHeader, skb.headLength() - transport);
        int headerBytes = transport + tcp.headerLength();
        // 82571 family: the first descriptor must hold some payload, too.
        int linear = Math.min(headerBytes + 4, skb.length());
        if (headerBytes >= skb.length() || !skb.pskbMayPull(linear)) {
            return TSO_FAILED;
        }
        tcp.wrap(skb.memory(), skb.transportHeader, skb.headLength() - transport);
        tcp.checksum(InternetChecksum.fold16(pseudoHeaderWithoutLength(skb)));
        return headerBytes;
    }

    private long pseudoHeaderWithoutLength(SkBuff skb) {
        int available = (int) (skb.headLength() - (skb.networkHeader - skb.data()));
        if (skb.gsoType == SkBuff.GSO_TCPV6) {
            ip6.wrap(skb.memory(), skb.networkHeader, available).payloadLength(0);
            return InternetChecksum.pseudoHeaderV6(
                    ip6.sourceHigh(), ip6.sourceLow(), ip6.destinationHigh(), ip6.destinationLow(), IpProtocol.TCP, 0);
        }
        ip.wrap(skb.memory(), skb.networkHeader, available).totalLength(0).checksum(0);
        return InternetChecksum.pseudoHeader(ip.source(), ip.destination(), IpProtocol.TCP, 0);
    }

    private void tsoContext(SkBuff skb, int headerBytes) {
        int network = (int) (skb.networkHeader - skb.data());
        int transport = (int) (skb.transportHeader - skb.data());
        boolean v4 = skb.gsoType == SkBuff.GSO_TCPV4;
        int ipEnd = v4 ? transport - 1 : 0;
        ring.context(
                network | network + 10 << 8 | ipEnd << 16,
                transport | transport + TcpHeader.CHECKSUM_OFFSET << 8,
                TXD_CMD_DEXT | TXD_CMD_TSE | TXD_CMD_TCP | (v4 ? TXD_CMD_IP : 0) | skb.length() - headerBytes,
                headerBytes << 8 | skb.gsoSize << 16);
    }
}
