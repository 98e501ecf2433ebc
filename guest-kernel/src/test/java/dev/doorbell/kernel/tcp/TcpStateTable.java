package dev.doorbell.kernel.tcp;

import java.util.ArrayList;
import java.util.List;

/**
 * TCP's states and all that can happen in them, RFC 9293 §3.10: what {@link TcpStateTableTest} holds the stack to, row by row.
 * Where Linux and the RFC differ within what the RFC allows, the row is as Linux does it.
 *
 * <p>A line without indentation names a state ("request" is SYN-RECEIVED of a listener, SYN_RECV that of a simultaneous open);
 * the rows below it have: an event; the state afterwards; what is sent; and what a call returns, or for other events the error
 * that the socket then has. CLOSE after an event of a connection means that it is gone. Numbers are relative: the peer's SYN
 * and ours are 0. An answer is its flags (ACK alone for data), sequence number, acknowledgment; "..." stands for repetitions,
 * "-" for nothing.
 *
 * <p>Segments carry SEQ = RCV.NXT and ACK = SND.UNA unless the event says more: "larger" and "hole" are 100 above RCV.NXT,
 * "smaller" and "outside" 100 below, "old" ends at RCV.NXT, "beyond" is outside of the window, "future" acknowledges 100 bytes
 * that were never sent, "ACK" acknowledges all that was sent, "window" is in the window but not RCV.NXT. ICMP errors quote a
 * segment in flight. In FIN_WAIT1, CLOSING and LAST_ACK our FIN is in flight. The last two events are silence.
 */
final class TcpStateTable {
    /** One transition. */
    record Row(String state, String event, String next, String answer, String result) {
        @Override
        public String toString() {
            return state + ", " + event;
        }
    }

    private static final String TABLE = """
            CLOSE
                connect                SYN_SENT      SYN 0                                EINPROGRESS
                listen                 LISTEN        -                                    0
                send                   CLOSE         -                                    EPIPE
                send, half an hour     CLOSE         -                                    EPIPE
                receive                CLOSE         -                                    ENOTCONN
                shutdown WR            CLOSE         -                                    ENOTCONN
                shutdown RD            CLOSE         -                                    ENOTCONN
                close                  CLOSE         -                                    0
                close, a minute        CLOSE         -                                    0
                close, data            CLOSE         RST 0                                0
                abort                  CLOSE         -                                    0
                SYN                    CLOSE         RST ACK 0,1                          -
                SYN, larger            CLOSE         RST ACK 0,101                        -
                SYN, smaller           CLOSE         RST ACK 0,-99                        -
                SYN ACK                CLOSE         RST 0                                -
                ACK                    CLOSE         RST 0                                -
                ACK, old               CLOSE         RST -1                               -
                ACK, future            CLOSE         RST 100                              -
                data                   CLOSE         RST 0                                -
                data ACK               CLOSE         RST 0                                -
                data, hole             CLOSE         RST 0                                -
                data, old              CLOSE         RST 0                                -
                data, beyond           CLOSE         RST 0                                -
                FIN                    CLOSE         RST 0                                -
                FIN ACK                CLOSE         RST 0                                -
                FIN, hole              CLOSE         RST 0                                -
                FIN, old               CLOSE         RST 0                                -
                RST                    CLOSE         -                                    -
                RST ACK                CLOSE         -                                    -
                RST, window            CLOSE         -                                    -
                RST, outside           CLOSE         -                                    -
                no flags               CLOSE         RST ACK 0,0                          -
                port unreachable       CLOSE         -                                    -
                host unreachable       CLOSE         -                                    -
                time exceeded          CLOSE         -                                    -
                source quench          CLOSE         -                                    -
                fragmentation needed   CLOSE         -                                    -
                a minute               CLOSE         -                                    -
                half an hour           CLOSE         -                                    -
            LISTEN
                connect                LISTEN        -                                    EISCONN
                listen                 LISTEN        -                                    0
                send                   LISTEN        -                                    EPIPE
                send, half an hour     LISTEN        -                                    EPIPE
                receive                LISTEN        -                                    ENOTCONN
                shutdown WR            LISTEN        -                                    0
                shutdown RD            CLOSE         -                                    0
                close                  CLOSE         -                                    0
                close, a minute        CLOSE         -                                    0
                close, data            CLOSE         RST 0                                0
                abort                  CLOSE         -                                    0
                SYN                    request       SYN ACK 0,1                          -
                SYN, larger            request       SYN ACK 0,101                        -
                SYN, smaller           request       SYN ACK 0,-99                        -
                SYN ACK                LISTEN        RST 0                                -
                ACK                    LISTEN        RST 0                                -
                ACK, old               LISTEN        RST -1                               -
                ACK, future            LISTEN        RST 100                              -
                data                   LISTEN        RST 0                                -
                data ACK               LISTEN        RST 0                                -
                data, hole             LISTEN        RST 0                                -
                data, old              LISTEN        RST 0                                -
                data, beyond           LISTEN        RST 0                                -
                FIN                    LISTEN        RST 0                                -
                FIN ACK                LISTEN        RST 0                                -
                FIN, hole              LISTEN        RST 0                                -
                FIN, old               LISTEN        RST 0                                -
                RST                    LISTEN        -                                    -
                RST ACK                LISTEN        -                                    -
                RST, window            LISTEN        -                                    -
                RST, outside           LISTEN        -                                    -
                no flags               LISTEN        -                                    -
                port unreachable       LISTEN        -                                    -
                host unreachable       LISTEN        -                                    -
                time exceeded          LISTEN        -                                    -
                source quench          LISTEN        -                                    -
                fragmentation needed   LISTEN        -                                    -
                a minute               LISTEN        -                                    -
                half an hour           LISTEN        -                                    -
            request
                connect                request       -                                    EISCONN
                listen                 request       -                                    0
                send                   request       -                                    EPIPE
                send, half an hour     LISTEN        SYN ACK 0,1 ...                      EPIPE
                receive                request       -                                    ENOTCONN
                shutdown WR            request       -                                    0
                shutdown RD            CLOSE         -                                    0
                close                  CLOSE         -                                    0
                close, a minute        CLOSE         -                                    0
                close, data            CLOSE         RST 0                                0
                abort                  CLOSE         -                                    0
                SYN                    LISTEN        RST ACK 0,2                          -
                SYN, larger            LISTEN        RST ACK 0,102                        -
                SYN, smaller           request       ACK 1,1                              -
                SYN ACK                LISTEN        RST 1                                -
                ACK                    ESTABLISHED   -                                    -
                ACK, old               request       RST -1                               -
                ACK, future            request       RST 101                              -
                data                   request       RST 0                                -
                data ACK               ESTABLISHED   ACK 1,11                             -
                data, hole             request       RST 0                                -
                data, old              request       ACK 1,1                              -
                data, beyond           request       ACK 1,1                              -
                FIN                    request       RST 0                                -
                FIN ACK                CLOSE_WAIT    ACK 1,2                              -
                FIN, hole              request       RST 0                                -
                FIN, old               request       ACK 1,1                              -
                RST                    LISTEN        -                                    -
                RST ACK                LISTEN        -                                    -
                RST, window            request       ACK 1,1                              -
                RST, outside           request       -                                    -
                no flags               request       -                                    -
                port unreachable       request       -                                    -
                host unreachable       LISTEN        -                                    -
                time exceeded          LISTEN        -                                    -
                source quench          request       -                                    -
                fragmentation needed   request       -                                    -
                a minute               request       SYN ACK 0,1 ...                      -
                half an hour           LISTEN        SYN ACK 0,1 ...                      -
            SYN_SENT
                connect                SYN_SENT      -                                    EALREADY
                listen                 SYN_SENT      -                                    EINVAL
                send                   SYN_SENT      -                                    EAGAIN
                send, half an hour     CLOSE         SYN 0 ...                            EAGAIN
                receive                SYN_SENT      -                                    EAGAIN
                shutdown WR            CLOSE         -                                    0
                shutdown RD            CLOSE         -                                    0
                close                  CLOSE         -                                    0
                close, a minute        CLOSE         -                                    0
                close, data            CLOSE         RST 0                                0
                abort                  CLOSE         -                                    0
                SYN                    SYN_RECV      SYN ACK 0,1                          -
                SYN, larger            SYN_RECV      SYN ACK 0,101                        -
                SYN, smaller           SYN_RECV      SYN ACK 0,-99                        -
                SYN ACK                ESTABLISHED   ACK 1,1                              -
                ACK                    SYN_SENT      -                                    -
                ACK, old               SYN_SENT      RST -1                               -
                ACK, future            SYN_SENT      RST 101                              -
                data                   SYN_SENT      RST 0                                -
                data ACK               SYN_SENT      -                                    -
                data, hole             SYN_SENT      RST 0                                -
                data, old              SYN_SENT      RST 0                                -
                data, beyond           SYN_SENT      RST 0                                -
                FIN                    SYN_SENT      RST 0                                -
                FIN ACK                SYN_SENT      -                                    -
                FIN, hole              SYN_SENT      RST 0                                -
                FIN, old               SYN_SENT      -                                    -
                RST                    SYN_SENT      -                                    -
                RST ACK                CLOSE         -                                    ECONNREFUSED
                RST, window            SYN_SENT      -                                    -
                RST, outside           SYN_SENT      -                                    -
                no flags               SYN_SENT      -                                    -
                port unreachable       CLOSE         -                                    ECONNREFUSED
                host unreachable       CLOSE         -                                    EHOSTUNREACH
                time exceeded          CLOSE         -                                    EHOSTUNREACH
                source quench          SYN_SENT      -                                    -
                fragmentation needed   SYN_SENT      -                                    -
                a minute               SYN_SENT      SYN 0 ...                            -
                half an hour           CLOSE         SYN 0 ...                            ETIMEDOUT
            SYN_RECV
                connect                SYN_RECV      -                                    EALREADY
                listen                 SYN_RECV      -                                    EINVAL
                send                   SYN_RECV      -                                    EAGAIN
                send, half an hour     CLOSE         SYN ACK 0,1 ...                      EAGAIN
                receive                SYN_RECV      -                                    EAGAIN
                shutdown WR            FIN_WAIT1     FIN ACK 1,1                          0
                shutdown RD            SYN_RECV      -                                    0
                close                  FIN_WAIT1     FIN ACK 1,1                          0
                close, a minute        FIN_WAIT1     FIN ACK 1,1 ... + SYN ACK 0,1 ...    0
                close, data            CLOSE         RST 0                                0
                abort                  CLOSE         RST ACK 1,1                          0
                SYN                    SYN_RECV      ACK 1,1                              -
                SYN, larger            SYN_RECV      ACK 1,1                              -
                SYN, smaller           SYN_RECV      ACK 1,1                              -
                SYN ACK                SYN_RECV      ACK 1,1                              -
                ACK                    ESTABLISHED   -                                    -
                ACK, old               SYN_RECV      RST -1                               -
                ACK, future            SYN_RECV      RST 101                              -
                data                   SYN_RECV      RST 0                                -
                data ACK               ESTABLISHED   ACK 1,11                             -
                data, hole             SYN_RECV      RST 0                                -
                data, old              SYN_RECV      RST 0                                -
                data, beyond           SYN_RECV      ACK 1,1                              -
                FIN                    SYN_RECV      RST 0                                -
                FIN ACK                CLOSE_WAIT    ACK 1,2                              -
                FIN, hole              SYN_RECV      RST 0                                -
                FIN, old               ESTABLISHED   ACK 1,1                              -
                RST                    CLOSE         -                                    ECONNRESET
                RST ACK                CLOSE         -                                    ECONNRESET
                RST, window            SYN_RECV      ACK 1,1                              -
                RST, outside           SYN_RECV      -                                    -
                no flags               SYN_RECV      -                                    -
                port unreachable       CLOSE         -                                    ECONNREFUSED
                host unreachable       CLOSE         -                                    EHOSTUNREACH
                time exceeded          CLOSE         -                                    EHOSTUNREACH
                source quench          SYN_RECV      -                                    -
                fragmentation needed   SYN_RECV      -                                    -
                a minute               SYN_RECV      SYN ACK 0,1 ...                      -
                half an hour           CLOSE         SYN ACK 0,1 ...                      ETIMEDOUT
            ESTABLISHED
                connect                ESTABLISHED   -                                    EISCONN
                listen                 ESTABLISHED   -                                    EINVAL
                send                   ESTABLISHED   ACK 1,1 data                         10
                send, half an hour     CLOSE         ACK 1,1 data ...                     10
                receive                ESTABLISHED   -                                    EAGAIN
                shutdown WR            FIN_WAIT1     FIN ACK 1,1                          0
                shutdown RD            ESTABLISHED   -                                    0
                close                  FIN_WAIT1     FIN ACK 1,1                          0
                close, a minute        FIN_WAIT1     FIN ACK 1,1 ...                      0
                close, data            CLOSE         RST 1                                0
                abort                  CLOSE         RST ACK 1,1                          0
                SYN                    ESTABLISHED   ACK 1,1                              -
                SYN, larger            ESTABLISHED   ACK 1,1                              -
                SYN, smaller           ESTABLISHED   ACK 1,1                              -
                SYN ACK                ESTABLISHED   ACK 1,1                              -
                ACK                    ESTABLISHED   -                                    -
                ACK, old               ESTABLISHED   -                                    -
                ACK, future            ESTABLISHED   ACK 1,1                              -
                data                   ESTABLISHED   ACK 1,11                             -
                data ACK               ESTABLISHED   ACK 1,11                             -
                data, hole             ESTABLISHED   ACK 1,1                              -
                data, old              ESTABLISHED   ACK 1,1                              -
                data, beyond           ESTABLISHED   ACK 1,1                              -
                FIN                    CLOSE_WAIT    ACK 1,2                              -
                FIN ACK                CLOSE_WAIT    ACK 1,2                              -
                FIN, hole              ESTABLISHED   ACK 1,1                              -
                FIN, old               ESTABLISHED   ACK 1,1                              -
                RST                    CLOSE         -                                    ECONNRESET
                RST ACK                CLOSE         -                                    ECONNRESET
                RST, window            ESTABLISHED   ACK 1,1                              -
                RST, outside           ESTABLISHED   -                                    -
                no flags               ESTABLISHED   -                                    -
                port unreachable       ESTABLISHED   -                                    -
                host unreachable       ESTABLISHED   -                                    -
                time exceeded          ESTABLISHED   -                                    -
                source quench          ESTABLISHED   -                                    -
                fragmentation needed   ESTABLISHED   -                                    -
                a minute               ESTABLISHED   -                                    -
                half an hour           ESTABLISHED   -                                    -
            FIN_WAIT1
                connect                FIN_WAIT1     -                                    EISCONN
                listen                 FIN_WAIT1     -                                    EINVAL
                send                   FIN_WAIT1     -                                    EPIPE
                send, half an hour     CLOSE         FIN ACK 1,1 ...                      EPIPE
                receive                FIN_WAIT1     -                                    EAGAIN
                shutdown WR            FIN_WAIT1     -                                    0
                shutdown RD            FIN_WAIT1     -                                    0
                close                  FIN_WAIT1     -                                    0
                close, a minute        FIN_WAIT1     FIN ACK 1,1 ...                      0
                close, data            CLOSE         RST 1                                0
                abort                  CLOSE         RST ACK 2,1                          0
                SYN                    FIN_WAIT1     ACK 2,1                              -
                SYN, larger            FIN_WAIT1     ACK 2,1                              -
                SYN, smaller           FIN_WAIT1     ACK 2,1                              -
                SYN ACK                FIN_WAIT1     ACK 2,1                              -
                ACK                    FIN_WAIT2     -                                    -
                ACK, old               FIN_WAIT1     -                                    -
                ACK, future            FIN_WAIT1     ACK 2,1                              -
                data                   FIN_WAIT1     ACK 2,11                             -
                data ACK               FIN_WAIT2     ACK 2,11                             -
                data, hole             FIN_WAIT1     ACK 2,1                              -
                data, old              FIN_WAIT1     ACK 2,1                              -
                data, beyond           FIN_WAIT1     ACK 2,1                              -
                FIN                    CLOSING       ACK 2,2                              -
                FIN ACK                TIME_WAIT     ACK 2,2                              -
                FIN, hole              FIN_WAIT1     ACK 2,1                              -
                FIN, old               FIN_WAIT2     ACK 2,1                              -
                RST                    CLOSE         -                                    ECONNRESET
                RST ACK                CLOSE         -                                    ECONNRESET
                RST, window            FIN_WAIT1     ACK 2,1                              -
                RST, outside           FIN_WAIT1     -                                    -
                no flags               FIN_WAIT1     -                                    -
                port unreachable       FIN_WAIT1     -                                    -
                host unreachable       FIN_WAIT1     -                                    -
                time exceeded          FIN_WAIT1     -                                    -
                source quench          FIN_WAIT1     -                                    -
                fragmentation needed   FIN_WAIT1     -                                    -
                a minute               FIN_WAIT1     FIN ACK 1,1 ...                      -
                half an hour           CLOSE         FIN ACK 1,1 ...                      ETIMEDOUT
            FIN_WAIT2
                connect                FIN_WAIT2     -                                    EISCONN
                listen                 FIN_WAIT2     -                                    EINVAL
                send                   FIN_WAIT2     -                                    EPIPE
                send, half an hour     FIN_WAIT2     -                                    EPIPE
                receive                FIN_WAIT2     -                                    EAGAIN
                shutdown WR            FIN_WAIT2     -                                    0
                shutdown RD            FIN_WAIT2     -                                    0
                close                  FIN_WAIT2     -                                    0
                close, a minute        CLOSE         -                                    0
                close, data            CLOSE         RST 2                                0
                abort                  CLOSE         RST ACK 2,1                          0
                SYN                    FIN_WAIT2     ACK 2,1                              -
                SYN, larger            FIN_WAIT2     ACK 2,1                              -
                SYN, smaller           FIN_WAIT2     ACK 2,1                              -
                SYN ACK                FIN_WAIT2     ACK 2,1                              -
                ACK                    FIN_WAIT2     -                                    -
                ACK, old               FIN_WAIT2     -                                    -
                ACK, future            FIN_WAIT2     ACK 2,1                              -
                data                   FIN_WAIT2     ACK 2,11                             -
                data ACK               FIN_WAIT2     ACK 2,11                             -
                data, hole             FIN_WAIT2     ACK 2,1                              -
                data, old              FIN_WAIT2     ACK 2,1                              -
                data, beyond           FIN_WAIT2     ACK 2,1                              -
                FIN                    TIME_WAIT     ACK 2,2                              -
                FIN ACK                TIME_WAIT     ACK 2,2                              -
                FIN, hole              FIN_WAIT2     ACK 2,1                              -
                FIN, old               FIN_WAIT2     ACK 2,1                              -
                RST                    CLOSE         -                                    ECONNRESET
                RST ACK                CLOSE         -                                    ECONNRESET
                RST, window            FIN_WAIT2     ACK 2,1                              -
                RST, outside           FIN_WAIT2     -                                    -
                no flags               FIN_WAIT2     -                                    -
                port unreachable       FIN_WAIT2     -                                    -
                host unreachable       FIN_WAIT2     -                                    -
                time exceeded          FIN_WAIT2     -                                    -
                source quench          FIN_WAIT2     -                                    -
                fragmentation needed   FIN_WAIT2     -                                    -
                a minute               FIN_WAIT2     -                                    -
                half an hour           FIN_WAIT2     -                                    -
            CLOSE_WAIT
                connect                CLOSE_WAIT    -                                    EISCONN
                listen                 CLOSE_WAIT    -                                    EINVAL
                send                   CLOSE_WAIT    ACK 1,2 data                         10
                send, half an hour     CLOSE         ACK 1,2 data ...                     10
                receive                CLOSE_WAIT    -                                    0
                shutdown WR            LAST_ACK      FIN ACK 1,2                          0
                shutdown RD            CLOSE_WAIT    -                                    0
                close                  LAST_ACK      FIN ACK 1,2                          0
                close, a minute        LAST_ACK      FIN ACK 1,2 ...                      0
                close, data            LAST_ACK      -                                    0
                abort                  CLOSE         RST ACK 1,2                          0
                SYN                    CLOSE_WAIT    ACK 1,2                              -
                SYN, larger            CLOSE_WAIT    ACK 1,2                              -
                SYN, smaller           CLOSE_WAIT    ACK 1,2                              -
                SYN ACK                CLOSE_WAIT    ACK 1,2                              -
                ACK                    CLOSE_WAIT    -                                    -
                ACK, old               CLOSE_WAIT    -                                    -
                ACK, future            CLOSE_WAIT    ACK 1,2                              -
                data                   CLOSE_WAIT    -                                    -
                data ACK               CLOSE_WAIT    -                                    -
                data, hole             CLOSE_WAIT    -                                    -
                data, old              CLOSE_WAIT    ACK 1,2                              -
                data, beyond           CLOSE_WAIT    ACK 1,2                              -
                FIN                    CLOSE_WAIT    -                                    -
                FIN ACK                CLOSE_WAIT    -                                    -
                FIN, hole              CLOSE_WAIT    -                                    -
                FIN, old               CLOSE_WAIT    ACK 1,2                              -
                RST                    CLOSE         -                                    EPIPE
                RST ACK                CLOSE         -                                    EPIPE
                RST, window            CLOSE_WAIT    ACK 1,2                              -
                RST, outside           CLOSE_WAIT    -                                    -
                no flags               CLOSE_WAIT    -                                    -
                port unreachable       CLOSE_WAIT    -                                    -
                host unreachable       CLOSE_WAIT    -                                    -
                time exceeded          CLOSE_WAIT    -                                    -
                source quench          CLOSE_WAIT    -                                    -
                fragmentation needed   CLOSE_WAIT    -                                    -
                a minute               CLOSE_WAIT    -                                    -
                half an hour           CLOSE_WAIT    -                                    -
            CLOSING
                connect                CLOSING       -                                    EISCONN
                listen                 CLOSING       -                                    EINVAL
                send                   CLOSING       -                                    EPIPE
                send, half an hour     CLOSE         FIN ACK 1,2 ...                      EPIPE
                receive                CLOSING       -                                    0
                shutdown WR            CLOSING       -                                    0
                shutdown RD            CLOSING       -                                    0
                close                  CLOSING       -                                    0
                close, a minute        CLOSING       FIN ACK 1,2 ...                      0
                close, data            CLOSING       -                                    0
                abort                  CLOSE         -                                    0
                SYN                    CLOSING       ACK 2,2                              -
                SYN, larger            CLOSING       ACK 2,2                              -
                SYN, smaller           CLOSING       ACK 2,2                              -
                SYN ACK                CLOSING       ACK 2,2                              -
                ACK                    TIME_WAIT     -                                    -
                ACK, old               CLOSING       -                                    -
                ACK, future            CLOSING       ACK 2,2                              -
                data                   CLOSING       -                                    -
                data ACK               TIME_WAIT     -                                    -
                data, hole             CLOSING       -                                    -
                data, old              CLOSING       ACK 2,2                              -
                data, beyond           CLOSING       ACK 2,2                              -
                FIN                    CLOSING       -                                    -
                FIN ACK                TIME_WAIT     -                                    -
                FIN, hole              CLOSING       -                                    -
                FIN, old               TIME_WAIT     -                                    -
                RST                    CLOSE         -                                    ECONNRESET
                RST ACK                CLOSE         -                                    ECONNRESET
                RST, window            CLOSING       ACK 2,2                              -
                RST, outside           CLOSING       -                                    -
                no flags               CLOSING       -                                    -
                port unreachable       CLOSING       -                                    -
                host unreachable       CLOSING       -                                    -
                time exceeded          CLOSING       -                                    -
                source quench          CLOSING       -                                    -
                fragmentation needed   CLOSING       -                                    -
                a minute               CLOSING       FIN ACK 1,2 ...                      -
                half an hour           CLOSE         FIN ACK 1,2 ...                      ETIMEDOUT
            LAST_ACK
                connect                LAST_ACK      -                                    EISCONN
                listen                 LAST_ACK      -                                    EINVAL
                send                   LAST_ACK      -                                    EPIPE
                send, half an hour     CLOSE         FIN ACK 1,2 ...                      EPIPE
                receive                LAST_ACK      -                                    0
                shutdown WR            LAST_ACK      -                                    0
                shutdown RD            LAST_ACK      -                                    0
                close                  LAST_ACK      -                                    0
                close, a minute        LAST_ACK      FIN ACK 1,2 ...                      0
                close, data            LAST_ACK      -                                    0
                abort                  CLOSE         -                                    0
                SYN                    LAST_ACK      ACK 2,2                              -
                SYN, larger            LAST_ACK      ACK 2,2                              -
                SYN, smaller           LAST_ACK      ACK 2,2                              -
                SYN ACK                LAST_ACK      ACK 2,2                              -
                ACK                    CLOSE         -                                    -
                ACK, old               LAST_ACK      -                                    -
                ACK, future            LAST_ACK      ACK 2,2                              -
                data                   LAST_ACK      -                                    -
                data ACK               CLOSE         -                                    -
                data, hole             LAST_ACK      -                                    -
                data, old              LAST_ACK      ACK 2,2                              -
                data, beyond           LAST_ACK      ACK 2,2                              -
                FIN                    LAST_ACK      -                                    -
                FIN ACK                CLOSE         -                                    -
                FIN, hole              LAST_ACK      -                                    -
                FIN, old               CLOSE         -                                    -
                RST                    CLOSE         -                                    ECONNRESET
                RST ACK                CLOSE         -                                    ECONNRESET
                RST, window            LAST_ACK      ACK 2,2                              -
                RST, outside           LAST_ACK      -                                    -
                no flags               LAST_ACK      -                                    -
                port unreachable       LAST_ACK      -                                    -
                host unreachable       LAST_ACK      -                                    -
                time exceeded          LAST_ACK      -                                    -
                source quench          LAST_ACK      -                                    -
                fragmentation needed   LAST_ACK      -                                    -
                a minute               LAST_ACK      FIN ACK 1,2 ...                      -
                half an hour           CLOSE         FIN ACK 1,2 ...                      ETIMEDOUT
            TIME_WAIT
                connect                TIME_WAIT     -                                    EISCONN
                listen                 TIME_WAIT     -                                    EINVAL
                send                   TIME_WAIT     -                                    EPIPE
                send, half an hour     CLOSE         -                                    EPIPE
                receive                TIME_WAIT     -                                    0
                shutdown WR            TIME_WAIT     -                                    ENOTCONN
                shutdown RD            TIME_WAIT     -                                    ENOTCONN
                close                  TIME_WAIT     -                                    0
                close, a minute        CLOSE         -                                    0
                close, data            TIME_WAIT     ACK 2,2                              0
                abort                  TIME_WAIT     -                                    0
                SYN                    TIME_WAIT     ACK 2,2                              -
                SYN, larger            request       SYN ACK 0,103                        -
                SYN, smaller           TIME_WAIT     ACK 2,2                              -
                SYN ACK                TIME_WAIT     ACK 2,2                              -
                ACK                    TIME_WAIT     -                                    -
                ACK, old               TIME_WAIT     -                                    -
                ACK, future            TIME_WAIT     -                                    -
                data                   TIME_WAIT     ACK 2,2                              -
                data ACK               TIME_WAIT     ACK 2,2                              -
                data, hole             TIME_WAIT     ACK 2,2                              -
                data, old              TIME_WAIT     ACK 2,2                              -
                data, beyond           TIME_WAIT     ACK 2,2                              -
                FIN                    TIME_WAIT     ACK 2,2                              -
                FIN ACK                TIME_WAIT     ACK 2,2                              -
                FIN, hole              TIME_WAIT     ACK 2,2                              -
                FIN, old               TIME_WAIT     ACK 2,2                              -
                RST                    CLOSE         -                                    -
                RST ACK                CLOSE         -                                    -
                RST, window            TIME_WAIT     -                                    -
                RST, outside           TIME_WAIT     -                                    -
                no flags               TIME_WAIT     -                                    -
                port unreachable       TIME_WAIT     -                                    -
                host unreachable       TIME_WAIT     -                                    -
                time exceeded          TIME_WAIT     -                                    -
                source quench          TIME_WAIT     -                                    -
                fragmentation needed   TIME_WAIT     -                                    -
                a minute               CLOSE         -                                    -
                half an hour           CLOSE         -                                    -
            """;

    private TcpStateTable() {}

    /** The rows in their order. */
    static List<Row> rows() {
        List<Row> rows = new ArrayList<>();
        String state = "";
        for (String line : TABLE.split("\n", -1)) {
            if (!line.startsWith(" ")) {
                state = line;
                continue;
            }
            String[] words = line.strip().split(" {2,}", -1);
            rows.add(new Row(state, words[0], words[1], words[2], words[3]));
        }
        return rows;
    }
}
