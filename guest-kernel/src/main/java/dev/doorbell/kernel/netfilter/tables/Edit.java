package dev.doorbell.kernel.netfilter.tables;

import org.jspecify.annotations.Nullable;

/** What a line of rules does to its chain. */
enum Edit {
    APPEND("-A", "--append"),
    INSERT("-I", "--insert"),
    REPLACE("-R", "--replace"),
    DELETE("-D", "--delete"),
    CHECK("-C", "--check");
    private final String option, longOption;

    Edit(String option, String longOption) {
        this.option = option;
        this.longOption = longOption;
    }

    String option() {
        return option;
    }

    static @Nullable Edit of(String word) {
        for (Edit edit : values()) {
            if (word.equals(edit.option) || word.equals(edit.longOption)) {
                return edit;
            }
        }
        return null;
    }
}
