package dev.doorbell.kernel.dma;

import dev.doorbell.bus.time.Clock;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The book of one device's mappings: what is mapped, who mapped it and when; and, until the address is used again, who
 * unmapped it. Columns of primitives, one row per mapping: an entry costs a few stores.
 */
public final class DmaLedger {
    static final int NONE = -1;

    private static final byte FREE = 0;
    private static final byte MAPPED = 1;
    private static final byte UNMAPPED = 2;
    private static final Direction[] DIRECTIONS = Direction.values();
    private static final StackWalker WALKER = StackWalker.getInstance();

    /** How a row came about; the functions must match. */
    enum Function {
        SINGLE("dma_map_single"),
        PAGE("dma_map_page"),
        COHERENT("dma_alloc_coherent");

        private static final Function[] ALL = values();
        final String call;

        Function(String call) {
            this.call = call;
        }
    }

    private final String device;
    private final Clock clock;
    private byte[] state = new byte[64];
    private byte[] direction = new byte[64];
    private byte[] function = new byte[64];
    private long[] iova = new long[64];
    private long[] gpa = new long[64];
    private long[] bytes = new long[64];
    private long[] mappedNs = new long[64];
    private long[] unmappedNs = new long[64];
    private @Nullable String[] mappedBy = new @Nullable String[64];
    private @Nullable String[] unmappedBy = new @Nullable String[64];
    private int rows;
    private int open;
    private long mappings;
    private boolean callers;
    private Violation.Listener listener = violation -> {};

    DmaLedger(String device, Clock clock) {
        this.device = device;
        this.clock = clock;
    }

    /** Also records the calling method of each map and unmap: a microsecond each. */
    public void recordCallers(boolean on) {
        callers = on;
    }

    public void listener(Violation.Listener next) {
        listener = next;
    }

    /** Mappings that exist now, coherent memory included. */
    public int open() {
        return open;
    }

    /** Mappings ever made. */
    public long mappings() {
        return mappings;
    }

    /** One line for each mapping that exists now: after a driver has let go, each is a leak. */
    public List<String> leaks() {
        List<String> found = new ArrayList<>();
        for (int row = 0; row < rows; row++) {
            if (state[row] == MAPPED) {
                found.add(describe(row));
            }
        }
        return found;
    }

    void reportLeaks() {
        for (int row = 0; row < rows; row++) {
            if (state[row] == MAPPED) {
                report(Violation.Kind.LEAK, iova[row], "driver left the device: " + describe(row));
            }
        }
    }

    void opened(int row, long rowIova, long rowGpa, long rowBytes, Direction way, Function how) {
        if (row >= state.length) {
            grow(row);
        }
        rows = Math.max(rows, row + 1);
        state[row] = MAPPED;
        direction[row] = (byte) way.ordinal();
        function[row] = (byte) how.ordinal();
        iova[row] = rowIova;
        gpa[row] = rowGpa;
        bytes[row] = rowBytes;
        mappedNs[row] = clock.nowNs();
        if (callers) {
            mappedBy[row] = caller();
        }
        open++;
        mappings++;
    }

    void closed(int row) {
        state[row] = UNMAPPED;
        unmappedNs[row] = clock.nowNs();
        if (callers) {
            unmappedBy[row] = caller();
        }
        open--;
    }

    private void grow(int row) {
        int size = Math.max(row + 1, 2 * state.length);
        state = Arrays.copyOf(state, size);
        direction = Arrays.copyOf(direction, size);
        function = Arrays.copyOf(function, size);
        iova = Arrays.copyOf(iova, size);
        gpa = Arrays.copyOf(gpa, size);
        bytes = Arrays.copyOf(bytes, size);
        mappedNs = Arrays.copyOf(mappedNs, size);
        unmappedNs = Arrays.copyOf(unmappedNs, size);
        mappedBy = Arrays.copyOf(mappedBy, size);
        unmappedBy = Arrays.copyOf(unmappedBy, size);
    }

    boolean isMapped(int row) {
        return row >= 0 && row < rows && state[row] == MAPPED;
    }

    long iova(int row) {
        return iova[row];
    }

    long gpa(int row) {
        return gpa[row];
    }

    long bytes(int row) {
        return bytes[row];
    }

    Direction direction(int row) {
        return DIRECTIONS[direction[row]];
    }

    boolean isCoherent(int row) {
        return function[row] == Function.COHERENT.ordinal();
    }

    /** True when the address lies in the row's buffer. */
    boolean covers(int row, long address) {
        return address - iova[row] >= 0 && address - iova[row] < bytes[row];
    }

    /** The open row that an address lies in, or {@code guess} if that is one; NONE when there is none. */
    int rowAround(long address, int guess) {
        if (guess != NONE) {
            return guess;
        }
        for (int row = 0; row < rows; row++) {
            if (state[row] == MAPPED && covers(row, address)) {
                return row;
            }
        }
        return NONE;
    }

    boolean matches(int row, long wantedBytes, Direction way, Function how) {
        return bytes[row] == wantedBytes && direction[row] == way.ordinal() && function[row] == how.ordinal();
    }

    /** Says what does not match between an unmap and its row. */
    void reportMismatch(int row, long wantedBytes, Direction way, Function how) {
        String found = " of " + describe(row);
        if (bytes[row] != wantedBytes) {
            report(Violation.Kind.WRONG_SIZE, iova[row], "unmap with " + wantedBytes + " bytes" + found);
        }
        if (direction[row] != way.ordinal()) {
            report(Violation.Kind.WRONG_DIRECTION, iova[row], "unmap " + way + found);
        }
        if (function[row] != how.ordinal()) {
            report(Violation.Kind.WRONG_FUNCTION, iova[row], "unmap by the partner of " + how.call + found);
        }
    }

    void report(Violation.Kind kind, long at, String text) {
        listener.violation(new Violation(kind, device, clock.nowNs(), at, text));
    }

    /** The row's history in one line, or "never mapped". */
    String describe(int row) {
        if (row < 0 || row >= rows || state[row] == FREE) {
            return "never mapped";
        }
        String mapped = String.format(
                "%s of %d bytes %s at GPA 0x%x, IOVA 0x%x, %s at %d ns%s",
                Function.ALL[function[row]].call,
                bytes[row],
                direction(row),
                gpa[row],
                iova[row],
                device,
                mappedNs[row],
                by(mappedBy[row]));
        return state[row] == MAPPED
                ? mapped
                : mapped + "; unmapped at " + unmappedNs[row] + " ns" + by(unmappedBy[row]);
    }

    private static String by(@Nullable String caller) {
        return caller == null ? "" : " by " + caller;
    }

    private static String caller() {
        return WALKER.walk(frames -> frames.filter(frame -> !isPlumbing(frame.getClassName()))
                .findFirst()
                .map(Object::toString)
                .orElse("unknown"));
    }

    private static boolean isPlumbing(String className) {
        return className.equals(DmaLedger.class.getName())
                || className.equals(DmaDevice.class.getName())
                || className.equals("dev.doorbell.kernel.pci.PciDev");
    }
}
