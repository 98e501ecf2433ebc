package dev.doorbell.bus.reg;

import java.util.List;

/**
 * What the {@link RegisterBook} says about one register, array of registers or window.
 *
 * @param count elements of an array; 1 for a single register
 * @param isArray written with a count, also when that is 1
 * @param places where it answers: the first is its own offset, the others are aliases
 * @param windowBytes of a window; 0 for registers
 * @param pair the register that reading this one clears as well; empty for none
 * @param section chapter of the datasheet, number and title
 */
public record BookEntry(
        String name,
        int count,
        boolean isArray,
        List<Place> places,
        int windowBytes,
        int reset,
        boolean sticky,
        boolean auxiliary,
        String pair,
        String title,
        String section,
        List<Bits> bits) {
    /** An offset in bytes, and for an array the distance from one element to the next. */
    public record Place(int offset, int stride) {}

    /**
     * Bits of a register with one meaning.
     *
     * @param name "-" when they have none
     * @param changing the card changes them by itself: a star behind the access kind
     * @param effect what they do; begins with "stored" when nothing does
     */
    public record Bits(String name, int mask, String range, Access access, boolean changing, String effect) {
        public boolean isNamed() {
            return !name.equals("-");
        }

        /** The card remembers what was written, and that is all. */
        public boolean isStored() {
            return effect.startsWith("stored");
        }
    }

    public boolean isWindow() {
        return windowBytes != 0;
    }

    public int offset() {
        return places.get(0).offset();
    }

    /** All of its bits are only remembered. */
    public boolean isStorageOnly() {
        return !bits.isEmpty() && bits.stream().allMatch(Bits::isStored);
    }

    /** "MTA[5]", or the name alone when this is no array. */
    public String nameOf(int element) {
        return isArray ? name + "[" + element + "]" : name;
    }
}
