package dev.doorbell.kernel.netfilter.match;

import dev.doorbell.kernel.netfilter.Packet;
import dev.doorbell.kernel.netfilter.RulesException;
import dev.doorbell.kernel.netfilter.Words;

/** {@code -m comment}: says something to the reader of the rules, and is always true. */
record CommentMatch(String text) implements Match {
    /** XT_MAX_COMMENT_LEN, with its terminator. */
    private static final int MAX_LENGTH = 255;

    @Override
    public boolean matches(Packet packet) {
        return true;
    }

    @Override
    public void save(StringBuilder out) {
        out.append(" -m comment --comment ");
        Words.quote(out, text);
    }

    /** Reads --comment. */
    static final class Builder implements MatchBuilder {
        private String text = "";
        private boolean given;

        @Override
        public boolean option(String name, boolean inverted, Words words) throws RulesException {
            if (!name.equals("--comment")) {
                return false;
            }
            Values.notInverted(name, inverted);
            text = words.argument(name);
            given = true;
            return true;
        }

        @Override
        public Match build(RuleHead head) throws RulesException {
            if (!given) {
                throw new RulesException("match comment needs --comment");
            }
            if (text.length() > MAX_LENGTH) {
                throw new RulesException("--comment: longer than " + MAX_LENGTH + " characters");
            }
            return new CommentMatch(text);
        }
    }
}
