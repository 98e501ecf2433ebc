package dev.doorbell.kernel.socket;

import static dev.doorbell.kernel.socket.SocketConstants.*;

import dev.doorbell.kernel.core.Errno;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** The options of level SOL_SOCKET, and how option values are read and written. */
public final class SocketOptions {
    /** Smallest buffers Linux allows, in bytes; the largest: net.core.rmem_max, doubled. */
    private static final int MIN_RECEIVE_BYTES = 2304, MIN_SEND_BYTES = 4608, MAX_BUFFER_BYTES = 2 * 4 * 1024 * 1024;

    private static final long MICROSECOND_NS = 1_000, SECOND_NS = 1_000_000_000;
    private static final int IFNAMSIZ = 16;

    private SocketOptions() {}

    static int set(Sock sock, int name, ByteBuffer value) {
        if (name == SO_BINDTODEVICE) {
            return bindToDevice(sock, value);
        }
        if (value.remaining() < Integer.BYTES) {
            return Errno.EINVAL.negated(); // before anybody asks whether there is such an option
        }
        return switch (name) {
            case SO_LINGER -> setLinger(sock, value);
            case SO_RCVTIMEO, SO_SNDTIMEO -> setTimeout(sock, name, value);
            case SO_MAX_PACING_RATE -> setPacingRate(sock, value);
            case SO_TYPE, SO_PROTOCOL, SO_DOMAIN, SO_ERROR, SO_ACCEPTCONN, SO_SNDLOWAT -> Errno.ENOPROTOOPT.negated();
            default -> setInteger(sock, name, value.getInt(value.position()));
        };
    }

    private static int setInteger(Sock sock, int name, int value) {
        boolean on = value != 0;
        switch (name) {
            case SO_DEBUG -> sock.debug = on;
            case SO_BUSY_POLL -> {
                if (value < 0) {
                    return Errno.EINVAL.negated();
                }
                sock.busyPoll = value;
            }
            case SO_REUSEADDR -> sock.reuseAddress = on;
            case SO_REUSEPORT -> sock.reusePort = on;
            case SO_DONTROUTE -> sock.dontRoute = on;
            case SO_BROADCAST -> sock.broadcast = on;
            case SO_KEEPALIVE -> sock.keepAlive = on;
            case SO_OOBINLINE -> sock.outOfBandInline = on;
            case SO_NO_CHECK -> sock.noCheck = on;
            case SO_TIMESTAMP, SO_TIMESTAMPNS -> sock.receiveTimestamp = on;
            case SO_RXQ_OVFL -> sock.receiveDropCount = on;
            case SO_MARK -> sock.mark = value;
            case SO_RCVLOWAT -> sock.receiveLowWater = value < 0 ? Integer.MAX_VALUE : Math.max(value, 1);
            case SO_PRIORITY -> sock.priority = value;
            case SO_RCVBUF, SO_RCVBUFFORCE -> {
                sock.receiveBufferBytes = bufferBytes(value, MIN_RECEIVE_BYTES);
                sock.receiveBufferLocked = true;
            }
            case SO_SNDBUF, SO_SNDBUFFORCE -> {
                sock.sendBufferBytes = bufferBytes(value, MIN_SEND_BYTES);
                sock.sendBufferLocked = true;
                sock.stateChanged(EPOLLOUT | EPOLLWRNORM);
            }
            case SO_BINDTOIFINDEX -> {
                if (value < 0) {
                    return Errno.EINVAL.negated();
                }
                sock.boundInterface = value;
            }
            default -> {
                return Errno.ENOPROTOOPT.negated();
            }
        }
        return 0;
    }

    /** Linux doubles what was asked for, to pay for its own overhead; and so getsockopt shows the double. */
    private static int bufferBytes(int asked, int minimum) {
        int bounded = Math.min(asked & Integer.MAX_VALUE, MAX_BUFFER_BYTES / 2);
        return Math.max(bounded * 2, minimum);
    }

    /** An unsigned int, or a long; all ones is no limit. */
    private static int setPacingRate(Sock sock, ByteBuffer value) {
        int at = value.position();
        if (value.remaining() >= Long.BYTES) {
            sock.maxPacingRate = value.getLong(at);
        } else {
            int rate = value.getInt(at);
            sock.maxPacingRate = rate == -1 ? -1 : rate & 0xFFFF_FFFFL;
        }
        return 0;
    }

    /** struct linger: two ints, on and seconds. */
    private static int setLinger(Sock sock, ByteBuffer value) {
        if (value.remaining() < 2 * Integer.BYTES) {
            return Errno.EINVAL.negated();
        }
        boolean on = value.getInt(value.position()) != 0;
        sock.lingerSeconds = on ? Math.max(0, value.getInt(value.position() + Integer.BYTES)) : -1;
        return 0;
    }

    /** struct timeval: two longs, seconds and microseconds. */
    private static int setTimeout(Sock sock, int name, ByteBuffer value) {
        if (value.remaining() < 2 * Long.BYTES) {
            return Errno.EINVAL.negated();
        }
        long seconds = value.getLong(value.position());
        long micros = value.getLong(value.position() + Long.BYTES);
        if (micros < 0 || micros >= 1_000_000) {
            return Errno.EDOM.negated();
        }
        // A negative time never waits and a huge one waits for ever; both as in Linux.
        long ns = seconds < 0
                ? 1
                : seconds > Long.MAX_VALUE / SECOND_NS - 1 ? 0 : seconds * SECOND_NS + micros * MICROSECOND_NS;
        if (name == SO_RCVTIMEO) {
            sock.receiveTimeoutNs = ns;
        } else {
            sock.sendTimeoutNs = ns;
        }
        return 0;
    }

    private static int bindToDevice(Sock sock, ByteBuffer value) {
        int length = Math.min(value.remaining(), IFNAMSIZ - 1);
        byte[] name = new byte[length];
        value.get(value.position(), name);
        int end = 0;
        while (end < length && name[end] != 0) {
            end++;
        }
        if (end == 0) {
            sock.boundInterface = 0;
            return 0;
        }
        int index = sock.interfaceIndex(new String(name, 0, end, StandardCharsets.US_ASCII));
        if (index <= 0) {
            return index;
        }
        sock.boundInterface = index;
        return 0;
    }

    /** The interface's name with its final zero; nothing when it is bound to none. */
    private static int putDevice(Sock sock, ByteBuffer into) {
        String name = sock.boundInterface == 0 ? null : sock.interfaceName(sock.boundInterface);
        if (name == null) {
            return 0;
        }
        byte[] bytes = (name + '\0').getBytes(StandardCharsets.US_ASCII);
        if (into.remaining() < IFNAMSIZ) {
            return Errno.EINVAL.negated();
        }
        into.put(bytes);
        return bytes.length;
    }

    static int get(Sock sock, int name, ByteBuffer into) {
        switch (name) {
            case SO_LINGER:
                return putLinger(sock, into);
            case SO_BINDTODEVICE:
                return putDevice(sock, into);
            case SO_MEMINFO:
                return putMemory(sock, into);
            case SO_RCVTIMEO:
                return putTimeout(sock.receiveTimeoutNs, into);
            case SO_SNDTIMEO:
                return putTimeout(sock.sendTimeoutNs, into);
            case SO_MAX_PACING_RATE:
                if (into.remaining() >= Long.BYTES) {
                    into.putLong(sock.maxPacingRate);
                    return Long.BYTES;
                }
                boolean large = Long.compareUnsigned(sock.maxPacingRate, 0xFFFF_FFFFL) > 0;
                return putInt(into, large ? -1 : (int) sock.maxPacingRate);
            default:
                long value = integer(sock, name);
                return value == Long.MIN_VALUE ? Errno.ENOPROTOOPT.negated() : putInt(into, (int) value);
        }
    }

    /** Long.MIN_VALUE: no such option. */
    private static long integer(Sock sock, int name) {
        return switch (name) {
            case SO_DEBUG -> bit(sock.debug);
            case SO_BUSY_POLL -> sock.busyPoll;
            case SO_REUSEADDR -> bit(sock.reuseAddress);
            case SO_REUSEPORT -> bit(sock.reusePort);
            case SO_DONTROUTE -> bit(sock.dontRoute);
            case SO_BROADCAST -> bit(sock.broadcast);
            case SO_KEEPALIVE -> bit(sock.keepAlive);
            case SO_OOBINLINE -> bit(sock.outOfBandInline);
            case SO_NO_CHECK -> bit(sock.noCheck);
            case SO_TIMESTAMP, SO_TIMESTAMPNS -> bit(sock.receiveTimestamp);
            case SO_RXQ_OVFL -> bit(sock.receiveDropCount);
            case SO_ACCEPTCONN -> bit(sock.acceptsConnections);
            case SO_TYPE -> sock.type();
            case SO_DOMAIN -> sock.domain();
            case SO_PROTOCOL -> sock.protocol();
            case SO_ERROR -> error(sock);
            case SO_RCVBUF -> sock.receiveBufferBytes;
            case SO_SNDBUF -> sock.sendBufferBytes;
            case SO_RCVLOWAT -> sock.receiveLowWater;
            case SO_SNDLOWAT -> 1;
            case SO_MARK -> sock.mark;
            case SO_PRIORITY -> sock.priority;
            case SO_BINDTOIFINDEX -> sock.boundInterface;
            default -> Long.MIN_VALUE;
        };
    }

    private static int bit(boolean on) {
        return on ? 1 : 0;
    }

    /** Nine u32 of linux/sock_diag.h, SK_MEMINFO_RMEM_ALLOC and so on; cut to the room there is. */
    private static int putMemory(Sock sock, ByteBuffer into) {
        int queued = sock.sendMemoryBytes();
        int[] values = {
            sock.receiveMemoryBytes(),
            sock.receiveBufferBytes,
            queued,
            sock.sendBufferBytes,
            0, // no memory is reserved ahead
            queued,
            0, // nor taken for options
            0, // packets never wait in a backlog: calls and packets alternate on one thread
            sock.drops
        };
        int start = into.position();
        for (int i = 0; i < values.length && into.remaining() >= Integer.BYTES; i++) {
            into.putInt(values[i]);
        }
        return into.position() - start;
    }

    private static int putLinger(Sock sock, ByteBuffer into) {
        ByteBuffer whole = ByteBuffer.allocate(2 * Integer.BYTES).order(into.order());
        return putCut(whole.putInt(bit(sock.lingerSeconds >= 0)).putInt(Math.max(0, sock.lingerSeconds)), into);
    }

    private static int putTimeout(long ns, ByteBuffer into) {
        ByteBuffer whole = ByteBuffer.allocate(2 * Long.BYTES).order(into.order());
        return putCut(whole.putLong(ns / SECOND_NS).putLong(ns % SECOND_NS / MICROSECOND_NS), into);
    }

    /** A structure that was filled, or as much of its beginning as there is room for. */
    private static int putCut(ByteBuffer whole, ByteBuffer into) {
        whole.flip().limit(Math.min(whole.limit(), into.remaining()));
        int bytes = whole.remaining();
        into.put(whole);
        return bytes;
    }

    /**
     * Writes an int option; into less room than 4 bytes, as many of its low bytes, in the buffer's order.
     *
     * @return bytes written
     */
    public static int putInt(ByteBuffer into, int value) {
        int bytes = Math.min(into.remaining(), Integer.BYTES);
        boolean little = into.order() == ByteOrder.LITTLE_ENDIAN;
        for (int i = 0; i < bytes; i++) {
            into.put((byte) (value >>> Byte.SIZE * (little ? i : bytes - 1 - i)));
        }
        return bytes;
    }

    /** As {@link #putInt}, but where there is not room for all of it, a value that fits into a byte is one: SOL_IP. */
    public static int putIntOrByte(ByteBuffer into, int value) {
        if (!into.hasRemaining() || into.remaining() >= Integer.BYTES || value < 0 || value > 0xFF) {
            return putInt(into, value);
        }
        into.put((byte) value);
        return 1;
    }

    /** The pending error, or one that does not end the connection: both are told once. */
    private static int error(Sock sock) {
        int error = -sock.takeError();
        return error != 0 ? error : sock.takeSoftError();
    }
}
