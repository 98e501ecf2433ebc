package dev.doorbell.kernel.tcp;

import static dev.doorbell.kernel.socket.SocketConstants.*;

import dev.doorbell.bus.wire.Ipv6Address;
import dev.doorbell.kernel.core.Errno;
import dev.doorbell.kernel.inet.Endpoints;
import dev.doorbell.kernel.skb.SkBuff;
import dev.doorbell.kernel.socket.ErrorQueue;
import dev.doorbell.kernel.socket.Message;
import dev.doorbell.kernel.socket.Sock;
import org.jspecify.annotations.Nullable;

/** A stream socket's error queue, which exists once something is in it: ICMP errors and {@link SendNotices}. */
final class SockErrors {
    private final Sock sock;
    private final Endpoints ends;
    private @Nullable ErrorQueue queue;

    SockErrors(TcpSock sock) {
        this.sock = sock;
        this.ends = sock.ends;
    }

    boolean isEmpty() {
        return queue == null || queue.isEmpty();
    }

    void add(ErrorQueue.Entry entry) {
        if (!made().add(entry)) {
            sock.drops++;
        }
    }

    private ErrorQueue made() {
        ErrorQueue made = queue;
        if (made == null) {
            made = new ErrorQueue();
            queue = made;
        }
        return made;
    }

    /** recvmsg with MSG_ERRQUEUE. @return bytes, or a negated errno */
    long receive(Message message) {
        ErrorQueue.Entry entry = queue == null ? null : queue.poll();
        return entry == null ? Errno.EAGAIN.negated() : ErrorQueue.deliver(entry, message);
    }

    /** An ICMP error about a segment of the connection, whose sender is in {@code quoted.cbSeq}. */
    void icmp(int number, int origin, int type, int code, int info, SkBuff quoted) {
        byte[] segment = quoted.memory().bytes(quoted.data(), quoted.headLength());
        // Who reported it is known of IPv4; of IPv6 it is the packet's own destination that is told.
        boolean v4 = origin == SO_EE_ORIGIN_ICMP;
        add(new ErrorQueue.Entry(
                number,
                origin,
                type,
                code,
                info,
                v4 ? 0 : ends.remoteHigh,
                v4 ? Ipv6Address.ofV4(quoted.cbSeq) : ends.remoteLow,
                ends.remoteHigh,
                ends.remoteLow,
                ends.remotePort,
                segment));
    }

    /**
     * The buffer of send call {@code id} is the application's again. Calls in a row are told together, with the first in
     * ee_info and the last in ee_data; the bytes were copied, and it says so.
     */
    void zeroCopyDone(int id) {
        ErrorQueue errors = made();
        ErrorQueue.Entry last = errors.last();
        int first = id;
        if (last != null && last.origin() == SO_EE_ORIGIN_ZEROCOPY && last.data() + 1 == id) {
            errors.removeLast();
            first = last.info();
        }
        add(new ErrorQueue.Entry(
                0,
                SO_EE_ORIGIN_ZEROCOPY,
                0,
                SO_EE_CODE_ZEROCOPY_COPIED,
                first,
                0,
                0,
                ends.remoteHigh,
                ends.remoteLow,
                ends.remotePort,
                new byte[0],
                id,
                ErrorQueue.NO_TIME));
    }
}
