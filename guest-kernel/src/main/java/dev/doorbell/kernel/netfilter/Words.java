package dev.doorbell.kernel.netfilter;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The words of one line of rules, taken one after the other. Words with blanks stand in double quotes. */
public final class Words {
    private final List<String> words;
    private int at;

    private Words(List<String> words) {
        this.words = words;
    }

    /** Splits a line as iptables-restore does: blanks separate, quotes hold together, a backslash takes the next as is. */
    public static Words split(String line) throws RulesException {
        List<String> words = new ArrayList<>();
        StringBuilder word = new StringBuilder();
        boolean quoted = false;
        boolean inside = false;
        for (int i = 0; i < line.length(); i++) {
            char c = line.charAt(i);
            if (quoted && c == '\\' && i + 1 < line.length()) {
                word.append(line.charAt(++i));
            } else if (c == '"') {
                quoted = !quoted;
                inside = true;
            } else if (!quoted && (c == ' ' || c == '\t')) {
                if (inside) {
                    words.add(word.toString());
                }
                word.setLength(0);
                inside = false;
            } else {
                word.append(c);
                inside = true;
            }
        }
        if (quoted) {
            throw new RulesException("a quoted word does not end");
        }
        if (inside) {
            words.add(word.toString());
        }
        return new Words(words);
    }

    public boolean hasNext() {
        return at < words.size();
    }

    /** The next word, which stays; null at the end. */
    public @Nullable String peek() {
        return hasNext() ? words.get(at) : null;
    }

    public String next() throws RulesException {
        if (!hasNext()) {
            throw new RulesException("the line ends too early");
        }
        return words.get(at++);
    }

    /** The argument of an option. */
    public String argument(String option) throws RulesException {
        if (!hasNext()) {
            throw new RulesException("option " + option + " needs an argument");
        }
        return words.get(at++);
    }

    /** Quotes a word for the output when it needs it, as iptables-save does. */
    public static void quote(StringBuilder out, String word) {
        boolean plain = !word.isEmpty();
        for (int i = 0; i < word.length() && plain; i++) {
            char c = word.charAt(i);
            plain = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-';
        }
        if (plain) {
            out.append(word);
            return;
        }
        out.append('"');
        for (int i = 0; i < word.length(); i++) {
            char c = word.charAt(i);
            if (c == '"' || c == '\\' || c == '\'') {
                out.append('\\');
            }
            out.append(c);
        }
        out.append('"');
    }
}
