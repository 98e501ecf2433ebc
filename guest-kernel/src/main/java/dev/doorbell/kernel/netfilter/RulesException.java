package dev.doorbell.kernel.netfilter;

/** Rules that cannot be loaded: one line that names the line of the text, what is wrong, and what is allowed. */
public final class RulesException extends Exception {
    private static final long serialVersionUID = 1;

    public RulesException(String message) {
        super(message);
    }

    /** @param line in the text, from 1 on */
    public RulesException(int line, String message) {
        super("line " + line + ": " + message);
    }
}
