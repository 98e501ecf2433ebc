package dev.doorbell.kernel.dma;

import dev.doorbell.bus.time.Clock;
import dev.doorbell.bus.trace.Tracer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The book of one device's mappings: what is mapped, who mapped it and when; and, until the address is used again, who
 * unmapped it. One row of eight longs per mapping, a cache line: an entry costs a few stores.
 */
public final class DmaLedger {
    static final int NONE = -1;

    private static final int ROW = 8;
    /** State in bits 7:0, direction in 15:8, function in 23:16. */
    private static final int KEY = 0;

    private static final int IOVA = 1;
    private static final int GPA = 2;
    private static final int BYTES = 3;
    private static final int MAPPED_NS = 4;
    private static final int UNMAPPED_NS = 5;
    private static final int TARGET = 6;

    private static final int FREE = 0;
    private static final int MAPPED = 1;
    private static final int UNMAPPED = 2;
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
    private final Tracer tracer;
    private long[] cells = new long[64 * ROW];
    private @Nullable String[] mappedBy = new @Nullable String[0];
    private @Nullable String[] unmappedBy = new @Nullable String[0];
    private int rows;
    private int open;
    private boolean callers;
    private long violations;
    private Violation.Listener listener = violation -> {};

    private final @Nullable DmaObserver observer;

    DmaLedger(String device, Clock clock, Tracer tracer, @Nullable DmaObserver observer) {
        this.observer = observer;
        this.device = device;
        this.clock = clock;
        this.tracer = tracer;
    }

    /** Also records the calling method of each map and unmap: a microsecond each. */
    public void recordCallers(boolean on) {
        callers = on;
        mappedBy = new @Nullable String[0];
        unmappedBy = new @Nullable String[0];
    }

    /** Replaces who is told about violations; they are traced and counted in any case. */
    public void listener(Violation.Listener next) {
        listener = next;
    }

    /** Mappings that exist now, coherent memory included. */
    public int open() {
        return open;
    }

    /** Rules broken so far, also while nobody listened. */
    public long violations() {
        return violations;
    }

    /** One line for each mapping that exists now: after a driver has let go, each is a leak. */
    public List<String> leaks() {
        List<String> found = new ArrayList<>();
        for (int row = 0; row < rows; row++) {
            if (state(row) == MAPPED) {
                found.add(describe(row));
            }
        }
        return found;
    }

    void reportLeaks() {
        for (int row = 0; row < rows; row++) {
            if (state(row) == MAPPED) {
                report(Violation.Kind.LEAK, cell(row, IOVA), "driver left the device: " + describe(row));
            }
        }
    }

    /** @param target GPA that the device reaches: the buffer, or its shadow */
    void opened(int row, long iova, long gpa, long target, long bytes, Direction way, Function how) {
        int at = row * ROW;
        if (at >= cells.length) {
            cells = Arrays.copyOf(cells, Math.max(at + ROW, 2 * cells.length));
        }
        if (row >= rows) {
            rows = row + 1;
        }
        cells[at] = key(MAPPED, way, how);
        cells[at + IOVA] = iova;
        cells[at + GPA] = gpa;
        cells[at + BYTES] = bytes;
        cells[at + MAPPED_NS] = clock.nowNs();
        cells[at + TARGET] = target;
        if (callers) {
            mappedBy = noteCaller(mappedBy, row);
        }
        open++;
    }

    void closed(int row) {
        int at = row * ROW;
        cells[at] = cells[at] & ~0xFF | UNMAPPED;
        cells[at + UNMAPPED_NS] = clock.nowNs();
        if (callers) {
            unmappedBy = noteCaller(unmappedBy, row);
        }
        open--;
    }

    private static int key(int state, Direction way, Function how) {
        return how.ordinal() << 16 | way.ordinal() << 8 | state;
    }

    private static @Nullable String[] noteCaller(@Nullable String[] names, int row) {
        @Nullable
        String[] noted = row < names.length ? names : Arrays.copyOf(names, Math.max(row + 1, 2 * names.length));
        noted[row] = caller();
        return noted;
    }

    private long cell(int row, int column) {
        return cells[row * ROW + column];
    }

    private int state(int row) {
        return (int) cell(row, KEY) & 0xFF;
    }

    private Function function(int row) {
        return Function.ALL[(int) (cell(row, KEY) >>> 16 & 0xFF)];
    }

    boolean isMapped(int row) {
        return row >= 0 && row < rows && state(row) == MAPPED;
    }

    long iova(int row) {
        return cell(row, IOVA);
    }

    long gpa(int row) {
        return cell(row, GPA);
    }

    long target(int row) {
        return cell(row, TARGET);
    }

    long bytes(int row) {
        return cell(row, BYTES);
    }

    Direction direction(int row) {
        return DIRECTIONS[(int) (cell(row, KEY) >>> 8 & 0xFF)];
    }

    boolean isCoherent(int row) {
        return function(row) == Function.COHERENT;
    }

    /** True when the address lies in the row's buffer. */
    boolean covers(int row, long address) {
        return address - cell(row, IOVA) >= 0 && address - cell(row, IOVA) < cell(row, BYTES);
    }

    /** The open row that an address lies in, or {@code guess} if that is one; NONE when there is none. */
    int rowAround(long address, int guess) {
        if (guess != NONE) {
            return guess;
        }
        for (int row = 0; row < rows; row++) {
            if (state(row) == MAPPED && covers(row, address)) {
                return row;
            }
        }
        return NONE;
    }

    /** True when the row is mapped, and this is what it was mapped as. */
    boolean matches(int row, long bytes, Direction way, Function how) {
        return cell(row, BYTES) == bytes && cell(row, KEY) == key(MAPPED, way, how);
    }

    /** Says what does not match between an unmap and its row. */
    void reportMismatch(int row, long bytes, Direction way, Function how) {
        String found = " of " + describe(row);
        if (bytes(row) != bytes) {
            report(Violation.Kind.WRONG_SIZE, iova(row), "unmap with " + bytes + " bytes" + found);
        }
        if (direction(row) != way) {
            report(Violation.Kind.WRONG_DIRECTION, iova(row), "unmap " + way + found);
        }
        if (function(row) != how) {
            report(Violation.Kind.WRONG_FUNCTION, iova(row), "unmap by the partner of " + how.call + found);
        }
    }

    void report(Violation.Kind kind, long at, String text) {
        violations++;
        if (tracer.isOn()) {
            tracer.event("dma " + device, kind.name(), text);
        }
        Violation violation = new Violation(kind, device, clock.nowNs(), at, text);
        listener.violation(violation);
        if (observer != null) {
            observer.violated(violation);
        }
    }

    /** The row's history in one line, or "never mapped". */
    String describe(int row) {
        if (row < 0 || row >= rows || state(row) == FREE) {
            return "never mapped";
        }
        String mapped = String.format(
                "%s of %d bytes %s at GPA 0x%x, IOVA 0x%x, %s at %d ns%s",
                function(row).call,
                cell(row, BYTES),
                direction(row),
                cell(row, GPA),
                cell(row, IOVA),
                device,
                cell(row, MAPPED_NS),
                by(mappedBy, row));
        return state(row) == MAPPED
                ? mapped
                : mapped + "; unmapped at " + cell(row, UNMAPPED_NS) + " ns" + by(unmappedBy, row);
    }

    private static String by(@Nullable String[] names, int row) {
        return row >= names.length || names[row] == null ? "" : " by " + names[row];
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
