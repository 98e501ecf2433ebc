package dev.doorbell.bus.vfio;

import static dev.doorbell.bus.vfio.VfioUser.*;

import dev.doorbell.bus.mem.GuestMemory;
import dev.doorbell.bus.os.Fd;
import dev.doorbell.bus.os.HostErrno;
import dev.doorbell.bus.os.Libc;

/**
 * One end of a vfio-user connection: a non-blocking UNIX stream socket, cut into messages with their descriptors.
 *
 * <p>A header is received in a call of its own that asks for exactly its 16 bytes: so the descriptors that come with the
 * call belong to this message and no other. The body follows. A message that arrives in pieces is put together over
 * several calls.
 *
 * <p>Owns the socket, and the descriptors of the current message until somebody takes them. Nothing is allocated per
 * message unless one is longer than any before it.
 */
public final class VfioChannel implements AutoCloseable {
    /** What {@link #receive} found. */
    public static final int NOTHING = 0, MESSAGE = 1;
    /** The peer is gone. */
    public static final int CLOSED = 2;
    /** A header whose size is below its own or above the limit; the body was not read. The header can be looked at. */
    public static final int BAD_SIZE = 3;
    /** Descriptors were lost: this process has too many open, or would have too few left for itself. */
    public static final int DESCRIPTORS_LOST = 4;

    /** So many files this process must still be able to open, whatever a peer sends: to accept another, to load classes. */
    private static final int KEPT_FREE = 32;

    private static final int FIRST_BYTES = 8192;
    /** SCM_MAX_FD: what Linux lets through with one message. */
    private static final int MAX_RECEIVED = 253;

    // layout of the scratch memory: one struct msghdr and one iovec for each direction
    private static final int MSGHDR_BYTES = 56;
    private static final int IOV = 16, IOV_COUNT = 24, CONTROL = 32, CONTROL_BYTES = 40, MSG_FLAGS = 48;
    private static final int RECEIVE_HEADER = 0, RECEIVE_IOVEC = 64, SEND_HEADER = 128, SEND_IOVEC = 192;
    private static final int SEND_CONTROL = 256, RECEIVE_CONTROL = 320;
    private static final int CMSG_DATA = 16, CMSG_LEVEL = 8, CMSG_TYPE = 12;
    private static final int RECEIVE_CONTROL_BYTES = CMSG_DATA + 4 * MAX_RECEIVED + 4;
    private static final int ONE_DESCRIPTOR_BYTES = CMSG_DATA + 8;
    private static final int SCRATCH_BYTES = RECEIVE_CONTROL + RECEIVE_CONTROL_BYTES;

    private final Fd socket;
    private final int fd;
    private final int limitBytes;
    private final long firstRefused;
    private final GuestMemory scratch = GuestMemory.allocate(SCRATCH_BYTES);
    private final int[] descriptors = new int[MAX_RECEIVED];
    private GuestMemory in = GuestMemory.allocate(FIRST_BYTES);
    private GuestMemory out = GuestMemory.allocate(FIRST_BYTES);
    private int descriptorCount;
    private int have;
    private int size;
    private int unsentFrom;
    private int unsentEnd;
    private boolean badSize;
    private boolean refused;
    private boolean broken;

    /**
     * @param socket connected; becomes non-blocking, and this channel's
     * @param limitBytes longest message that is taken, header included
     */
    public VfioChannel(Fd socket, int limitBytes) {
        this(socket, limitBytes, Fd.limit() - KEPT_FREE);
    }

    /** @param firstRefused descriptors with this number or a higher one are not taken */
    VfioChannel(Fd socket, int limitBytes, long firstRefused) {
        this.socket = socket.nonBlocking();
        this.limitBytes = limitBytes;
        this.firstRefused = firstRefused;
        fd = socket.fd();
        prepare(RECEIVE_HEADER, RECEIVE_IOVEC, RECEIVE_CONTROL);
        prepare(SEND_HEADER, SEND_IOVEC, SEND_CONTROL);
        scratch.writeLong(SEND_CONTROL, CMSG_DATA + 4);
        scratch.writeInt(SEND_CONTROL + CMSG_LEVEL, Libc.SOL_SOCKET);
        scratch.writeInt(SEND_CONTROL + CMSG_TYPE, Libc.SCM_RIGHTS);
    }

    private void prepare(int header, int iovec, int control) {
        scratch.writeLong(header + IOV, scratch.hostAddress(iovec, 16));
        scratch.writeLong(header + IOV_COUNT, 1);
        scratch.writeLong(header + CONTROL, scratch.hostAddress(control, 1));
    }

    /** The socket's number, for readiness. */
    public int fd() {
        return fd;
    }

    // ---- receiving

    /**
     * Goes on with the current message. Once it is complete this returns {@link #MESSAGE} and touches the socket no more
     * until {@link #next()}.
     */
    public int receive() {
        if (badSize) {
            return BAD_SIZE;
        }
        if (have < HEADER_BYTES) {
            int result = receiveHeader();
            if (result != MESSAGE) {
                return result;
            }
        }
        while (have < size) {
            long got = Libc.read(fd, in.hostAddress(have, size - have), size - have);
            if (got <= 0) {
                return nothing(got);
            }
            have += (int) got;
        }
        return MESSAGE;
    }

    private int receiveHeader() {
        while (have < HEADER_BYTES) {
            scratch.writeLong(RECEIVE_IOVEC, in.hostAddress(have, HEADER_BYTES - have));
            scratch.writeLong(RECEIVE_IOVEC + 8, HEADER_BYTES - have);
            scratch.writeLong(RECEIVE_HEADER + CONTROL_BYTES, RECEIVE_CONTROL_BYTES);
            long got = Libc.recvmsg(
                    fd, scratch.hostAddress(RECEIVE_HEADER, MSGHDR_BYTES), Libc.MSG_DONTWAIT | Libc.MSG_CMSG_CLOEXEC);
            if (got <= 0) {
                return nothing(got);
            }
            have += (int) got;
            if (scratch.readLong(RECEIVE_HEADER + CONTROL_BYTES) != 0) {
                keepDescriptors();
            }
            // also without control data: when there was not a single number left
            if (refused || (scratch.readInt(RECEIVE_HEADER + MSG_FLAGS) & Libc.MSG_CTRUNC) != 0) {
                return DESCRIPTORS_LOST;
            }
        }
        size = in.readInt(SIZE);
        if (size < HEADER_BYTES || size > limitBytes) {
            size = HEADER_BYTES;
            badSize = true;
            return BAD_SIZE;
        }
        if (size > in.size()) {
            growIn();
        }
        return MESSAGE;
    }

    /** A header in two pieces may bring descriptors twice: what does not fit is closed. */
    private void keepDescriptors() {
        if (scratch.readInt(RECEIVE_CONTROL + CMSG_LEVEL) != Libc.SOL_SOCKET
                || scratch.readInt(RECEIVE_CONTROL + CMSG_TYPE) != Libc.SCM_RIGHTS) {
            return;
        }
        int count = (int) (scratch.readLong(RECEIVE_CONTROL) - CMSG_DATA) / 4;
        for (int i = 0; i < count; i++) {
            int received = scratch.readInt(RECEIVE_CONTROL + CMSG_DATA + 4L * i);
            if (received < firstRefused && descriptorCount < MAX_RECEIVED) {
                descriptors[descriptorCount++] = received;
            } else {
                refused |= received >= firstRefused;
                Libc.close(received);
            }
        }
    }

    private int nothing(long got) {
        return HostErrno.EAGAIN.is(got) || HostErrno.EINTR.is(got) ? NOTHING : CLOSED;
    }

    private void growIn() {
        GuestMemory larger = GuestMemory.allocate(size);
        in.copyTo(0, larger, 0, HEADER_BYTES);
        in.close();
        in = larger;
    }

    /** Ends the current message: descriptors that nobody took are closed. */
    public void next() {
        for (int i = 0; i < descriptorCount; i++) {
            if (descriptors[i] >= 0) {
                Libc.close(descriptors[i]);
            }
        }
        descriptorCount = 0;
        have = 0;
        size = 0;
        badSize = false;
    }

    /** The current message, header first. Valid until the next {@link #receive}. */
    public GuestMemory in() {
        return in;
    }

    public int id() {
        return in.readShort(ID) & 0xFFFF;
    }

    public int command() {
        return in.readShort(COMMAND) & 0xFFFF;
    }

    public int flags() {
        return in.readInt(FLAGS);
    }

    /** What the header says about the message's length; after {@link #BAD_SIZE} as it stands there. */
    public long claimedBytes() {
        return Integer.toUnsignedLong(in.readInt(SIZE));
    }

    public int payloadBytes() {
        return size - HEADER_BYTES;
    }

    /** Descriptors that came with the current message, taken ones included. */
    public int descriptors() {
        return descriptorCount;
    }

    /** Takes one over: from now on it is the caller's to close. */
    public Fd take(int index) {
        Fd taken = Fd.of(descriptors[index], "received descriptor");
        descriptors[index] = -1;
        return taken;
    }

    // ---- sending

    /** Where the next message to send is built; at least {@code bytes} long. May move: ask anew for each message. */
    public GuestMemory out(int bytes) {
        if (bytes > out.size()) {
            out.close();
            out = GuestMemory.allocate(bytes);
        }
        return out;
    }

    public GuestMemory out() {
        return out;
    }

    /** Fills in the header of the message in {@link #out()}. */
    public VfioChannel header(int id, int command, int bytes, int flags, int error) {
        out.writeShort(ID, id);
        out.writeShort(COMMAND, command);
        out.writeInt(SIZE, bytes);
        out.writeInt(FLAGS, flags);
        out.writeInt(ERROR, error);
        return this;
    }

    /**
     * Sends the message in {@link #out()}. What the socket does not take at once stays there: {@link #hasUnsent()}, and
     * nothing else may be sent before {@link #flush()} is through.
     */
    public void send(int bytes) {
        unsentFrom = 0;
        unsentEnd = bytes;
        flush();
    }

    /** As {@link #send(int)}, with one descriptor, which stays the caller's. */
    public void send(int bytes, int descriptor) {
        scratch.writeInt(SEND_CONTROL + CMSG_DATA, descriptor);
        scratch.writeLong(SEND_IOVEC, out.hostAddress(0, bytes));
        scratch.writeLong(SEND_IOVEC + 8, bytes);
        scratch.writeLong(SEND_HEADER + CONTROL_BYTES, ONE_DESCRIPTOR_BYTES);
        long sent =
                Libc.sendmsg(fd, scratch.hostAddress(SEND_HEADER, MSGHDR_BYTES), Libc.MSG_DONTWAIT | Libc.MSG_NOSIGNAL);
        unsentFrom = (int) Math.max(0, sent);
        unsentEnd = bytes;
        if (sent < 0) {
            // with a descriptor there is no later: a socket so full belongs to a peer that does not read
            broken = true;
            unsentEnd = 0;
        } else {
            flush();
        }
    }

    /** Sends more of what is left. @return true when nothing is left */
    public boolean flush() {
        while (unsentFrom < unsentEnd) {
            int left = unsentEnd - unsentFrom;
            long sent = Libc.send(fd, out.hostAddress(unsentFrom, left), left, Libc.MSG_DONTWAIT | Libc.MSG_NOSIGNAL);
            if (sent < 0) {
                if (!HostErrno.EAGAIN.is(sent) && !HostErrno.EINTR.is(sent)) {
                    broken = true;
                    unsentEnd = 0;
                }
                return broken;
            }
            unsentFrom += (int) sent;
        }
        return true;
    }

    public boolean hasUnsent() {
        return unsentFrom < unsentEnd;
    }

    /** Sending failed: the peer is gone, though there may be messages of it left to receive. */
    public boolean isBroken() {
        return broken;
    }

    public boolean isOpen() {
        return socket.isOpen();
    }

    @Override
    public void close() {
        if (socket.isOpen()) {
            next();
            socket.close();
            scratch.close();
            in.close();
            out.close();
        }
    }
}
