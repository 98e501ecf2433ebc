package dev.doorbell.kernel.netfilter.conntrack;

import dev.doorbell.bus.wire.Seq;
import dev.doorbell.bus.wire.TcpHeader;
import dev.doorbell.kernel.netfilter.Packet;

/** Follows TCP connections: states by {@link TcpTransitions}, sequence numbers by {@link TcpWindows}. */
final class TcpTracker {
    /** A connection that is as good as gone is not checked for numbers any more. */
    private static final long ABOUT_TO_EXPIRE_NS = 120_000_000_000L;

    private final ConntrackTable table;
    private final ConntrackSettings settings;
    private final TcpWindows windows;
    private final TcpHeader tcp = new TcpHeader();

    TcpTracker(ConntrackTable table, ConntrackSettings settings) {
        this.table = table;
        this.settings = settings;
        windows = new TcpWindows(settings);
    }

    /** Flags that no sane TCP combines make a segment invalid; ECE, CWR and PSH do not matter. */
    static boolean areFlagsValid(int flags) {
        return switch (flags & (TcpHeader.FIN | TcpHeader.SYN | TcpHeader.RST | TcpHeader.ACK | TcpHeader.URG)) {
            case TcpHeader.SYN,
                    TcpHeader.SYN | TcpHeader.URG,
                    TcpHeader.SYN | TcpHeader.ACK,
                    TcpHeader.RST,
                    TcpHeader.RST | TcpHeader.ACK,
                    TcpHeader.FIN | TcpHeader.ACK,
                    TcpHeader.FIN | TcpHeader.ACK | TcpHeader.URG,
                    TcpHeader.ACK,
                    TcpHeader.ACK | TcpHeader.URG -> true;
            default -> false;
        };
    }

    /** @param packet its TCP header was checked and is linear */
    Tracked track(Packet packet, Connection connection, int direction) {
        TcpTrack track = connection.tcp;
        if (track == null) {
            return Tracked.INVALID;
        }
        tcp.wrap(packet.skb().memory(), packet.transport(), packet.skb().headLength() - packet.headerLength());
        windows.load(tcp, packet.transportLength() - tcp.headerLength());
        int row = TcpTransitions.row(tcp.flags());
        if (!connection.is(Connection.CONFIRMED) && track.state == TcpState.NONE && !begin(track, row)) {
            return Tracked.INVALID;
        }
        TcpState before = track.state;
        TcpState next = TcpTransitions.next(direction, row, before);
        boolean checkWindow = true;
        switch (next) {
            case INVALID -> {
                return Tracked.INVALID;
            }
            case SYN_SENT -> {
                if (before.ordinal() >= TcpState.TIME_WAIT.ordinal()) {
                    if (isOver(track, direction)) {
                        table.remove(connection);
                        return Tracked.REPEAT;
                    }
                    next = ignored(track, direction, row, before);
                    if (next == TcpState.IGNORE) {
                        return Tracked.ACCEPT;
                    }
                    before = TcpState.SYN_SENT;
                }
            }
            case IGNORE -> {
                next = ignored(track, direction, row, before);
                if (next == TcpState.IGNORE) {
                    return Tracked.ACCEPT;
                }
                before = TcpState.SYN_SENT;
            }
            case TIME_WAIT -> {
                if (isChallengeAck(track, direction, row, before)) {
                    track.lastFlags &= ~TcpTrack.EXPECT_CHALLENGE_ACK;
                    return Tracked.ACCEPT;
                }
            }
            case SYN_SENT2 -> track.lastFlags |= TcpTrack.SIMULTANEOUS_OPEN;
            case SYN_RECV -> {
                if (direction == Connection.REPLY
                        && row == TcpTransitions.ACK
                        && (track.lastFlags & TcpTrack.SIMULTANEOUS_OPEN) != 0) {
                    next = TcpState.ESTABLISHED;
                }
            }
            case CLOSE -> {
                if (row == TcpTransitions.RST && mayDropEarly(track)) {
                    checkWindow = false;
                } else if (row == TcpTransitions.RST) {
                    boolean known = isAckKnown(track, direction);
                    if (known && isInvalidReset(track, connection, direction)) {
                        return Tracked.INVALID;
                    }
                    if (!known || !mayClose(track, connection, direction)) {
                        next = known ? before : next;
                        checkWindow = !answersIgnored(track, connection, before);
                    }
                }
            }
            default -> {}
        }
        if (checkWindow) {
            switch (windows.check(track, direction, row)) {
                case INVALID -> {
                    shortenAfterInvalid(track, connection, direction, row);
                    return Tracked.INVALID;
                }
                case IGNORE -> {
                    return Tracked.ACCEPT;
                }
                default -> {}
            }
        }
        return advance(track, connection, direction, row, before, next);
    }

    /** The first packet of a connection: tcp_new. */
    private boolean begin(TcpTrack track, int row) {
        TcpState first = TcpTransitions.next(Connection.ORIGINAL, row, TcpState.NONE);
        if (first == TcpState.INVALID || first != TcpState.SYN_SENT && !settings.isTcpLoose()) {
            return false;
        }
        windows.begin(track, first == TcpState.SYN_SENT);
        track.lastRow = TcpTransitions.NOTHING;
        return true;
    }

    /** RFC 1122 section 4.2.2.13: a SYN may open again what both sides closed, or what was reset. */
    private static boolean isOver(TcpTrack track, int direction) {
        return track.ends[0].has(TcpWindow.CLOSE_INIT)
                || track.ends[1].has(TcpWindow.CLOSE_INIT)
                || track.lastDirection == direction && track.lastRow == TcpTransitions.RST;
    }

    /**
     * A segment that may be wrong, or right while we are out of step: remembered; the answer tells.
     *
     * @return IGNORE; or SYN_RECV when it proves that an earlier ignored SYN was right
     */
    private TcpState ignored(TcpTrack track, int direction, int row, TcpState before) {
        if (row == TcpTransitions.SYN_ACK
                && track.lastRow == TcpTransitions.SYN
                && track.lastDirection != direction
                && tcp.acknowledgment() == track.lastEnd) {
            TcpWindow sender = track.ends[track.lastDirection];
            sender.end = track.lastEnd;
            sender.maxEnd = track.lastEnd;
            sender.maxWindow = track.lastWindow == 0 ? 1 : track.lastWindow;
            sender.scale = track.lastScale;
            track.lastFlags &= ~TcpTrack.EXPECT_CHALLENGE_ACK;
            sender.flags = track.lastFlags;
            track.ends[direction].clear();
            return TcpState.SYN_RECV;
        }
        track.lastRow = row;
        track.lastDirection = direction;
        track.lastSequence = tcp.sequence();
        track.lastEnd = windows.end();
        track.lastWindow = tcp.window();
        if (row == TcpTransitions.SYN && direction == Connection.ORIGINAL) {
            windows.rememberOptions(track);
            if (before == TcpState.LAST_ACK) {
                track.lastFlags |= TcpTrack.EXPECT_CHALLENGE_ACK;
            }
        }
        if (before == TcpState.SYN_SENT && row == TcpTransitions.ACK && direction == Connection.REPLY) {
            track.lastAck = tcp.acknowledgment();
        }
        return TcpState.IGNORE;
    }

    private static boolean isChallengeAck(TcpTrack track, int direction, int row, TcpState before) {
        return before == TcpState.LAST_ACK
                && row == TcpTransitions.ACK
                && track.lastDirection != direction
                && track.lastRow == TcpTransitions.SYN
                && (track.lastFlags & TcpTrack.EXPECT_CHALLENGE_ACK) != 0;
    }

    /** Whether a reset can be judged by what the other side acknowledged: not after a SYN that was let through. */
    private static boolean isAckKnown(TcpTrack track, int direction) {
        return track.ends[1 - direction].has(TcpWindow.MAX_ACK_SET) && track.lastRow != TcpTransitions.SYN;
    }

    /** A reset with numbers from before what the peer acknowledged is a guess. */
    private boolean isInvalidReset(TcpTrack track, Connection connection, int direction) {
        boolean answersSyn = tcp.sequence() == 0 && !isEstablished(track, connection);
        return !answersSyn && Seq.lt(tcp.sequence(), track.ends[1 - direction].maxAck);
    }

    /** RFC 5961 section 3: only a reset with exactly the expected number closes; another causes a challenge. */
    private boolean mayClose(TcpTrack track, Connection connection, int direction) {
        int sequence = tcp.sequence();
        return !isEstablished(track, connection)
                || sequence == track.ends[1 - direction].maxAck
                || track.lastRow == TcpTransitions.ACK && track.lastDirection == direction && sequence == track.lastEnd;
    }

    private static boolean isEstablished(TcpTrack track, Connection connection) {
        return track.state == TcpState.ESTABLISHED && connection.is(Connection.ASSURED);
    }

    /** Closing states: the entry may be gone any moment, its numbers prove nothing. */
    static boolean mayDropEarly(TcpTrack track) {
        return switch (track.state) {
            case FIN_WAIT, LAST_ACK, TIME_WAIT, CLOSE, CLOSE_WAIT -> true;
            default -> false;
        };
    }

    /** A reset that answers what was let through unseen is right whatever the windows say. */
    private boolean answersIgnored(TcpTrack track, Connection connection, TcpState before) {
        boolean toSyn = connection.is(Connection.SEEN_REPLY) && track.lastRow == TcpTransitions.SYN;
        boolean toAck = !connection.is(Connection.ASSURED) && track.lastRow == TcpTransitions.ACK;
        if ((toSyn || toAck) && tcp.acknowledgment() == track.lastEnd) {
            return true;
        }
        return before == TcpState.SYN_SENT
                && track.lastRow == TcpTransitions.ACK
                && track.lastDirection == Connection.REPLY
                && tcp.sequence() == track.lastAck;
    }

    /** Both sides sent a FIN or RST that looked wrong: most likely it is we who are wrong. */
    private void shortenAfterInvalid(TcpTrack track, Connection connection, int direction, int row) {
        if (!connection.is(Connection.ASSURED) || row != TcpTransitions.RST && row != TcpTransitions.FIN) {
            return;
        }
        boolean answered = track.lastDirection != direction
                && (track.lastRow == TcpTransitions.RST || track.lastRow == TcpTransitions.FIN);
        if (!answered) {
            track.lastRow = row;
            track.lastDirection = direction;
        } else if (connection.remainingNs(table.nowNs()) >= ABOUT_TO_EXPIRE_NS) {
            table.refresh(connection, settings.timeoutNs(ConntrackTimeout.TCP_UNACKNOWLEDGED));
        }
    }

    private Tracked advance(
            TcpTrack track, Connection connection, int direction, int row, TcpState before, TcpState next) {
        track.lastRow = row;
        track.lastDirection = direction;
        track.state = next;
        if (before != next && next == TcpState.FIN_WAIT) {
            track.ends[direction].flags |= TcpWindow.CLOSE_INIT;
        }
        long timeout = timeoutNs(track, row, next);
        if (!connection.is(Connection.SEEN_REPLY)) {
            if (row == TcpTransitions.RST) {
                table.remove(connection); // refused: not worth keeping
                return Tracked.ACCEPT;
            }
            if (row == TcpTransitions.SYN && before == TcpState.SYN_SENT && connection.is(Connection.CONFIRMED)) {
                return Tracked.ACCEPT; // repeating it does not keep the entry alive
            }
            if (next == TcpState.ESTABLISHED) {
                timeout = Math.min(timeout, settings.timeoutNs(ConntrackTimeout.TCP_UNACKNOWLEDGED));
            }
        } else if ((before == TcpState.SYN_RECV || before == TcpState.ESTABLISHED) && next == TcpState.ESTABLISHED) {
            connection.status |= Connection.ASSURED;
        }
        table.refresh(connection, timeout);
        return Tracked.ACCEPT;
    }

    private long timeoutNs(TcpTrack track, int row, TcpState state) {
        long timeout = settings.timeoutNs(state.timeout());
        long retransmitting = settings.timeoutNs(ConntrackTimeout.TCP_MAX_RETRANSMISSIONS);
        if (track.retransmissions >= settings.tcpMaxRetransmissions()) {
            return Math.min(timeout, retransmitting);
        }
        if (row == TcpTransitions.RST) {
            return settings.timeoutNs(ConntrackTimeout.TCP_CLOSE);
        }
        boolean unacknowledged =
                track.ends[0].has(TcpWindow.DATA_UNACKNOWLEDGED) || track.ends[1].has(TcpWindow.DATA_UNACKNOWLEDGED);
        if (unacknowledged) {
            return Math.min(timeout, settings.timeoutNs(ConntrackTimeout.TCP_UNACKNOWLEDGED));
        }
        return track.lastWindow == 0 ? Math.min(timeout, retransmitting) : timeout;
    }
}
