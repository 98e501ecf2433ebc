package dev.doorbell.device.i82574;

import static dev.doorbell.device.i82574.MacRegisters.*;

import dev.doorbell.bus.mem.GuestMemory;
import dev.doorbell.bus.reg.Register;
import dev.doorbell.bus.reg.RegisterFile;
import dev.doorbell.bus.wire.EthernetHeader;
import dev.doorbell.bus.wire.InternetChecksum;
import dev.doorbell.bus.wire.IpProtocol;
import dev.doorbell.bus.wire.TcpHeader;
import dev.doorbell.bus.wire.UdpHeader;
import dev.doorbell.device.offload.PacketParser;
import dev.doorbell.device.spi.Frame;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;

/**
 * From the wire into the packet buffer: length and FCS checks, PAUSE, address and VLAN filter, tag stripping, checksum
 * verdict, RSS. The order of decisions is that of §7.1.1; a frame leaves it into the packet buffer, or with a reason.
 */
final class RxMac {
    /** Shortest and longest frame, with FCS; the longest also for tagged frames. */
    private static final int MIN_BYTES = 64;

    private static final int MAX_BYTES = 1522;
    static final int FCS_BYTES = 4;
    private static final int MIN_UNPADDED = MIN_BYTES - FCS_BYTES;
    private static final int ADDRESSES_BYTES = 12;
    private static final int TAG_BYTES = 4;
    private static final int OPCODE_PAUSE = 1;

    private final RegisterFile regs;
    private final PacketBuffer buffer;
    private final FlowControl flowControl;
    private final AddressFilter addressFilter;
    private final VlanFilter vlanFilter;
    private final RxChecksum checksum;
    private final Rss rss;
    private final TimeSyncUnit timeSync;
    private final PacketParser packet = new PacketParser();
    private final CRC32 crc = new CRC32();
    private final byte[] crcScratch = new byte[PacketBuffer.MAX_FRAME_BYTES];

    RxMac(RegisterFile regs, PacketBuffer buffer, FlowControl flowControl, TimeSyncUnit timeSync) {
        this.regs = regs;
        this.buffer = buffer;
        this.flowControl = flowControl;
        this.timeSync = timeSync;
        addressFilter = new AddressFilter(regs);
        vlanFilter = new VlanFilter(regs);
        checksum = new RxChecksum(regs);
        rss = new Rss(regs);
    }

    void reset() {
        rss.reset();
    }

    /** @return why the frame is lost; null when it is in the packet buffer */
    @Nullable
    RxDrop receive(Frame frame) {
        int rctl = regs.get(RCTL);
        if (!RCTL_EN.isSet(rctl)) {
            return RxDrop.RECEIVER_OFF;
        }
        if (!regs.isSet(STATUS_LU) && RCTL_LBM.of(rctl) == 0) {
            return RxDrop.LINK_DOWN;
        }
        // The one place where short frames are padded: every frame passes here, looped-back ones included.
        int bytes = frame.length();
        if (bytes < MIN_UNPADDED && frame.fcsGood() && !frame.exactLength()) {
            bytes = MIN_UNPADDED;
        }
        int onWire = bytes + FCS_BYTES;
        regs.count(TPR);
        regs.add(TOR, onWire);
        RxDrop bad = checkLengthAndFcs(onWire, frame.fcsGood(), RCTL_LPE.isSet(rctl));
        if (bad != null && (!RCTL_SBP.isSet(rctl) || onWire > PacketBuffer.MAX_FRAME_BYTES)) {
            return bad;
        }
        if (frame.length() < EthernetHeader.LENGTH) {
            return bad != null ? bad : RxDrop.RUNT; // too short to have an address
        }
        return filter(frame, bytes, bad, rctl);
    }

    private @Nullable RxDrop checkLengthAndFcs(int onWire, boolean fcsGood, boolean longPackets) {
        if (onWire < MIN_BYTES) {
            regs.count(RLEC);
            regs.count(fcsGood ? RUC : RFC);
            return fcsGood ? RxDrop.RUNT : RxDrop.FRAGMENT;
        }
        if (onWire > (longPackets ? PacketBuffer.MAX_FRAME_BYTES : MAX_BYTES)) {
            regs.count(RLEC);
            regs.count(fcsGood ? ROC : RJC);
            return fcsGood ? RxDrop.OVERSIZE : RxDrop.JABBER;
        }
        if (!fcsGood) {
            regs.count(CRCERRS);
            return RxDrop.BAD_FCS;
        }
        return null;
    }

    private @Nullable RxDrop filter(Frame frame, int bytes, @Nullable RxDrop bad, int rctl) {
        GuestMemory memory = frame.memory();
        long at = frame.offset();
        int low = memory.readInt(at);
        int high = memory.readShort(at + 4) & 0xFFFF;
        int etherType = u16(memory, at + ADDRESSES_BYTES);
        if (bad == null && isMacControl(low, high, etherType) && !macControl(frame, low, high, rctl)) {
            return RxDrop.MAC_CONTROL;
        }
        int match = addressFilter.match(low, high);
        if (match == AddressFilter.REJECT) {
            return RxDrop.ADDRESS_FILTER;
        }
        boolean tagged =
                etherType == regs.get(VET) && etherType != 0 && frame.length() >= EthernetHeader.LENGTH + TAG_BYTES;
        int tci = tagged ? u16(memory, at + EthernetHeader.LENGTH) : 0;
        if (tagged && !vlanFilter.passes(tci)) {
            return RxDrop.VLAN_FILTER;
        }
        return store(frame, bytes, bad, match, tagged && regs.isSet(CTRL_VME), tci, rctl);
    }

    private @Nullable RxDrop store(
            Frame frame, int bytes, @Nullable RxDrop bad, int match, boolean strip, int tci, int rctl) {
        int payload = strip ? bytes - TAG_BYTES : bytes;
        boolean keepFcs = !RCTL_SECRC.isSet(rctl);
        int entry = buffer.append(keepFcs ? payload + FCS_BYTES : payload);
        if (entry < 0) {
            regs.count(MPC);
            return RxDrop.FIFO_FULL;
        }
        int at = buffer.offset(entry);
        boolean completed = copy(frame, at, payload, strip);
        int status = match == AddressFilter.INEXACT ? RxStatus.PIF : 0;
        if (strip) {
            status |= RxStatus.VP;
        }
        int sizeForSmall = payload + FCS_BYTES;
        int smallLimit = regs.get(RSRPD);
        boolean small = sizeForSmall <= smallLimit;
        if (bad != null) {
            int error = frame.fcsGood() ? 0 : RxStatus.CE;
            buffer.describe(entry, status | RxStatus.IXSM | error, tci, small);
        } else {
            int tagSeen = strip ? tci : 0;
            offload(entry, at, payload, status, tagSeen, small, frame.checksumsVerified(), completed);
            if (timeSync.stampsReceived()) {
                stamp(entry, at, payload, frame.timestampNs());
            }
            countGood(frame, bytes + FCS_BYTES);
        }
        if (keepFcs) {
            appendFcs(frame, at, bytes, payload, strip ? tci : -1);
        }
        return null;
    }

    /** @return whether a checksum that was left to us is now in place */
    private boolean copy(Frame frame, int at, int payload, boolean strip) {
        GuestMemory to = buffer.memory();
        int copied;
        if (strip) {
            frame.memory().copyTo(frame.offset(), to, at, ADDRESSES_BYTES);
            copied = frame.length() - TAG_BYTES;
            frame.memory()
                    .copyTo(
                            frame.offset() + ADDRESSES_BYTES + TAG_BYTES,
                            to,
                            at + ADDRESSES_BYTES,
                            copied - ADDRESSES_BYTES);
        } else {
            copied = frame.length();
            frame.memory().copyTo(frame.offset(), to, at, copied);
        }
        if (copied < payload) {
            to.fill(at + copied, payload - copied, 0);
        }
        return frame.checksumStart() != 0 && completeChecksum(frame, at, copied, strip ? TAG_BYTES : 0);
    }

    /** A frame from a software network may lack its checksum; on a wire it has one. */
    private boolean completeChecksum(Frame frame, int at, int length, int removed) {
        int start = frame.checksumStart() - removed;
        int field = start + frame.checksumOffset();
        if (start < 0 || field < start || field + 2 > length) {
            return false;
        }
        GuestMemory memory = buffer.memory();
        long sum = InternetChecksum.sum(memory, at + start, length - start, 0);
        int value = InternetChecksum.foldAt(sum, frame.checksumOffset());
        memory.writeShort(at + field, Short.reverseBytes((short) value));
        return true;
    }

    private void offload(
            int entry, int at, int payload, int seen, int tag, boolean small, boolean vouched, boolean completed) {
        GuestMemory memory = buffer.memory();
        packet.parse(memory, at, payload, regs.get(VET));
        int status = seen
                | checksum.verdict(packet, memory, at, vouched, vouched || completed)
                | packetType() << RxStatus.PACKET_TYPE_SHIFT;
        if (isCountedAck()) {
            status |= RxStatus.ACK;
        }
        boolean reportsHash = regs.isSet(RXCSUM_PCSD);
        if (!reportsHash && packet.ipVersion() == 4 && packet.isFragment()) {
            status |= RxStatus.IPIDV;
        }
        buffer.describe(entry, status, tag, small);
        buffer.header(entry, headerBytes());
        if (reportsHash) {
            rss.classify(packet, memory, at);
            buffer.rss(entry, rss.type(), rss.queue(), rss.hash());
        } else {
            int id = packet.ipVersion() == 4 ? packet.ipv4().identification() : 0;
            buffer.hash(entry, id | packetChecksum(memory, at, payload) << 16);
        }
    }

    private void stamp(int entry, int at, int payload, long arrivedNs) {
        if (timeSync.received(packet, buffer.memory(), at, payload, arrivedNs)) {
            buffer.addStatus(entry, RxStatus.TST);
        }
    }

    /** Where packet split cuts: behind the TCP or UDP header, else behind the IP header; 0 for what is not IP. */
    private int headerBytes() {
        if (packet.isFragment() && regs.isSet(RFCTL_IPFRSP_DIS)) {
            return 0;
        }
        return switch (packet.transport()) {
            case IpProtocol.TCP -> packet.transportOffset() + packet.tcp().headerLength();
            case IpProtocol.UDP -> packet.transportOffset() + UdpHeader.LENGTH;
            default -> packet.networkEnd();
        };
    }

    /**
     * The raw sum of everything from RXCSUM.PCSS on, with IPPCSE from the end of a fragment's IP header on; not
     * complemented. The FCS is not part of it.
     */
    private int packetChecksum(GuestMemory memory, int at, int payload) {
        int start = regs.get(RXCSUM_PCSS);
        if (packet.isFragment() && packet.networkEnd() != 0 && regs.isSet(RXCSUM_IPPCSE)) {
            start = packet.networkEnd();
        }
        if (start >= payload) {
            return 0;
        }
        return InternetChecksum.fold16(InternetChecksum.sum(memory, at + start, payload - start, 0));
    }

    private int packetType() {
        int network =
                switch (packet.ipVersion()) {
                    case 4 -> 1;
                    case 6 -> 5;
                    default -> 0;
                };
        return packet.transport() != 0 ? network + 1 : network;
    }

    private boolean isCountedAck() {
        if (packet.transport() != IpProtocol.TCP || regs.isSet(RFCTL_ACK_DIS)) {
            return false;
        }
        TcpHeader tcp = packet.tcp();
        return tcp.isAck() && (!regs.isSet(RFCTL_ACKD_DIS) || tcp.headerLength() == packet.transportBytes());
    }

    private void countGood(Frame frame, int onWire) {
        regs.count(GPRC);
        regs.add(GORC, onWire);
        regs.count(sizeBin(onWire));
        int low = frame.memory().readInt(frame.offset());
        if (AddressFilter.isMulticast(low)) {
            int high = frame.memory().readShort(frame.offset() + 4) & 0xFFFF;
            regs.count(AddressFilter.isBroadcast(low, high) ? BPRC : MPRC);
        }
    }

    private static Register sizeBin(int onWire) {
        if (onWire <= 127) {
            return onWire <= 64 ? PRC64 : PRC127;
        }
        if (onWire <= 511) {
            return onWire <= 255 ? PRC255 : PRC511;
        }
        return onWire <= 1023 ? PRC1023 : PRC1522;
    }

    /** The CRC-32 of the frame as it was on the wire, the VLAN tag included; wrong when the frame's was. */
    private void appendFcs(Frame frame, int at, int bytes, int payload, int strippedTci) {
        GuestMemory memory = buffer.memory();
        crc.reset();
        if (strippedTci >= 0) {
            memory.read(at, crcScratch, 0, ADDRESSES_BYTES);
            int type = regs.get(VET);
            crcScratch[12] = (byte) (type >>> 8);
            crcScratch[13] = (byte) type;
            crcScratch[14] = (byte) (strippedTci >>> 8);
            crcScratch[15] = (byte) strippedTci;
            memory.read(at + ADDRESSES_BYTES, crcScratch, 16, payload - ADDRESSES_BYTES);
        } else {
            memory.read(at, crcScratch, 0, bytes);
        }
        crc.update(crcScratch, 0, bytes);
        int fcs = (int) crc.getValue();
        memory.writeInt(at + payload, frame.fcsGood() ? fcs : ~fcs);
    }

    private boolean isMacControl(int low, int high, int etherType) {
        int type = regs.get(FCT);
        return etherType == type
                && type != 0
                && (low == regs.get(FCAL) && high == regs.get(FCAH) || addressFilter.isStation(low, high));
    }

    /** @return whether the host may see it, subject to the address filter */
    private boolean macControl(Frame frame, int low, int high, int rctl) {
        int opcodeAt = EthernetHeader.LENGTH;
        if (frame.length() < opcodeAt + 4 || u16(frame.memory(), frame.offset() + opcodeAt) != OPCODE_PAUSE) {
            regs.count(FCRUC);
            return RCTL_PMCF.isSet(rctl);
        }
        int quanta = u16(frame.memory(), frame.offset() + opcodeAt + 2);
        if (regs.isSet(CTRL_RFCE)) {
            regs.count(quanta == 0 ? XONRXC : XOFFRXC);
            flowControl.pauseReceived(quanta);
        }
        return !RCTL_DPF.isSet(rctl) && (addressFilter.isStation(low, high) || RCTL_PMCF.isSet(rctl));
    }

    private static int u16(GuestMemory memory, long at) {
        return Short.reverseBytes(memory.readShort(at)) & 0xFFFF;
    }
}
