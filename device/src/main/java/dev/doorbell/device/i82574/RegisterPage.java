package dev.doorbell.device.i82574;

import dev.doorbell.bus.reg.Access;
import dev.doorbell.bus.reg.BookEntry;
import dev.doorbell.bus.reg.BookEntry.Bits;
import dev.doorbell.bus.reg.BookEntry.Place;
import dev.doorbell.bus.reg.RegisterBook;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Prints the register book as a page of Markdown: what people read, made from what the model runs on. */
public final class RegisterPage {
    /** In place of a number of digits: offsets are page and register. */
    private static final int PHY = 0;

    private final StringBuilder page = new StringBuilder();
    private String section = "";

    private RegisterPage() {}

    /** Writes the page to the file named by the only argument, or to standard output. */
    public static void main(String[] args) throws IOException {
        if (args.length > 0) {
            Files.writeString(Path.of(args[0]), text());
        } else {
            System.out.print(text());
        }
    }

    /** The whole page. */
    public static String text() {
        RegisterPage page = new RegisterPage();
        page.introduction();
        page.block("Registers behind BAR 0", "", 5, MacRegisters.book());
        page.block(
                "Registers of the PHY",
                "16 bits each, through MDIC, PHY address 1. Registers 0 to 15 and 22 are the same on every page.",
                PHY,
                PhyRegisters.BOOK);
        page.block("Words of the NVM", "16 bits each, low byte first; what a new card has in them.", 2, NvmUnit.BOOK);
        page.block("Configuration space", "", 3, ConfigLayout.BOOK);
        return page.page.toString();
    }

    private void introduction() {
        page.append("""
                # Registers of the 82574L

                Made from the register book, which the model, the tests and this page share. Do not edit: write to the
                book (`device/src/main/resources/…/registers/`) and make the page anew.

                | access | software reads | software writes |
                |---|---|---|
                | RW | what is stored | stores |
                | RO | what the card says | nothing |
                | WO | 0 | stores |
                | RC | the value, and clears it | nothing |
                | RS | the old value, and sets it | stores |
                | W1C | the value | 1 clears |
                | W0C | the value | 0 clears |
                | W1S | the value | 1 sets |
                | SC | 0 | 1 acts once |

                A star: the card changes the bit by itself as well. *Sticky* registers survive CTRL.RST, those on
                *auxiliary* power survive every reset but power-on. Bits that are not listed read 0 and ignore writes;
                *stored* means that nothing acts on the bit.
                """);
    }

    private void block(String title, String about, int digits, RegisterBook book) {
        page.append("\n## ").append(title).append('\n');
        if (!about.isEmpty()) {
            page.append('\n').append(about).append('\n');
        }
        for (BookEntry entry : book.entries()) {
            if (!entry.section().equals(section)) {
                section = entry.section();
                page.append("\n### §").append(section).append('\n');
            }
            register(entry, digits);
        }
    }

    private void register(BookEntry entry, int digits) {
        page.append("\n#### ").append(entry.name());
        if (entry.isArray()) {
            page.append("[0..").append(entry.count() - 1).append(']');
        }
        page.append("\n\n").append(escape(entry.title())).append(". ");
        List<Place> places = entry.places();
        page.append(places(places, digits));
        if (entry.isWindow()) {
            page.append(", ").append(entry.windowBytes() / 1024).append(" KiB.\n");
            return;
        }
        page.append("; reset ").append(hex(entry.reset(), digits == 5 || digits == 3 ? 8 : 4));
        if (entry.sticky()) {
            page.append("; sticky");
        }
        if (entry.auxiliary()) {
            page.append("; on auxiliary power");
        }
        if (!entry.pair().isEmpty()) {
            page.append("; reading it clears ").append(entry.pair()).append(" too");
        }
        page.append(".\n\n| bits | name | access | reset | effect |\n|---|---|---|---|---|\n");
        for (Bits bits : entry.bits()) {
            bits(entry, bits);
        }
    }

    private static String places(List<Place> places, int digits) {
        StringBuilder text = new StringBuilder();
        for (Place place : places) {
            if (digits == PHY) {
                int number = place.offset();
                text.append("Page ").append(number / RegisterBook.REGISTERS_PER_PAGE);
                text.append(" register ").append(number % RegisterBook.REGISTERS_PER_PAGE);
                continue;
            }
            text.append(text.isEmpty() ? (digits == 2 ? "Word " : "Offset ") : ", also ")
                    .append(hex(place.offset(), digits));
            if (place.stride() != 0) {
                text.append(" + ").append(place.stride()).append("n");
            }
        }
        return text.toString();
    }

    private void bits(BookEntry entry, Bits bits) {
        Access access = bits.access();
        int reset = (entry.reset() & bits.mask()) >>> Integer.numberOfTrailingZeros(bits.mask());
        page.append("| ").append(bits.range().replace(",", ", "));
        page.append(" | ").append(bits.isNamed() ? bits.name() : "");
        page.append(" | ").append(access).append(bits.changing() ? "\\*" : "");
        page.append(" | ").append(reset == 0 ? "0" : "0x" + Integer.toHexString(reset));
        page.append(" | ").append(escape(bits.effect())).append(" |\n");
    }

    private static String hex(int value, int digits) {
        return String.format("0x%0" + digits + "x", value);
    }

    private static String escape(String text) {
        return text.replace("|", "\\|").replace("*", "\\*");
    }
}
