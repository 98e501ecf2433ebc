package dev.doorbell.bus.reg;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A register block written down as text: the one source from which a model's {@link RegisterMap}, the tests of each bit
 * and the reference page come. One line for a register, an indented line for each of its fields:
 *
 * <pre>
 *  section 10.2.6 Transmit
 *  TCTL | 0x00400 | 0x00000000 | Transmit Control
 *    EN | 1 | RW | 0 to 1 starts on rings that have something in them
 *    - | 0,2,31:29 | RW | stored
 * </pre>
 *
 * An offset written PAGE.REGISTER is a register of a PHY, 32 to a page. Parsed once, at class load; mistakes throw with
 * file and line.
 */
public final class RegisterBook {
    /** Of a PHY: IEEE 802.3 clause 22 has five bits for them. */
    public static final int REGISTERS_PER_PAGE = 32;

    private final List<BookEntry> entries = new ArrayList<>();
    private String section = "";
    private @Nullable Heading heading;
    private String where = "";

    /** The first line of a register, until its fields have been read. */
    private record Heading(
            String name,
            int count,
            boolean isArray,
            List<BookEntry.Place> places,
            int windowBytes,
            String flags,
            String title,
            String where,
            List<BookEntry.Bits> bits) {}

    private RegisterBook() {}

    /**
     * Reads text files that lie beside a class.
     *
     * @param files in the order in which the registers are to appear
     */
    public static RegisterBook read(Class<?> owner, String... files) {
        RegisterBook book = new RegisterBook();
        for (String file : files) {
            book.readFile(owner, file);
        }
        return book;
    }

    /** In the order of the files. */
    public List<BookEntry> entries() {
        return List.copyOf(entries);
    }

    /** @throws IllegalArgumentException when there is none */
    public BookEntry entry(String name) {
        return entries.stream()
                .filter(e -> e.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("the register book has no " + name));
    }

    /** The lay-out that a model's register files are made of. */
    public RegisterMap compile(String name, int sizeBytes) {
        return compile(name, sizeBytes, 1);
    }

    /**
     * The same for registers that are numbered rather than addressed.
     *
     * @param step bytes of the map from one number to the next
     */
    public RegisterMap compile(String name, int sizeBytes, int step) {
        RegisterMap map = new RegisterMap(name, sizeBytes);
        for (BookEntry entry : entries) {
            if (entry.isWindow()) {
                map.window(entry.name(), entry.offset() * step, entry.windowBytes() * step);
            } else {
                declare(map, entry, step);
            }
        }
        return map;
    }

    private static void declare(RegisterMap map, BookEntry entry, int step) {
        BookEntry.Place own = entry.places().get(0);
        int first = 0;
        for (int i = 0; i < entry.count(); i++) {
            Register r = map.register(entry.nameOf(i), (own.offset() + i * own.stride()) * step, entry.reset());
            first = i == 0 ? r.slot() : first;
            for (BookEntry.Bits bits : entry.bits()) {
                if (bits.isNamed()) {
                    map.field(r, bits.name(), bits.mask(), bits.access());
                } else {
                    map.unnamed(r, bits.mask(), bits.access());
                }
            }
            markAndAlias(map, entry, r, i, step);
        }
        if (entry.isArray()) {
            map.add(new RegisterArray(
                    map, entry.name(), own.offset() * step, own.stride() * step, entry.count(), first));
        }
    }

    private static void markAndAlias(RegisterMap map, BookEntry entry, Register r, int element, int step) {
        if (entry.sticky()) {
            r.sticky();
        }
        if (entry.auxiliary()) {
            map.mark(r, RegisterMap.AUXILIARY);
        }
        if (entry.isStorageOnly()) {
            r.storageOnly();
        }
        if (!entry.pair().isEmpty()) {
            map.pair(r, map.get(entry.pair()));
        }
        for (BookEntry.Place alias : entry.places().subList(1, entry.places().size())) {
            map.alias(r, (alias.offset() + element * alias.stride()) * step);
        }
    }

    private void readFile(Class<?> owner, String file) {
        try (InputStream in = owner.getResourceAsStream(file)) {
            if (in == null) {
                throw new IllegalArgumentException("register book: no file " + file + " beside " + owner.getName());
            }
            BufferedReader lines = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
            int number = 0;
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                where = file + ":" + ++number + ": ";
                readLine(line);
            }
            finish();
        } catch (IOException e) {
            throw new UncheckedIOException(file, e);
        }
    }

    private void readLine(String line) {
        if (line.isBlank() || line.startsWith("#")) {
            return;
        }
        if (line.startsWith("section ")) {
            finish();
            section = line.substring("section ".length()).strip();
        } else if (line.startsWith(" ")) {
            bits(columns(line));
        } else {
            finish();
            heading = heading(columns(line));
        }
    }

    private String[] columns(String line) {
        String[] columns = line.strip().split("\\s*\\|\\s*", 4);
        if (columns.length != 4) {
            throw new IllegalArgumentException(where + "four columns, not " + columns.length);
        }
        return columns;
    }

    private Heading heading(String[] columns) {
        String name = columns[0];
        int bracket = name.indexOf('[');
        int count = bracket < 0 ? 1 : number(name.substring(bracket + 1, name.length() - 1));
        List<BookEntry.Place> places = new ArrayList<>();
        int windowBytes = 0;
        for (String place : columns[1].split(" +", -1)) {
            int dots = place.indexOf("..");
            int plus = place.indexOf('+');
            if (dots > 0) {
                int from = number(place.substring(0, dots));
                windowBytes = number(place.substring(dots + 2)) + 1 - from;
                places.add(new BookEntry.Place(from, 0));
            } else if (plus > 0) {
                int stride = number(place.substring(plus + 1));
                places.add(new BookEntry.Place(number(place.substring(0, plus)), stride));
            } else {
                places.add(new BookEntry.Place(number(place), 0));
            }
        }
        return new Heading(
                bracket < 0 ? name : name.substring(0, bracket),
                count,
                bracket >= 0,
                List.copyOf(places),
                windowBytes,
                columns[2],
                columns[3],
                where,
                new ArrayList<>());
    }

    private void bits(String[] columns) {
        Heading open = heading;
        if (open == null) {
            throw new IllegalArgumentException(where + "bits of no register");
        }
        boolean changing = columns[2].endsWith("*");
        String access = changing ? columns[2].substring(0, columns[2].length() - 1) : columns[2];
        open.bits.add(new BookEntry.Bits(
                columns[0], mask(columns[1]), columns[1], Access.valueOf(access), changing, columns[3]));
    }

    /** "31:28,3,0-2" as a mask: a range may be written either way round. */
    private int mask(String ranges) {
        int mask = 0;
        for (String range : ranges.split(",", -1)) {
            String[] ends = range.strip().split("[-:]", 2);
            int a = number(ends[0]);
            int b = number(ends[ends.length - 1]);
            int low = Math.min(a, b);
            int high = Math.max(a, b);
            if (high > 31) {
                throw new IllegalArgumentException(where + "bits " + range + ": 31 to 0");
            }
            mask |= (int) (((1L << (high - low + 1)) - 1) << low);
        }
        return mask;
    }

    private int number(String text) {
        String stripped = text.strip();
        int point = stripped.indexOf('.');
        if (point > 0) {
            return number(stripped.substring(0, point)) * REGISTERS_PER_PAGE + number(stripped.substring(point + 1));
        }
        try {
            return (int) (long) Long.decode(stripped);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(where + "not a number: " + text, e);
        }
    }

    private void finish() {
        Heading done = heading;
        heading = null;
        if (done == null) {
            return;
        }
        where = done.where;
        int reset = 0;
        boolean sticky = false;
        boolean auxiliary = false;
        String pair = "";
        for (String flag : done.flags.split(" +", -1)) {
            switch (flag) {
                case "window" -> {}
                case "sticky" -> sticky = true;
                case "aux" -> auxiliary = true;
                default -> {
                    if (flag.startsWith("pair=")) {
                        pair = flag.substring("pair=".length());
                    } else {
                        reset = number(flag);
                    }
                }
            }
        }
        entries.add(new BookEntry(
                done.name,
                done.count,
                done.isArray,
                done.places,
                done.windowBytes,
                reset,
                sticky,
                auxiliary,
                pair,
                done.title,
                section,
                List.copyOf(done.bits)));
    }
}
