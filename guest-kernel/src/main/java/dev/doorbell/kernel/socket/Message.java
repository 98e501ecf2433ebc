package dev.doorbell.kernel.socket;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * What one send or receive call moves: struct msghdr. The caller owns it and everything it refers to, and reuses it:
 * a receive call fills the given objects and allocates none.
 */
public final class Message {
    private static final ByteBuffer EMPTY = ByteBuffer.allocate(0);

    /** Bytes from position to limit, sent or filled; the call moves the position. Direct or heap. */
    public ByteBuffer data = EMPTY;

    /**
     * Destination to send to (null: the connected peer). For receiving, the caller's instance that is overwritten with
     * the source when it is of the socket's family (null: not wanted).
     */
    public @Nullable SockAddr name;

    /** Ancillary data to send, or to be filled; null: none, not wanted. */
    public @Nullable ControlMessages control;

    /** Buffers that {@link #data} was gathered from when sending: the length of msg_iov; 0 or 1: it is one. */
    public int pieces;

    /** Set by receive: MSG_TRUNC, MSG_CTRUNC, MSG_ERRQUEUE, MSG_OOB. */
    public int flags;

    /**
     * Points at {@code data} and forgets the rest.
     *
     * @return this
     */
    public Message set(ByteBuffer data) {
        this.data = data;
        this.name = null;
        this.control = null;
        this.pieces = 0;
        this.flags = 0;
        return this;
    }

    /**
     * Points at {@code data} and {@code name}.
     *
     * @return this
     */
    public Message set(ByteBuffer data, @Nullable SockAddr name) {
        set(data);
        this.name = name;
        return this;
    }
}
