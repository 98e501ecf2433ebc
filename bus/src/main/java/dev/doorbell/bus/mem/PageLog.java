package dev.doorbell.bus.mem;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Which pages of a memory were written, and what they held: takes and restores images of it at the cost of the pages that
 * changed. An image shares what did not change with the ones before it.
 */
public final class PageLog implements AutoCloseable {
    private static final int PAGE_SHIFT = 12, PAGE_BYTES = 1 << PAGE_SHIFT;
    /** Shared by all images: most of a memory is never touched. */
    private static final byte[] ZEROS = new byte[PAGE_BYTES];

    /** A memory's content and size at one moment. */
    public static final class Image {
        private final byte[][] pages;
        private final long size;

        private Image(byte[][] pages, long size) {
            this.pages = pages;
            this.size = size;
        }
    }

    private final GuestMemory memory;
    private final long bytes;
    private final boolean[] dirty;
    /** Numbers of the dirty pages, in the order in which they became so. */
    private final int[] list;

    private int dirtyPages;
    private @Nullable Image last;

    PageLog(GuestMemory memory, long bytes) {
        this.memory = memory;
        this.bytes = bytes;
        int pages = (int) (bytes + PAGE_BYTES - 1 >>> PAGE_SHIFT);
        dirty = new boolean[pages];
        list = new int[pages];
    }

    void written(long gpa, long length) {
        if (length == 0) {
            return;
        }
        int first = (int) (gpa >>> PAGE_SHIFT);
        int end = (int) (gpa + length - 1 >>> PAGE_SHIFT);
        for (int page = first; page <= end; page++) {
            if (!dirty[page]) {
                dirty[page] = true;
                list[dirtyPages++] = page;
            }
        }
    }

    /** What the memory holds now. The first image copies all of it. */
    public Image image() {
        Image before = last;
        long size = memory.size();
        if (before != null && dirtyPages == 0 && before.size == size) {
            return before;
        }
        byte[][] pages = before == null ? new byte[dirty.length][] : before.pages.clone();
        memory.resize(bytes);
        if (before == null) {
            for (int page = 0; page < pages.length; page++) {
                pages[page] = content(page);
            }
        } else {
            for (int i = 0; i < dirtyPages; i++) {
                pages[list[i]] = content(list[i]);
            }
        }
        memory.resize(size);
        Image now = new Image(pages, size);
        clean(now);
        return now;
    }

    /** Makes the memory what it was when the image was taken. */
    public void restore(Image image) {
        Image before = last;
        if (before == null) {
            throw new IllegalStateException("no image was taken");
        }
        memory.resize(bytes);
        if (before != image) {
            for (int page = 0; page < dirty.length; page++) {
                if (before.pages[page] != image.pages[page]) {
                    write(page, image.pages[page]);
                }
            }
        }
        for (int i = 0; i < dirtyPages; i++) {
            write(list[i], image.pages[list[i]]);
        }
        memory.resize(image.size);
        clean(image);
    }

    /** Pages written since the last image was taken or restored. */
    public int dirtyPages() {
        return dirtyPages;
    }

    private byte[] content(int page) {
        byte[] copy = new byte[length(page)];
        memory.read((long) page << PAGE_SHIFT, copy, 0, copy.length);
        return Arrays.equals(copy, ZEROS) ? ZEROS : copy;
    }

    /** Logs itself as any other write; {@link #clean} forgets it. */
    private void write(int page, byte[] content) {
        int marked = dirtyPages;
        boolean was = dirty[page];
        memory.write((long) page << PAGE_SHIFT, content, 0, content.length);
        dirty[page] = was;
        dirtyPages = marked;
    }

    private int length(int page) {
        return (int) Math.min(PAGE_BYTES, bytes - ((long) page << PAGE_SHIFT));
    }

    private void clean(Image now) {
        if (dirtyPages > dirty.length / 4) {
            Arrays.fill(dirty, false);
        } else {
            for (int i = 0; i < dirtyPages; i++) {
                dirty[list[i]] = false;
            }
        }
        dirtyPages = 0;
        last = now;
    }

    /** Ends the log; a memory that was closed meanwhile is released. */
    @Override
    public void close() {
        memory.endLog();
    }
}
