package dev.doorbell.kernel.tcp;

import static dev.doorbell.kernel.socket.SocketConstants.*;

import dev.doorbell.bus.wire.Seq;
import dev.doorbell.bus.wire.TcpHeader;
import dev.doorbell.kernel.core.Errno;
import dev.doorbell.kernel.skb.SkBuff;
import dev.doorbell.kernel.skb.SkbCopy;
import dev.doorbell.kernel.socket.ControlMessages;
import dev.doorbell.kernel.socket.Message;
import dev.doorbell.kernel.socket.Sock;
import java.nio.ByteBuffer;

/** The application's RECEIVE, RFC 9293 §3.9.1.3: one copy from the packets as they came in to its buffer. */
final class TcpReceive {
    private TcpReceive() {}

    /** Bytes that can be read now; FIN does not count. */
    static int available(TcpConnection c) {
        if (c.receiveQueue.isEmpty()) {
            return 0;
        }
        SkBuff last = c.receiveQueue.tail;
        int end = c.rcvNxt;
        if (last != null && (last.cbFlags & TcpHeader.FIN) != 0) {
            end--;
        } else if (last != null) {
            end = last.cbEndSeq;
        }
        return Math.max(0, end - c.copiedSeq);
    }

    /** FIONREAD: as {@link #available}, but only up to an urgent byte that is read out of band. */
    static int availableToMark(TcpSock sock, TcpConnection c) {
        int bytes = available(c);
        int toMark = c.urgentSeq - c.copiedSeq;
        return c.urgentData != 0 && !sock.outOfBandInline && toMark >= 0 ? Math.min(bytes, toMark) : bytes;
    }

    static long receive(Tcp tcp, TcpSock sock, TcpConnection c, Message message, int flags) {
        if ((flags & MSG_OOB) != 0) {
            return outOfBand(sock, c, message, flags);
        }
        ByteBuffer into = message.data;
        int wanted = into.remaining();
        boolean peek = (flags & MSG_PEEK) != 0;
        boolean discard = (flags & MSG_TRUNC) != 0;
        int at = c.copiedSeq;
        int copied = 0;
        SkBuff skb = c.receiveQueue.head;
        while (skb != null && copied < wanted) {
            int offset = at - skb.cbSeq;
            int length = dataLength(skb);
            if (offset >= length) {
                SkBuff used = skb;
                skb = skb.next;
                if (!peek && used == c.receiveQueue.head) {
                    c.receiveMemory -= c.receiveQueue.removeHead();
                }
                continue;
            }
            int part = Math.min(wanted - copied, length - offset);
            if (c.urgentData != 0) {
                int distance = c.urgentSeq - at;
                if (distance == 0 && copied > 0) {
                    break; // reads stop at the mark
                }
                if (distance == 0 && !sock.outOfBandInline) {
                    at++; // the urgent byte is read out of band, or no more once the reader is past it
                    if (!peek) {
                        c.copiedSeq = at;
                        c.urgentData = 0;
                    }
                    continue;
                }
                if (distance > 0 && distance < part) {
                    part = distance;
                }
            }
            if (discard) {
                into.position(into.position() + part);
            } else {
                SkbCopy.copyBits(skb, offset, into, part);
            }
            at += part;
            copied += part;
            if (!peek) {
                c.copiedSeq = at;
                if (c.urgentData != 0 && Seq.gt(c.copiedSeq, c.urgentSeq)) {
                    c.urgentData = 0;
                }
            }
        }
        if (!peek) {
            releaseRead(c);
            if (copied > 0) {
                ReceiveWindow.applicationRead(c);
                tcp.acks.afterRead(c, copied);
            }
        }
        long result = copied > 0 || wanted == 0 && available(c) > 0 ? copied : nothing(sock, c);
        ControlMessages control = message.control;
        if (control != null) {
            control.clear();
            if (sock.receiveQueueHint && result >= 0) {
                control.present = ControlMessages.INQ;
                control.receivable = Math.max(0, c.rcvNxt - c.copiedSeq);
            }
        }
        return result;
    }

    /** Frees what has been read to its end, so that its memory opens the window at once. */
    private static void releaseRead(TcpConnection c) {
        SkBuff first;
        while ((first = c.receiveQueue.head) != null && c.copiedSeq - first.cbSeq >= dataLength(first)) {
            c.receiveMemory -= c.receiveQueue.removeHead();
        }
    }

    private static int dataLength(SkBuff skb) {
        return skb.cbEndSeq - skb.cbSeq - ((skb.cbFlags & TcpHeader.FIN) != 0 ? 1 : 0);
    }

    private static long nothing(TcpSock sock, TcpConnection c) {
        if (c.finReceived) {
            return 0; // the stream has ended, whatever went wrong since
        }
        if (sock.pendingError() != 0) {
            return sock.takeError();
        }
        if (c.state() == TcpState.CLOSE || (c.shutdown & Sock.RCV_SHUTDOWN) != 0) {
            return 0;
        }
        return Errno.EAGAIN.negated();
    }

    private static long outOfBand(TcpSock sock, TcpConnection c, Message message, int flags) {
        if (sock.outOfBandInline || c.urgentData == 0 || c.urgentData == TcpConnection.URGENT_READ) {
            return Errno.EINVAL.negated();
        }
        if ((c.urgentData & TcpConnection.URGENT_VALID) != 0) {
            int value = c.urgentData & 0xFF;
            if ((flags & MSG_PEEK) == 0) {
                c.urgentData = TcpConnection.URGENT_READ;
            }
            message.flags |= MSG_OOB;
            if (!message.data.hasRemaining()) {
                message.flags |= MSG_TRUNC;
                return 0;
            }
            if ((flags & MSG_TRUNC) == 0) {
                message.data.put((byte) value);
            }
            return 1;
        }
        if (c.state() == TcpState.CLOSE || (c.shutdown & Sock.RCV_SHUTDOWN) != 0) {
            return 0;
        }
        return Errno.EAGAIN.negated();
    }
}
