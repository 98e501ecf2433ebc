package dev.doorbell.kernel.socket;

import java.util.Arrays;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/** The descriptors of one guest process; a new one gets the lowest free number. */
final class FileTable {
    /** Most descriptors of a process: RLIMIT_NOFILE. */
    static final int LIMIT = 65_536;
    /** 0, 1 and 2 are the process's standard streams. */
    private static final int FIRST = 3;

    private @Nullable File[] files = new @Nullable File[64];
    private final BitSet used = new BitSet();

    /** @return null when there is none */
    @Nullable
    File get(int fd) {
        return fd >= 0 && fd < files.length ? files[fd] : null;
    }

    /** @return the descriptor at or above {@code lowest}, or -1 when the process has too many */
    int add(File file, int lowest) {
        int fd = used.nextClearBit(Math.max(FIRST, lowest));
        if (fd >= LIMIT) {
            return -1;
        }
        if (fd >= files.length) {
            files = Arrays.copyOf(files, Math.min(LIMIT, Math.max(fd + 1, files.length * 2)));
        }
        files[fd] = file;
        used.set(fd);
        return fd;
    }

    @Nullable
    File remove(int fd) {
        File file = get(fd);
        if (file != null) {
            files[fd] = null;
            used.clear(fd);
        }
        return file;
    }

    /** One past the highest descriptor. */
    int limit() {
        return used.length();
    }

    int open() {
        return used.cardinality();
    }
}
