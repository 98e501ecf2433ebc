package dev.doorbell.kernel.tcp;

import dev.doorbell.bus.wire.InternetChecksum;
import dev.doorbell.bus.wire.IpProtocol;
import dev.doorbell.bus.wire.TcpHeader;
import dev.doorbell.kernel.core.Errno;
import dev.doorbell.kernel.inet.Endpoints;
import dev.doorbell.kernel.ipv4.SendOptions;
import dev.doorbell.kernel.skb.DropReason;
import dev.doorbell.kernel.skb.SkBuff;
import dev.doorbell.kernel.skb.SkbAllocator;
import dev.doorbell.kernel.tcp.TcpMib.Counter;
import org.jspecify.annotations.Nullable;

/**
 * Builds the header of every segment that leaves and hands it to the network layer. Data is attached by reference; the
 * checksum is left to the card (CHECKSUM_PARTIAL), as is cutting into packets (TSO).
 */
final class SegmentWriter {
    private static final int OPTION_SPACE = 40;
    /** ECT(0) in the two low bits of the TOS octet, RFC 3168 §5. */
    private static final int ECT0 = 2;

    private final SkbAllocator allocator;
    private final NetworkLayer network;
    private final TcpMib mib;
    private final TcpHeader header = new TcpHeader();

    SegmentWriter(SkbAllocator allocator, NetworkLayer network, TcpMib mib) {
        this.allocator = allocator;
        this.network = network;
        this.mib = mib;
    }

    /**
     * Sends one entry of a connection's send queue (SYN, data, FIN), or with a null entry a segment without data.
     *
     * @param retransmission sent without ECT then, RFC 3168 §6.1.5
     * @return 0, or a negated errno when it did not leave this host
     */
    int send(TcpConnection c, @Nullable TxSegment entry, int seq, int flags, boolean retransmission) {
        SkBuff skb = allocate();
        if (skb == null) {
            return Errno.ENOBUFS.negated();
        }
        int bytes = 0;
        if (entry != null) {
            entry.shareWith(skb);
            bytes = entry.length();
            c.smallQueue.charge(skb);
        }
        boolean syn = (flags & TcpHeader.SYN) != 0;
        int sackBlocks = syn ? 0 : sackBlocksToSend(c);
        FastOpenCookie cookie = c.synCookie;
        int length = TcpHeader.MIN_LENGTH
                + (syn
                        ? synOptionBytes(c) + (cookie == null ? 0 : cookie.optionBytes())
                        : c.optionBytes() + sackBytes(sackBlocks));
        int packets = entry == null ? 1 : entry.packets;
        int wireFlags = flags;
        if (entry != null && packets > 1) {
            // What is cut into several is pushed at its end, so that the receiver's merging ends there too.
            wireFlags |= TcpHeader.PSH;
        }
        boolean ect = false;
        if ((c.ecn & TcpConnection.ECN_OK) != 0 && !syn) {
            if (bytes > 0 && !retransmission) {
                ect = true;
                if ((c.ecn & TcpConnection.ECN_QUEUE_CWR) != 0) {
                    c.ecn &= ~TcpConnection.ECN_QUEUE_CWR;
                    wireFlags |= TcpHeader.CWR;
                }
            }
            if ((c.ecn & TcpConnection.ECN_DEMAND_CWR) != 0) {
                wireFlags |= TcpHeader.ECE;
            }
        }
        int urgentPointer = 0;
        if (c.urgentMode && !syn) {
            int distance = c.sndUrgent - seq;
            if (distance > 0) {
                wireFlags |= TcpHeader.URG;
                urgentPointer = Math.min(distance, 0xFFFF);
            }
        }
        int window;
        if (syn) {
            window = Math.min(c.rcvWnd, 0xFFFF);
        } else {
            window = ReceiveWindow.select(c);
        }
        boolean ack = (wireFlags & TcpHeader.ACK) != 0;
        header.wrap(skb.memory(), skb.push(length), length)
                .sourcePort(c.localPort)
                .destinationPort(c.remotePort)
                .sequence(seq)
                .acknowledgment(ack ? c.rcvNxt : 0)
                .headerLengthAndFlags(length, wireFlags)
                .window(window)
                .urgentPointer(urgentPointer);
        if (syn) {
            int shift = !ack || c.windowScaleOk ? c.rcvWscale : -1;
            if (!c.config.windowScaling) {
                shift = -1;
            }
            int end = putSynOptions(
                    c.advertisedMss,
                    ack ? c.sackOk : c.config.sack,
                    ack ? c.timestampsOk : c.config.timestamps,
                    c.timestamp(),
                    c.tsRecent,
                    shift);
            putFastOpen(end, cookie);
        } else {
            putOptions(c, sackBlocks);
        }
        if (entry != null && packets > 1) {
            skb.gsoSize = entry.mss;
            skb.gsoSegments = packets;
            skb.gsoType = c.isV4() ? SkBuff.GSO_TCPV4 : SkBuff.GSO_TCPV6;
        }
        if (entry != null) {
            c.rate.sent(c, entry, c.nowNs());
        }
        c.pacing.sent(bytes == 0 ? 0 : bytes + packets * (length + c.ipHeaderBytes()));
        account(c, bytes, packets, ack);
        SendNotices notices = c.notices;
        if (notices != null && bytes > 0) {
            notices.sent(seq, seq + bytes);
        }
        return transmit(skb, length, bytes, c, ect);
    }

    private void account(TcpConnection c, int bytes, int packets, boolean ack) {
        c.segmentsOut += packets;
        mib.add(Counter.OutSegs, packets);
        if (bytes > 0) {
            c.dataSegmentsOut += packets;
            c.bytesSent += bytes;
            long now = c.nowNs();
            c.lastDataSentNs = now;
            // Answering data with data within the delayed ACK time: an interactive session.
            if (now - c.lastDataInNs < c.ackTimeoutNs && c.pingpong < 255) {
                c.pingpong++;
            }
        }
        if (ack) {
            c.decrementQuickAcks(packets);
            c.ackPending = 0;
            c.ackTimer.stop();
            c.dsackPending = false;
        }
        c.lastSentNs = c.nowNs();
    }

    private int transmit(SkBuff skb, int headerBytes, int bytes, TcpConnection c, boolean ect) {
        partialChecksum(skb, c, headerBytes + bytes);
        skb.mark = c.settings.mark;
        skb.priority = c.settings.priority;
        int tos = c.settings.tos & ~3 | (ect ? ECT0 : 0);
        Path path = current(c.path, c, c.settings.outInterface, c.settings.ipOptions);
        if (path == null) {
            return unreachable(skb);
        }
        c.path = path;
        return network.transmit(skb, path, c, tos, c.settings.ttl);
    }

    /** Every segment, also a bare acknowledgment, follows a change of routes or interfaces: __sk_dst_check. */
    private @Nullable Path current(Path known, Endpoints ends, int outInterface, @Nullable SendOptions options) {
        return known.isValid() ? known : network.path(ends, outInterface, options);
    }

    private static int unreachable(SkBuff skb) {
        skb.drop(DropReason.IP_OUTNOROUTES);
        return Errno.EHOSTUNREACH.negated();
    }

    /**
     * A SYN-ACK for a request.
     *
     * @param flags SYN, ACK and perhaps ECE
     * @param cookie for fast open, or null
     */
    int sendSynAck(TcpRequest request, int flags, @Nullable FastOpenCookie cookie) {
        SkBuff skb = allocate();
        if (skb == null) {
            return Errno.ENOBUFS.negated();
        }
        int length = TcpHeader.MIN_LENGTH + synOptionBytes(request.sackOk, request.timestampsOk, request.windowScaleOk);
        length += cookie == null ? 0 : cookie.optionBytes();
        header.wrap(skb.memory(), skb.push(length), length)
                .sourcePort(request.localPort)
                .destinationPort(request.remotePort)
                .sequence(request.iss)
                .acknowledgment(request.rcvNxt)
                .headerLengthAndFlags(length, flags)
                .window(Math.min(request.receiveWindow, 0xFFFF))
                .urgentPointer(0);
        int end = putSynOptions(
                request.advertisedMss,
                request.sackOk,
                request.timestampsOk,
                request.timestamp(),
                request.tsRecent,
                request.windowScaleOk ? request.rcvWscale : -1);
        putFastOpen(end, cookie);
        mib.inc(Counter.OutSegs);
        partialChecksum(skb, request, length);
        TcpSettings settings = request.listener.settings;
        Path path = current(request.path, request, settings.outInterface, request.ipOptions);
        if (path == null) {
            return unreachable(skb);
        }
        return network.transmit(skb, path, request, settings.tos, settings.ttl);
    }

    /**
     * A segment on behalf of no connection: a reset, or an acknowledgement from TIME-WAIT or for a request.
     *
     * @param timestamps whether to carry the option
     * @param tos TOS or traffic class, ECN bits 0
     */
    void sendBare(
            Path path,
            Endpoints ends,
            int seq,
            int ack,
            int flags,
            int window,
            boolean timestamps,
            int tsVal,
            int tsEcr,
            int tos) {
        SkBuff skb = allocate();
        if (skb == null) {
            return;
        }
        int length = TcpHeader.MIN_LENGTH + (timestamps ? 12 : 0);
        header.wrap(skb.memory(), skb.push(length), length)
                .sourcePort(ends.localPort)
                .destinationPort(ends.remotePort)
                .sequence(seq)
                .acknowledgment(ack)
                .headerLengthAndFlags(length, flags)
                .window(window)
                .urgentPointer(0);
        if (timestamps) {
            header.putTimestamps(TcpHeader.MIN_LENGTH, tsVal, tsEcr);
        }
        mib.inc(Counter.OutSegs);
        if ((flags & TcpHeader.RST) != 0) {
            mib.inc(Counter.OutRsts);
        }
        partialChecksum(skb, ends, length);
        Path now = current(path, ends, 0, null);
        if (now == null) {
            unreachable(skb);
            return;
        }
        network.transmit(skb, now, ends, tos, 0);
    }

    private @Nullable SkBuff allocate() {
        return allocator.alloc(network.maxHeader() + TcpHeader.MAX_LENGTH, 0);
    }

    private void partialChecksum(SkBuff skb, Endpoints ends, int bytes) {
        header.checksum(InternetChecksum.fold16(ends.pseudoHeader(IpProtocol.TCP, bytes)));
        skb.transportHeader = skb.data();
        skb.ipSummed = SkBuff.CHECKSUM_PARTIAL;
        skb.checksumStart = skb.data();
        skb.checksumOffset = TcpHeader.CHECKSUM_OFFSET;
    }

    // ---- options

    private static int synOptionBytes(TcpConnection c) {
        boolean first = c.state() == TcpState.SYN_SENT;
        return synOptionBytes(
                first ? c.config.sack : c.sackOk,
                first ? c.config.timestamps : c.timestampsOk,
                first ? c.config.windowScaling : c.windowScaleOk);
    }

    private static int synOptionBytes(boolean sack, boolean timestamps, boolean scale) {
        return 4 + (timestamps ? 12 : sack ? 4 : 0) + (scale ? 4 : 0);
    }

    /** In Linux's order: MSS, SACK permitted and timestamps in three words, window scale. */
    private int putSynOptions(int mss, boolean sack, boolean timestamps, int tsVal, int tsEcr, int shift) {
        int at = header.putMss(TcpHeader.MIN_LENGTH, mss);
        if (timestamps) {
            int start = at;
            at = header.putTimestamps(at, tsVal, tsEcr);
            if (sack) { // in place of the two NOPs
                header.putU8(start, TcpHeader.OPTION_SACK_PERMITTED);
                header.putU8(start + 1, 2);
            }
        } else if (sack) {
            at = header.putSackPermitted(at);
        }
        if (shift >= 0) {
            at = header.putWindowScale(at, shift);
        }
        return at;
    }

    /** RFC 7413 §4.1.1, padded behind. */
    private void putFastOpen(int offset, @Nullable FastOpenCookie cookie) {
        if (cookie == null || cookie.length < 0) {
            return;
        }
        int at = offset;
        int bytes = cookie.headBytes() + cookie.length;
        header.putU8(at++, cookie.experimental ? ReceivedOptions.EXPERIMENT : ReceivedOptions.FAST_OPEN);
        header.putU8(at++, bytes);
        if (cookie.experimental) {
            header.putU8(at++, ReceivedOptions.FAST_OPEN_MAGIC >> 8);
            header.putU8(at++, ReceivedOptions.FAST_OPEN_MAGIC & 0xFF);
        }
        for (int i = 0; i < cookie.length; i++) {
            header.putU8(at++, cookie.byteAt(i));
        }
        while (at < offset + cookie.optionBytes()) {
            header.putU8(at++, TcpHeader.OPTION_NOP);
        }
    }

    private void putOptions(TcpConnection c, int sackBlocks) {
        int at = TcpHeader.MIN_LENGTH;
        if (c.timestampsOk) {
            at = header.putTimestamps(at, c.timestamp(), c.tsRecent);
        }
        if (sackBlocks > 0) {
            at = header.putSackHead(at, sackBlocks);
            int left = sackBlocks;
            if (c.dsackPending) {
                at = header.putSackBlock(at, c.dsackStart, c.dsackEnd);
                left--;
            }
            for (int i = 0; i < left; i++) {
                at = header.putSackBlock(at, c.sackStart[i], c.sackEnd[i]);
            }
        }
    }

    /** RFC 2883 block first, then those held; as many as fit. */
    static int sackBlocksToSend(TcpConnection c) {
        int blocks = c.sackBlocks + (c.dsackPending ? 1 : 0);
        return blocks == 0 ? 0 : Math.min(blocks, (OPTION_SPACE - c.optionBytes() - 4) / 8);
    }

    static int sackBytes(int blocks) {
        return blocks == 0 ? 0 : 4 + 8 * blocks;
    }
}
