package dev.doorbell.kernel.tcp;

import static dev.doorbell.kernel.tcp.TcpOptions.*;

import dev.doorbell.kernel.core.Errno;
import java.nio.ByteBuffer;

/** The socket options of fast open: TCP_FASTOPEN and its relatives, as tcp(7) and linux/tcp.h have them. */
final class FastOpenOptions {
    private static final int KEY_BYTES = FastOpenKeys.KEY_WORDS * Integer.BYTES;

    private FastOpenOptions() {}

    static int set(Tcp tcp, TcpSock sock, int name, int value) {
        TcpState state = sock.state();
        boolean early = state == TcpState.CLOSE || state == TcpState.LISTEN;
        if (name == TCP_FASTOPEN) {
            if (value < 0 || !early) {
                return Errno.EINVAL.negated();
            }
            sock.fastOpenQueueLength(value);
            return 0;
        }
        if (value < 0 || value > 1) {
            return Errno.EINVAL.negated();
        }
        if (name == TCP_FASTOPEN_NO_COOKIE) {
            sock.settings.fastOpenNoCookie = early ? value != 0 : sock.settings.fastOpenNoCookie;
            return early ? 0 : Errno.EINVAL.negated();
        }
        if ((tcp.config().fastopen & FastOpenClient.ENABLED) == 0) {
            return Errno.EOPNOTSUPP.negated();
        }
        if (state != TcpState.CLOSE) {
            return Errno.EINVAL.negated();
        }
        sock.settings.fastOpenConnect = value != 0;
        return 0;
    }

    /** One key of 16 bytes, or two: the one in force and the one before. */
    static int setKey(TcpSock sock, ByteBuffer value) {
        int bytes = value.remaining();
        if (bytes != KEY_BYTES && bytes != 2 * KEY_BYTES) {
            return Errno.EINVAL.negated();
        }
        int[] words = new int[bytes / Integer.BYTES];
        for (int i = 0; i < words.length; i++) {
            words[i] = littleEndian(value, value.position() + i * Integer.BYTES);
        }
        sock.settings.fastOpenKey = words;
        return 0;
    }

    static int getKey(Tcp tcp, TcpSock sock, ByteBuffer into) {
        int[] words = tcp.fastOpenServer.keys.words(sock.settings);
        int bytes = Math.min(words.length * Integer.BYTES, into.remaining());
        for (int i = 0; i < bytes; i++) {
            into.put((byte) (words[i / Integer.BYTES] >>> 8 * (i % Integer.BYTES)));
        }
        return bytes;
    }

    private static int littleEndian(ByteBuffer bytes, int at) {
        int word = 0;
        for (int i = Integer.BYTES - 1; i >= 0; i--) {
            word = word << 8 | bytes.get(at + i) & 0xFF;
        }
        return word;
    }
}
