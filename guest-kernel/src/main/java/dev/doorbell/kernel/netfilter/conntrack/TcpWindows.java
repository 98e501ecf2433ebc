package dev.doorbell.kernel.netfilter.conntrack;

import dev.doorbell.bus.wire.Seq;
import dev.doorbell.bus.wire.TcpHeader;

/**
 * Checks sequence and acknowledgment numbers of segments against what both ends are known to have sent and offered,
 * after Guido van Rooij, "Real Stateful TCP Packet Filtering in IP Filter", in Linux's form.
 *
 * <pre>
 * I    begin of data          <= sender.maxEnd
 * II   end of data            >= sender.end - receiver.maxWindow
 * III  acknowledgment or SACK <= receiver.end
 * IV   acknowledgment or SACK >= receiver.end - max(66000, sender.maxWindow)
 * </pre>
 */
final class TcpWindows {
    /** What becomes of the segment. */
    enum Result {
        ACCEPT,
        /** Passes, but tells nothing: an old duplicate, or a little too much. */
        IGNORE,
        INVALID
    }

    private static final int MAX_ACK_WINDOW = 66_000;
    private static final int MAX_SCALE = 14;
    private static final int SACK_BLOCK_BYTES = 8, SACK_HEAD_BYTES = 2;

    private TcpHeader tcp = new TcpHeader();
    private int end;
    private final ConntrackSettings settings;

    TcpWindows(ConntrackSettings settings) {
        this.settings = settings;
    }

    /** Begins with a segment. */
    void load(TcpHeader header, int payloadBytes) {
        tcp = header;
        end = header.sequence() + payloadBytes + (header.isSyn() ? 1 : 0) + (header.isFin() ? 1 : 0);
    }

    /** Sequence number behind the segment. */
    int end() {
        return end;
    }

    /** The first segment of a connection. */
    void begin(TcpTrack track, boolean syn) {
        TcpWindow sender = track.ends[Connection.ORIGINAL];
        sender.clear();
        track.ends[Connection.REPLY].clear();
        sender.end = end;
        sender.maxWindow = Math.max(1, tcp.window());
        if (syn) {
            sender.maxEnd = end;
            readOptions(sender);
        } else {
            sender.maxEnd = end + sender.maxWindow;
            // What was agreed on in the SYNs is unknown: assume everything.
            sender.flags = TcpWindow.SACK_PERMITTED | TcpWindow.LIBERAL;
            track.ends[Connection.REPLY].flags = TcpWindow.SACK_PERMITTED | TcpWindow.LIBERAL;
        }
    }

    private void initSender(TcpWindow sender, TcpWindow receiver, int direction) {
        sender.end = end;
        sender.maxEnd = end;
        sender.maxWindow = Math.max(1, tcp.window());
        readOptions(sender);
        boolean bothScale = sender.has(TcpWindow.WINDOW_SCALE) && receiver.has(TcpWindow.WINDOW_SCALE);
        if (direction == Connection.REPLY && !bothScale) {
            sender.scale = 0;
            receiver.scale = 0;
        }
    }

    Result check(TcpTrack track, int direction, int row) {
        TcpWindow sender = track.ends[direction];
        TcpWindow receiver = track.ends[1 - direction];
        int sequence = tcp.sequence();
        int ack = tcp.acknowledgment();
        int sack = receiver.has(TcpWindow.SACK_PERMITTED) ? highestSack(ack) : ack;
        int segmentEnd = end;
        boolean syn = tcp.isSyn();
        if (sender.maxWindow == 0) {
            if (syn) {
                initSender(sender, receiver, direction);
                if (!tcp.isAck()) {
                    return Result.ACCEPT; // simultaneous open
                }
            } else {
                joinInTheMiddle(sender, receiver, sack);
            }
        } else if (syn
                && Seq.gt(segmentEnd, sender.end)
                && (track.state == TcpState.SYN_SENT || track.state == TcpState.SYN_RECV)) {
            // RFC 9293 section 3.5: began anew with another number
            initSender(sender, receiver, direction);
            if (direction == Connection.REPLY && !tcp.isAck()) {
                return Result.ACCEPT;
            }
        }
        if (!tcp.isAck() || tcp.isRst() && ack == 0) {
            ack = receiver.end; // nothing is acknowledged, or a reset that fills in nothing
            sack = ack;
        }
        if (tcp.isRst() && sequence == 0 && track.state == TcpState.SYN_SENT) {
            sequence = sender.end; // answers a SYN
            segmentEnd = sequence;
        }
        Result result = judge(sender, receiver, sequence, segmentEnd, sack);
        if (result != Result.ACCEPT) {
            return result;
        }
        update(sender, receiver, ack, sack, segmentEnd);
        if (row == TcpTransitions.ACK) {
            countRetransmission(track, direction, sequence, ack, segmentEnd);
        }
        return Result.ACCEPT;
    }

    /** The SYNs were not seen: the first segment of this side tells what it can. */
    private void joinInTheMiddle(TcpWindow sender, TcpWindow receiver, int sack) {
        sender.end = end;
        sender.maxWindow = Math.max(1, tcp.window() << sender.scale);
        sender.maxEnd = end + sender.maxWindow;
        if (receiver.maxWindow == 0) {
            receiver.end = sack;
            receiver.maxEnd = sack;
        } else if (sack == receiver.end + 1) {
            receiver.end++; // answers a keep-alive
        }
    }

    private Result judge(TcpWindow sender, TcpWindow receiver, int sequence, int segmentEnd, int sack) {
        int ackWindow = Math.max(MAX_ACK_WINDOW, sender.maxWindow);
        boolean ackRecent = Seq.gt(sack, receiver.end - ackWindow - 1);
        boolean ackSeen = Seq.lt(sack, receiver.end + 1);
        boolean notOld = receiver.maxWindow == 0 || Seq.gt(segmentEnd, sender.end - receiver.maxWindow - 1);
        if (!Seq.lt(sequence, sender.maxEnd + 1)) {
            int overshot = segmentEnd - sender.maxEnd + 1;
            boolean justTooMuch = receiver.maxWindow != 0
                    && notOld
                    && ackRecent
                    && ackSeen
                    && Integer.compareUnsigned(overshot, receiver.maxWindow) <= 0;
            if (justTooMuch) {
                sender.end = segmentEnd; // the peer may take it, and acknowledge it
                sender.flags |= TcpWindow.DATA_UNACKNOWLEDGED;
                return refused(sender, Result.IGNORE);
            }
            return refused(sender, Result.INVALID);
        }
        if (!ackSeen) {
            return refused(sender, Result.INVALID);
        }
        return notOld && ackRecent ? Result.ACCEPT : refused(sender, Result.IGNORE);
    }

    private Result refused(TcpWindow sender, Result result) {
        return settings.isTcpLiberal() || sender.has(TcpWindow.LIBERAL) ? Result.ACCEPT : result;
    }

    private void update(TcpWindow sender, TcpWindow receiver, int ack, int sack, int segmentEnd) {
        int window = tcp.isSyn() ? tcp.window() : tcp.window() << sender.scale;
        int offered = window + (sack - ack);
        if (Integer.compareUnsigned(sender.maxWindow, offered) < 0) {
            sender.maxWindow = offered;
        }
        if (Seq.gt(segmentEnd, sender.end)) {
            sender.end = segmentEnd;
            sender.flags |= TcpWindow.DATA_UNACKNOWLEDGED;
        }
        if (tcp.isAck()) {
            if (!sender.has(TcpWindow.MAX_ACK_SET) || Seq.gt(ack, sender.maxAck)) {
                sender.maxAck = ack;
                sender.flags |= TcpWindow.MAX_ACK_SET;
            }
        }
        if (receiver.maxWindow != 0 && Seq.gt(segmentEnd, sender.maxEnd)) {
            receiver.maxWindow += segmentEnd - sender.maxEnd;
        }
        if (Seq.gt(sack + window, receiver.maxEnd - 1)) {
            receiver.maxEnd = window == 0 ? sack + 1 : sack + window;
        }
        if (ack == receiver.end) {
            receiver.flags &= ~TcpWindow.DATA_UNACKNOWLEDGED;
        }
    }

    private void countRetransmission(TcpTrack track, int direction, int sequence, int ack, int segmentEnd) {
        boolean same = track.lastDirection == direction
                && track.lastSequence == sequence
                && track.lastAck == ack
                && track.lastEnd == segmentEnd
                && track.lastWindow == tcp.window();
        if (same) {
            track.retransmissions++;
            return;
        }
        track.lastDirection = direction;
        track.lastSequence = sequence;
        track.lastAck = ack;
        track.lastEnd = segmentEnd;
        track.lastWindow = tcp.window();
        track.retransmissions = 0;
    }

    /** Of a SYN that is ignored for now: what it offered counts when it turns out to be right. */
    void rememberOptions(TcpTrack track) {
        track.lastFlags = 0;
        track.lastScale = 0;
        for (int o = tcp.firstOption(); o >= 0; o = tcp.nextOption(o)) {
            if (isWindowScale(o)) {
                track.lastFlags |= TcpWindow.WINDOW_SCALE;
                track.lastScale = scaleAt(o);
            } else if (isSackPermitted(o)) {
                track.lastFlags |= TcpWindow.SACK_PERMITTED;
            }
        }
    }

    private void readOptions(TcpWindow sender) {
        sender.scale = 0;
        sender.flags = 0;
        for (int o = tcp.firstOption(); o >= 0; o = tcp.nextOption(o)) {
            if (isWindowScale(o)) {
                sender.flags |= TcpWindow.WINDOW_SCALE;
                sender.scale = scaleAt(o);
            } else if (isSackPermitted(o)) {
                sender.flags |= TcpWindow.SACK_PERMITTED;
            }
        }
    }

    private boolean isWindowScale(int option) {
        return tcp.optionKind(option) == TcpHeader.OPTION_WINDOW_SCALE && tcp.optionLength(option) == 3;
    }

    private boolean isSackPermitted(int option) {
        return tcp.optionKind(option) == TcpHeader.OPTION_SACK_PERMITTED && tcp.optionLength(option) == 2;
    }

    private int scaleAt(int option) {
        return Math.min(MAX_SCALE, tcp.optionU8(option, 2));
    }

    /** The highest right edge of a SACK block, or {@code ack}. */
    private int highestSack(int ack) {
        int highest = ack;
        for (int o = tcp.firstOption(); o >= 0; o = tcp.nextOption(o)) {
            int bytes = tcp.optionLength(o) - SACK_HEAD_BYTES;
            if (tcp.optionKind(o) == TcpHeader.OPTION_SACK
                    && bytes >= SACK_BLOCK_BYTES
                    && bytes % SACK_BLOCK_BYTES == 0) {
                for (int at = SACK_HEAD_BYTES; at < tcp.optionLength(o); at += SACK_BLOCK_BYTES) {
                    int right = tcp.optionU32(o, at + 4);
                    highest = Seq.gt(right, highest) ? right : highest;
                }
                return highest;
            }
        }
        return highest;
    }
}
