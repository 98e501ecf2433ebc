package dev.doorbell.kernel.socket;

import dev.doorbell.bus.wire.Ipv6Address;
import org.jspecify.annotations.Nullable;

/**
 * What a socket with IP_RECVERR has heard and not yet read with MSG_ERRQUEUE: extended errors with the beginning of the
 * packet they are about; and what a stream socket is told about bytes that it sent. Bounded: when full, new ones are
 * lost, as in Linux when the receive buffer is.
 */
public final class ErrorQueue {
    private static final int CAPACITY = 256;

    /** An entry without a time stamp. */
    public static final long NO_TIME = -1;

    /**
     * One error.
     *
     * @param number errno, positive
     * @param origin SO_EE_ORIGIN_*
     * @param offenderHigh who reported it, IPv4 mapped; all zero: this host
     * @param destinationHigh where the packet was going
     * @param payload what the error quoted of the packet's payload
     * @param data ee_data: a number that depends on the origin
     * @param timestampNs when it happened, in the world's time; {@link #NO_TIME}: not told
     */
    public record Entry(
            int number,
            int origin,
            int type,
            int code,
            int info,
            long offenderHigh,
            long offenderLow,
            long destinationHigh,
            long destinationLow,
            int destinationPort,
            byte[] payload,
            int data,
            long timestampNs) {
        /** An error that is told without a time. */
        public Entry(
                int number,
                int origin,
                int type,
                int code,
                int info,
                long offenderHigh,
                long offenderLow,
                long destinationHigh,
                long destinationLow,
                int destinationPort,
                byte[] payload) {
            this(
                    number,
                    origin,
                    type,
                    code,
                    info,
                    offenderHigh,
                    offenderLow,
                    destinationHigh,
                    destinationLow,
                    destinationPort,
                    payload,
                    0,
                    NO_TIME);
        }
    }

    private final java.util.ArrayDeque<Entry> entries = new java.util.ArrayDeque<>();

    /** @return false when it is full */
    public boolean add(Entry entry) {
        return entries.size() < CAPACITY && entries.add(entry);
    }

    public boolean isEmpty() {
        return entries.isEmpty();
    }

    public @Nullable Entry poll() {
        return entries.poll();
    }

    /** The newest; null: there is none. */
    public @Nullable Entry last() {
        return entries.peekLast();
    }

    public void removeLast() {
        entries.removeLast();
    }

    /**
     * Delivers an entry as recvmsg with MSG_ERRQUEUE does.
     *
     * @return bytes of payload
     */
    public static int deliver(Entry entry, Message message) {
        int bytes = Math.min(entry.payload.length, message.data.remaining());
        message.data.put(entry.payload, 0, bytes);
        message.flags = SocketConstants.MSG_ERRQUEUE;
        if (bytes < entry.payload.length) {
            message.flags |= SocketConstants.MSG_TRUNC;
        }
        if (message.name instanceof SockAddrIn name) {
            name.set((int) entry.destinationLow, entry.destinationPort);
        } else if (message.name instanceof SockAddrIn6 name) {
            name.set(entry.destinationHigh, entry.destinationLow, entry.destinationPort, 0, 0);
        }
        ControlMessages control = message.control;
        if (control == null) {
            message.flags |= SocketConstants.MSG_CTRUNC;
            return bytes;
        }
        control.present = ControlMessages.EXTENDED_ERROR;
        control.errorNumber = entry.number;
        control.errorOrigin = entry.origin;
        control.errorType = entry.type;
        control.errorCode = entry.code;
        control.errorInfo = entry.info;
        control.errorData = entry.data;
        if (entry.timestampNs != NO_TIME) {
            control.present |= ControlMessages.TIMESTAMPING;
            control.timestampNs = entry.timestampNs;
        }
        control.offenderHigh = entry.offenderHigh;
        control.offenderLow = entry.offenderLow;
        control.offender = Ipv6Address.isV4(entry.offenderHigh, entry.offenderLow) ? (int) entry.offenderLow : 0;
        return bytes;
    }
}
