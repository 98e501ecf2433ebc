package dev.doorbell.device.i82574;

import static dev.doorbell.device.i82574.MacRegisters.*;

import dev.doorbell.bus.mem.GuestMemory;
import dev.doorbell.bus.reg.Register;
import dev.doorbell.bus.reg.RegisterFile;
import dev.doorbell.bus.trace.Tracer;
import dev.doorbell.device.intel.Phy;
import dev.doorbell.device.spi.Frame;
import dev.doorbell.device.spi.LinkPort;
import java.util.zip.CRC32;

/**
 * The last station of a frame on its way out: padding, FCS, statistics, and the choice between wire and loop-back.
 * §7.2.7, §10.2.7.
 */
final class TransmitMac {
    static final int FCS_BYTES = 4;
    private static final String SOURCE = "82574L";
    /** Without FCS. */
    private static final int MIN_FRAME_BYTES = 60;
    /** Anything shorter is illegal for this chip and is not sent. */
    static final int MIN_LEGAL_BYTES = 17;

    private static final GuestMemory EMPTY = GuestMemory.ofHost(0, 0, () -> {});

    private static final int LOOPBACK_MAC = 1, LOOPBACK_TRANSCEIVER = 3;

    private final RegisterFile regs;
    private final LinkPort link;
    private final Phy phy;
    private final LoopbackQueue loopback;
    private final TimeSyncUnit timeSync;
    private final Tracer tracer;
    private final TransmitTruth truth = new TransmitTruth();
    private final Frame frame = new Frame(EMPTY);
    private final GuestMemory padded = GuestMemory.allocateAuto(MIN_FRAME_BYTES + 4);
    private final CRC32 crc = new CRC32();
    private final byte[] crcInput = new byte[TransmitBuffer.MAX_PACKET_BYTES];

    TransmitMac(
            RegisterFile regs, LinkPort link, Phy phy, LoopbackQueue loopback, TimeSyncUnit timeSync, Tracer tracer) {
        this.regs = regs;
        this.link = link;
        this.phy = phy;
        this.loopback = loopback;
        this.timeSync = timeSync;
        this.tracer = tracer;
    }

    /** The frame about to be sent is to be stamped. */
    void stamp() {
        timeSync.transmitted();
    }

    TransmitTruth truth() {
        return truth;
    }

    /** RCTL.LBM or the PHY's BMCR.14: nothing reaches the wire. */
    boolean loopsBack() {
        int mode = regs.get(RCTL_LBM);
        return mode == LOOPBACK_MAC || mode == LOOPBACK_TRANSCEIVER || phy.loopback();
    }

    /** False while loop-back cannot take a frame of this length; the wire always can. */
    boolean hasRoom(int frameBytes) {
        return !loopsBack() || loopback.hasRoom(Math.max(frameBytes, MIN_FRAME_BYTES));
    }

    /** The longest segment train that may leave uncut, in bytes; 0 when there is none. */
    int maxTrainBytes() {
        return loopsBack() ? 0 : link.maxTrainBytes();
    }

    /**
     * Sends one frame. It is padded in a place of its own: what lies behind it may be the next segment's payload.
     *
     * @param appendFcs IFCS; otherwise the last four bytes are the FCS, right or wrong
     */
    void send(GuestMemory memory, long offset, int length, boolean appendFcs) {
        int bytes = appendFcs ? length : length - FCS_BYTES;
        if (bytes < MIN_LEGAL_BYTES) {
            truth.drop(TxDrop.TOO_SHORT);
            return;
        }
        boolean goodFcs = appendFcs || fcsIsGood(memory, offset, bytes);
        if (bytes < MIN_FRAME_BYTES && appendFcs && regs.isSet(TCTL_PSP)) {
            memory.copyTo(offset, padded, 0, bytes);
            padded.fill(bytes, MIN_FRAME_BYTES - bytes, 0);
            hand(padded, 0, MIN_FRAME_BYTES, true);
        } else {
            hand(memory, offset, bytes, goodFcs);
        }
    }

    private void hand(GuestMemory memory, long offset, int bytes, boolean goodFcs) {
        count(memory, offset, 1, bytes, bytes);
        if (tracer.isOn()) {
            tracer.event(SOURCE, loopsBack() ? "tx.loopback" : "tx.frame", "bytes=" + bytes);
        }
        if (loopsBack()) {
            loopback.offer(memory, offset, bytes, goodFcs);
        } else {
            link.send(frame.set(memory, offset, bytes).fcsGood(goodFcs));
        }
    }

    /**
     * Sends a request for segmentation as the train that the link will cut; counted as the frames it becomes.
     *
     * @param checksumStart of the TCP header, whose checksum field is {@code checksumOffset} behind it
     */
    void sendTrain(
            GuestMemory memory,
            long offset,
            int length,
            int segmentBytes,
            int headerBytes,
            int checksumStart,
            int checksumOffset) {
        int payload = length - headerBytes;
        int frames = (payload + segmentBytes - 1) / segmentBytes;
        count(memory, offset, frames, headerBytes + segmentBytes, length - (frames - 1) * segmentBytes);
        if (tracer.isOn()) {
            tracer.event(SOURCE, "tx.train", "bytes=" + length + " frames=" + frames + " mss=" + segmentBytes);
        }
        frame.set(memory, offset, length).train(segmentBytes, headerBytes);
        link.send(frame.partialChecksum(checksumStart, checksumOffset));
    }

    private boolean fcsIsGood(GuestMemory memory, long offset, int bytes) {
        memory.read(offset, crcInput, 0, bytes);
        crc.reset();
        crc.update(crcInput, 0, bytes);
        return (int) crc.getValue() == memory.readInt(offset + bytes);
    }

    /** Counts {@code frames} frames to one destination; all but the last are equally long. Lengths without FCS. */
    private void count(GuestMemory memory, long offset, int frames, int eachBytes, int lastBytes) {
        long octets = (long) (frames - 1) * (eachBytes + FCS_BYTES) + lastBytes + FCS_BYTES;
        truth.sent += frames;
        truth.sentOctets += octets;
        regs.add(GPTC, frames);
        regs.add(TPT, frames);
        regs.add(GOTC, octets);
        regs.add(TOT, octets);
        if (frames > 1) {
            regs.add(sizeBin(eachBytes + FCS_BYTES), frames - 1);
        }
        regs.count(sizeBin(lastBytes + FCS_BYTES));
        if ((memory.readByte(offset) & 1) != 0) {
            boolean broadcast = memory.readInt(offset) == -1 && memory.readShort(offset + 4) == -1;
            regs.add(broadcast ? BPTC : MPTC, frames);
        }
    }

    private static Register sizeBin(int bytes) {
        if (bytes > 1023) {
            return PTC1522;
        }
        if (bytes > 255) {
            return bytes > 511 ? PTC1023 : PTC511;
        }
        if (bytes > 127) {
            return PTC255;
        }
        return bytes > 64 ? PTC127 : PTC64;
    }
}
