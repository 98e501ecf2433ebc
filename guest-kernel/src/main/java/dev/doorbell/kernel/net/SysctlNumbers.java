package dev.doorbell.kernel.net;

import java.util.Arrays;

/** Numbers in the text of a setting, read as Linux reads them: decimal, 0x hexadecimal or 0 octal, apart by blanks. */
final class SysctlNumbers {
    private static final long[] NONE = {};

    private SysctlNumbers() {}

    /**
     * Reads up to {@code limit} numbers.
     *
     * @return what was read; empty when the text is none or more than that
     */
    static long[] parse(String text, int limit) {
        String trimmed = text.strip();
        String[] words = trimmed.isEmpty() ? new String[0] : trimmed.split("\\s+");
        if (words.length == 0 || words.length > limit) {
            return NONE;
        }
        long[] numbers = new long[words.length];
        for (int i = 0; i < words.length; i++) {
            try {
                numbers[i] = number(words[i]);
            } catch (NumberFormatException e) {
                return NONE;
            }
        }
        return numbers;
    }

    private static long number(String word) {
        if (word.startsWith("+") || word.startsWith("#") || word.startsWith("-#")) {
            throw new NumberFormatException(word); // Java's own notations
        }
        return Long.decode(word);
    }

    static String join(int... numbers) {
        StringBuilder text = new StringBuilder();
        Arrays.stream(numbers)
                .forEach(n -> text.append(text.length() == 0 ? "" : "\t").append(n));
        return text.toString();
    }
}
