package dev.doorbell.device.intel;

import dev.doorbell.device.spi.NvmStore;

/**
 * The non-volatile memory of the 8257x family: 16-bit words, the first 64 of which sum to 0xBABA. Datasheet chapter 6.
 * Belongs to one card; words that the guest changes go back to the {@link NvmStore} with {@link #save()}.
 */
public final class Nvm {
    /** Where the checksum lies: words 0 up to this one sum to {@link #CHECKSUM}, modulo 65536. */
    public static final int CHECKSUM_WORD = 0x3F;

    public static final int CHECKSUM = 0xBABA;
    public static final int SUBSYSTEM_ID_WORD = 0x0B;
    public static final int SUBSYSTEM_VENDOR_WORD = 0x0C;
    public static final int CONTROL_3_WORD = 0x24;
    /** Of {@link #CONTROL_3_WORD}: magic-packet wake-up is on after power-up. */
    public static final int CONTROL_3_APME = 0x0400;

    /** Largest part: 2^14 words, by EECD.SIZE_EX. */
    private static final int MAX_WORDS = 1 << 14;

    private static final int MIN_WORDS = 64;

    private final NvmStore store;
    private final short[] words;
    private boolean changed;

    /**
     * @param defaultImage at least 64 words; used when the store has none, with the MAC and the checksum filled in
     * @throws IllegalArgumentException when the store's image has a size that no part has
     */
    public Nvm(NvmStore store, short[] defaultImage) {
        this.store = store;
        short[] stored = store.load();
        if (stored.length == 0) {
            words = defaultImage.clone();
            setMac(store.defaultMac());
            updateChecksum();
        } else {
            words = stored.clone();
        }
        if (words.length < MIN_WORDS || words.length > MAX_WORDS || Integer.bitCount(words.length) != 1) {
            throw new IllegalArgumentException("NVM image of " + words.length + " words: must be a power of two from "
                    + MIN_WORDS + " to " + MAX_WORDS + ", or 0 for the model's own");
        }
    }

    public int words() {
        return words.length;
    }

    /** EECD.SIZE_EX: the part has 2^(6 + this) words. */
    public int sizeExponent() {
        return Integer.numberOfTrailingZeros(words.length) - 6;
    }

    /** @return 16 bits; all ones beyond the end of the part */
    public int read(int word) {
        return word < words.length ? words[word] & 0xFFFF : 0xFFFF;
    }

    /** Writes a word; beyond the end of the part nothing happens. */
    public void write(int word, int value) {
        if (word < words.length && words[word] != (short) value) {
            words[word] = (short) value;
            changed = true;
        }
    }

    /** Hands the words to the store if any has changed since it had them. */
    public void save() {
        if (changed) {
            changed = false;
            store.store(words.clone());
        }
    }

    /** Words wait for {@link #save()}. */
    public boolean isChanged() {
        return changed;
    }

    /** Words 0 to 2 as a MAC address: 48 bits, first octet on the wire in bits 47:40. */
    public long mac() {
        return (long) swap(words[0]) << 32 | (long) swap(words[1]) << 16 | swap(words[2]);
    }

    public boolean checksumGood() {
        return sum(CHECKSUM_WORD) == CHECKSUM;
    }

    private void setMac(long mac) {
        words[0] = (short) swap((short) (mac >>> 32));
        words[1] = (short) swap((short) (mac >>> 16));
        words[2] = (short) swap((short) mac);
    }

    private void updateChecksum() {
        words[CHECKSUM_WORD] = (short) (CHECKSUM - sum(CHECKSUM_WORD - 1));
    }

    private int sum(int lastWord) {
        int sum = 0;
        for (int word = 0; word <= lastWord; word++) {
            sum += words[word];
        }
        return sum & 0xFFFF;
    }

    /** A word holds two octets of the address, the earlier one in its low byte. */
    private static int swap(short word) {
        return Short.reverseBytes(word) & 0xFFFF;
    }
}
