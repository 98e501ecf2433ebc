package dev.doorbell.bus.wire;

/** Arithmetic on 32-bit sequence numbers, modulo 2^32: RFC 9293 §3.4. Right for numbers less than 2^31 apart. */
public final class Seq {
    private Seq() {}

    public static boolean lt(int a, int b) {
        return a - b < 0;
    }

    public static boolean leq(int a, int b) {
        return a - b <= 0;
    }

    public static boolean gt(int a, int b) {
        return a - b > 0;
    }

    public static boolean geq(int a, int b) {
        return a - b >= 0;
    }

    /** How far {@code a} is ahead of {@code b}; negative when behind. */
    public static int diff(int a, int b) {
        return a - b;
    }

    public static int max(int a, int b) {
        return gt(a, b) ? a : b;
    }

    public static int min(int a, int b) {
        return lt(a, b) ? a : b;
    }

    /** True when {@code low <= seq < high}. */
    public static boolean between(int seq, int low, int high) {
        return seq - low >= 0 && seq - high < 0;
    }
}
