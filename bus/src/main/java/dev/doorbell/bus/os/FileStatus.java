package dev.doorbell.bus.os;

import dev.doorbell.bus.mem.GuestMemory;

/**
 * What the host says about a file, statx(2).
 *
 * @param device file system, with {@code inode} the identity of the file
 * @param mode type and permissions as in st_mode
 * @param sizeBytes 0 for what is no regular file
 * @param blockBytes preferred block size; on hugetlbfs the size of a page
 */
public record FileStatus(long device, long inode, int mode, long sizeBytes, int blockBytes) {
    private static final int STATX_BYTES = 256, STATX_BASIC_STATS = 0x7FF;

    /** A struct statx, and behind it an empty C string. */
    public static final int SCRATCH_BYTES = STATX_BYTES + 8;

    private static final int BLOCK_SIZE = 4, MODE = 0x1C, INODE = 0x20, SIZE = 0x28, DEVICE_MAJOR = 0x88;
    private static final int S_IFMT = 0xF000, S_IFIFO = 0x1000, S_IFREG = 0x8000, S_IFSOCK = 0xC000;

    /** Of an open descriptor. Throws {@link OsException}. */
    public static FileStatus of(int fd) {
        try (GuestMemory scratch = GuestMemory.allocate(SCRATCH_BYTES)) {
            return of(fd, scratch);
        }
    }

    /**
     * Of an open descriptor, for who asks often: memory that is allocated natively wakes another thread when it is freed.
     * Throws {@link OsException}.
     *
     * @param scratch of {@link #SCRATCH_BYTES}, zeroed when it was made, and used for nothing else
     */
    public static FileStatus of(int fd, GuestMemory scratch) {
        long buffer = scratch.hostAddress(0, SCRATCH_BYTES);
        int result = Libc.statx(fd, buffer + STATX_BYTES, Libc.AT_EMPTY_PATH, STATX_BASIC_STATS, buffer);
        if (result < 0) {
            OsException.check(result, "statx fd " + fd);
        }
        return parse(scratch);
    }

    /** Of a path, not following a symbolic link in its last part. Throws {@link OsException}. */
    public static FileStatus of(String path) {
        try (GuestMemory scratch = GuestMemory.allocate(SCRATCH_BYTES)) {
            long buffer = scratch.hostAddress(0, SCRATCH_BYTES);
            OsException.check(
                    Libc.statx(Libc.AT_FDCWD, path, Libc.AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, buffer),
                    "statx " + path);
            return parse(scratch);
        }
    }

    private static FileStatus parse(GuestMemory statx) {
        return new FileStatus(
                statx.readLong(DEVICE_MAJOR),
                statx.readLong(INODE),
                statx.readShort(MODE) & 0xFFFF,
                statx.readLong(SIZE),
                statx.readInt(BLOCK_SIZE));
    }

    public boolean isRegular() {
        return (mode & S_IFMT) == S_IFREG;
    }

    /** A file, directory or device node: not a socket, a pipe, or one of Linux's anonymous objects such as an eventfd. */
    public boolean isOnDisk() {
        int type = mode & S_IFMT;
        return type != 0 && type != S_IFIFO && type != S_IFSOCK;
    }

    public boolean isSocket() {
        return (mode & S_IFMT) == S_IFSOCK;
    }

    public boolean isSameFile(FileStatus other) {
        return device == other.device && inode == other.inode;
    }
}
