package dev.doorbell.device.i82574;

import static dev.doorbell.device.i82574.MacRegisters.*;
import static dev.doorbell.device.i82574.TransmitDescriptor.*;

import dev.doorbell.bus.mem.GuestMemory;
import dev.doorbell.bus.reg.RegisterFile;
import dev.doorbell.device.offload.ChecksumInsertion;
import dev.doorbell.device.offload.OffloadContext;
import dev.doorbell.device.offload.Segmenter;
import dev.doorbell.device.offload.VlanTagging;

/**
 * Turns the packets that one queue has gathered into frames: checksum insertion, segmentation, VLAN insertion. §7.2.4 to
 * §7.2.6. Stops after a bounded number of frames and goes on from there: a request with an MSS of one byte is legal.
 */
final class TransmitOutput {
    /** Longest frame, a segment too; header included, FCS not. The limit of the silicon is unsure. */
    private static final int MAX_FRAME_BYTES = 16_288;

    private static final int FRAMES_PER_STEP = 128;

    private final RegisterFile regs;
    private final TransmitBuffer buffer;
    private final TransmitMac mac;
    private final OffloadContext context = new OffloadContext();
    private final Segmenter segmenter = new Segmenter(context);
    private int packet;
    private boolean segmenting;

    TransmitOutput(RegisterFile regs, TransmitBuffer buffer, TransmitMac mac) {
        this.regs = regs;
        this.buffer = buffer;
        this.mac = mac;
    }

    /**
     * Sends what the buffer holds, from where it stopped last time.
     *
     * @return false when it has to be called again in a later step
     */
    boolean send() {
        for (int frames = 0; frames < FRAMES_PER_STEP; frames++) {
            if (segmenting) {
                if (!mac.hasRoom(segmenter.headerBytes() + segmenter.mss() + VlanTagging.TAG_BYTES)) {
                    return false;
                }
                sendSegment();
            } else {
                if (packet == buffer.packets()) {
                    packet = 0;
                    return true;
                }
                if (!mac.hasRoom(buffer.length(packet) + VlanTagging.TAG_BYTES)) {
                    return false;
                }
                sendPacket();
            }
        }
        return false;
    }

    private void sendPacket() {
        int command = buffer.command(packet);
        int bytes = buffer.length(packet);
        if ((command & COMMAND_DEXT) == 0) {
            if (isSendable(bytes)) {
                sendLegacy(command, bytes);
            }
            packet++;
            return;
        }
        context.load(buffer.contextLow(packet), buffer.contextHigh(packet));
        if ((command & COMMAND_TSE) != 0 && context.isSegmentation()) {
            beginSegmentation(bytes);
            return;
        }
        if (isSendable(bytes)) {
            int options = buffer.options(packet);
            stampIfAsked(options);
            ChecksumInsertion.insert(
                    buffer.memory(),
                    buffer.start(packet),
                    checkedBytes(command, bytes),
                    context,
                    (options & OPTION_IXSM) != 0,
                    (options & OPTION_TXSM) != 0);
            sendFrame(command, buffer.start(packet), bytes);
        }
        packet++;
    }

    /** Of a request for segmentation the first segment has the stamp. */
    private void stampIfAsked(int options) {
        if ((options & OPTION_TSTAMP) != 0) {
            mac.stamp();
        }
    }

    /** Counts the packet as dropped if it is not. */
    private boolean isSendable(int bytes) {
        TxDrop reason = buffer.dropped(packet);
        if (reason == null && bytes > MAX_FRAME_BYTES) {
            reason = TxDrop.TOO_LONG;
        } else if (reason == null && bytes < TransmitMac.MIN_LEGAL_BYTES) {
            reason = TxDrop.TOO_SHORT;
        }
        if (reason != null) {
            mac.truth().drop(reason);
        }
        return reason == null;
    }

    /** Bytes that "to the end of the packet" means: an FCS that the driver supplied is not under a checksum. */
    private static int checkedBytes(int command, int bytes) {
        return (command & COMMAND_IFCS) != 0 ? bytes : bytes - TransmitMac.FCS_BYTES;
    }

    private void sendLegacy(int command, int bytes) {
        if ((command & COMMAND_IC) != 0) {
            ChecksumInsertion.insert(
                    buffer.memory(),
                    buffer.start(packet),
                    checkedBytes(command, bytes),
                    legacyChecksumStart(buffer.options(packet)),
                    0,
                    legacyChecksumAt(command));
        }
        sendFrame(command, buffer.start(packet), bytes);
    }

    /** Inserts the VLAN tag, if any, and hands the frame to the MAC. */
    private void sendFrame(int command, long offset, int bytes) {
        boolean appendFcs = (command & COMMAND_IFCS) != 0;
        if (insertsTag(command)) {
            insertTag(offset);
            mac.send(buffer.memory(), offset - VlanTagging.TAG_BYTES, bytes + VlanTagging.TAG_BYTES, appendFcs);
        } else {
            mac.send(buffer.memory(), offset, bytes, appendFcs);
        }
    }

    private boolean insertsTag(int command) {
        return (command & COMMAND_VLE) != 0 && regs.isSet(CTRL_VME);
    }

    private void insertTag(long offset) {
        VlanTagging.insert(buffer.memory(), offset, regs.get(VET), vlanTci(buffer.options(packet)));
    }

    private void beginSegmentation(int bytes) {
        int options = buffer.options(packet);
        boolean ip = (options & OPTION_IXSM) != 0;
        boolean l4 = (options & OPTION_TXSM) != 0;
        TxDrop reason = buffer.dropped(packet);
        int segments = reason != null ? 0 : segmenter.begin(buffer.memory(), buffer.start(packet), bytes, ip, l4);
        if (segments == 0 || segmenter.longestBytes() > MAX_FRAME_BYTES) {
            regs.count(TSCTFC);
            mac.truth().drop(reason != null ? reason : TxDrop.SEGMENTATION);
            packet++;
            return;
        }
        stampIfAsked(options);
        int maxTrainBytes = mac.maxTrainBytes();
        if (bytes + VlanTagging.TAG_BYTES <= maxTrainBytes && segmenter.canTravelWhole()) {
            sendTrain(bytes);
            endSegmentation();
        } else {
            segmenting = true;
        }
    }

    private void sendTrain(int bytes) {
        segmenter.prepareWhole();
        GuestMemory memory = buffer.memory();
        long offset = buffer.start(packet);
        int tag = 0;
        if (insertsTag(buffer.command(packet))) {
            insertTag(offset);
            tag = VlanTagging.TAG_BYTES;
        }
        int l4 = context.l4Start() + tag;
        mac.sendTrain(
                memory,
                offset - tag,
                bytes + tag,
                segmenter.mss(),
                segmenter.headerBytes() + tag,
                l4,
                context.l4ChecksumAt() + tag - l4);
    }

    private void sendSegment() {
        if (segmenter.next()) {
            // The FCS of a segment cannot come from the driver: it is always the MAC's.
            sendFrame(buffer.command(packet) | COMMAND_IFCS, segmenter.offset(), segmenter.length());
        } else {
            endSegmentation();
        }
    }

    private void endSegmentation() {
        segmenting = false;
        regs.count(TSCTC);
        packet++;
    }

    void reset() {
        packet = 0;
        segmenting = false;
    }
}
