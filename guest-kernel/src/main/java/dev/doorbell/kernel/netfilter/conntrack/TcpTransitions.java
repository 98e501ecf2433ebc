package dev.doorbell.kernel.netfilter.conntrack;

import static dev.doorbell.kernel.netfilter.conntrack.TcpState.CLOSE;
import static dev.doorbell.kernel.netfilter.conntrack.TcpState.CLOSE_WAIT;
import static dev.doorbell.kernel.netfilter.conntrack.TcpState.ESTABLISHED;
import static dev.doorbell.kernel.netfilter.conntrack.TcpState.FIN_WAIT;
import static dev.doorbell.kernel.netfilter.conntrack.TcpState.IGNORE;
import static dev.doorbell.kernel.netfilter.conntrack.TcpState.INVALID;
import static dev.doorbell.kernel.netfilter.conntrack.TcpState.LAST_ACK;
import static dev.doorbell.kernel.netfilter.conntrack.TcpState.SYN_RECV;
import static dev.doorbell.kernel.netfilter.conntrack.TcpState.SYN_SENT;
import static dev.doorbell.kernel.netfilter.conntrack.TcpState.SYN_SENT2;
import static dev.doorbell.kernel.netfilter.conntrack.TcpState.TIME_WAIT;

import dev.doorbell.bus.wire.TcpHeader;

/**
 * The state machine of a TCP connection as somebody sees it who watches both directions, in Linux's form. Rows: what
 * flags a segment has; columns: the state before it.
 *
 * <pre>
 * from the originator
 *           NONE  SS   SR   ES   FW   CW   LA   TW   CL   S2
 * SYN       SS    SS   ign  ign  ign  ign  ign  SS   SS   S2
 * SYN+ACK   inv   inv  SR   inv  inv  inv  inv  inv  inv  SR
 * FIN       inv   inv  FW   FW   LA   LA   LA   TW   CL   inv
 * ACK       ES    inv  ES   ES   CW   CW   TW   TW   CL   inv
 * RST       inv   CL   CL   CL   CL   CL   CL   CL   CL   CL
 * none      inv   inv  inv  inv  inv  inv  inv  inv  inv  inv
 * from the responder
 * SYN       inv   S2   inv  inv  inv  inv  inv  SS   inv  S2
 * SYN+ACK   inv   SR   ign  ign  ign  ign  ign  ign  ign  SR
 * FIN       inv   inv  FW   FW   LA   LA   LA   TW   CL   inv
 * ACK       inv   ign  SR   ES   CW   CW   TW   TW   CL   ign
 * RST       inv   CL   CL   CL   CL   CL   CL   CL   CL   CL
 * none      inv   inv  inv  inv  inv  inv  inv  inv  inv  inv
 * </pre>
 */
final class TcpTransitions {
    /** Rows. */
    static final int SYN = 0, SYN_ACK = 1, FIN = 2, ACK = 3, RST = 4, NOTHING = 5;

    private static final TcpState[] RESETS = {INVALID, CLOSE, CLOSE, CLOSE, CLOSE, CLOSE, CLOSE, CLOSE, CLOSE, CLOSE};
    private static final TcpState[] NEVER = {
        INVALID, INVALID, INVALID, INVALID, INVALID, INVALID, INVALID, INVALID, INVALID, INVALID
    };
    private static final TcpState[] FINS = {
        INVALID, INVALID, FIN_WAIT, FIN_WAIT, LAST_ACK, LAST_ACK, LAST_ACK, TIME_WAIT, CLOSE, INVALID
    };

    private static final TcpState[][][] NEXT = {
        {
            {SYN_SENT, SYN_SENT, IGNORE, IGNORE, IGNORE, IGNORE, IGNORE, SYN_SENT, SYN_SENT, SYN_SENT2},
            {INVALID, INVALID, SYN_RECV, INVALID, INVALID, INVALID, INVALID, INVALID, INVALID, SYN_RECV},
            FINS,
            {
                ESTABLISHED,
                INVALID,
                ESTABLISHED,
                ESTABLISHED,
                CLOSE_WAIT,
                CLOSE_WAIT,
                TIME_WAIT,
                TIME_WAIT,
                CLOSE,
                INVALID
            },
            RESETS,
            NEVER
        },
        {
            {INVALID, SYN_SENT2, INVALID, INVALID, INVALID, INVALID, INVALID, SYN_SENT, INVALID, SYN_SENT2},
            {INVALID, SYN_RECV, IGNORE, IGNORE, IGNORE, IGNORE, IGNORE, IGNORE, IGNORE, SYN_RECV},
            FINS,
            {INVALID, IGNORE, SYN_RECV, ESTABLISHED, CLOSE_WAIT, CLOSE_WAIT, TIME_WAIT, TIME_WAIT, CLOSE, IGNORE},
            RESETS,
            NEVER
        }
    };

    private TcpTransitions() {}

    /** The row of a segment's flags. */
    static int row(int flags) {
        if ((flags & TcpHeader.RST) != 0) {
            return RST;
        }
        if ((flags & TcpHeader.SYN) != 0) {
            return (flags & TcpHeader.ACK) != 0 ? SYN_ACK : SYN;
        }
        if ((flags & TcpHeader.FIN) != 0) {
            return FIN;
        }
        return (flags & TcpHeader.ACK) != 0 ? ACK : NOTHING;
    }

    static TcpState next(int direction, int row, TcpState before) {
        return NEXT[direction][row][before.ordinal()];
    }
}
