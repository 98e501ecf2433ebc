package dev.doorbell.bus.os;

import dev.doorbell.bus.mem.GuestMemory;

/**
 * Guest memory that another process can map too: a memfd, mapped here shared. Closing the memory unmaps it; the
 * descriptor lives until {@link #close()}.
 */
public final class Memfd implements AutoCloseable {
    private final Fd fd;
    private final GuestMemory memory;

    private Memfd(Fd fd, GuestMemory memory) {
        this.fd = fd;
        this.memory = memory;
    }

    /**
     * Zeroed memory, sealed so that nobody who maps it need fear that it is cut off. Throws {@link OsException}.
     *
     * @param name for /proc only
     * @param bytes a multiple of the page size, 4096
     */
    public static Memfd allocate(String name, long bytes) {
        if (bytes <= 0 || bytes % 4096 != 0) {
            throw new IllegalArgumentException("memory of " + bytes + " bytes: must be a positive multiple of 4096");
        }
        Fd fd = Fd.of(Libc.memfdCreate(name, Libc.MFD_CLOEXEC | Libc.MFD_ALLOW_SEALING), "memfd_create " + name);
        try {
            OsException.check(Libc.ftruncate(fd.fd(), bytes), "ftruncate " + name + " to " + bytes + " bytes");
            OsException.check(Libc.fcntl(fd.fd(), Libc.F_ADD_SEALS, Libc.F_SEAL_SHRINK), "fcntl F_ADD_SEALS " + name);
            return new Memfd(fd, map(fd.fd(), 0, bytes));
        } catch (RuntimeException e) {
            fd.close();
            throw e;
        }
    }

    /**
     * Maps a part of a descriptor that somebody else sent, readable and writable, shared. The mapping outlives the
     * descriptor; closing the memory unmaps it.
     */
    public static GuestMemory map(int fd, long offset, long bytes) {
        long address = OsException.check(
                Libc.mmap(bytes, Libc.PROT_READ | Libc.PROT_WRITE, Libc.MAP_SHARED, fd, offset),
                "mmap " + bytes + " bytes at " + offset + " of fd " + fd);
        return GuestMemory.ofHost(address, bytes, () -> Libc.munmap(address, bytes));
    }

    public GuestMemory memory() {
        return memory;
    }

    /** Owned by this object: pass it on with SCM_RIGHTS, do not close it. */
    public Fd fd() {
        return fd;
    }

    @Override
    public void close() {
        memory.close();
        fd.close();
    }
}
