package dev.doorbell.kernel.multicast;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What an interface wants for its members: the examples of RFC 3376 §3.2 and their neighbours, a test per row. */
class ReceptionStateTest {
    static ReceptionState of(String text) {
        SourceSet sources = SourceSet.EMPTY;
        for (char c : text.substring(1).strip().toCharArray()) {
            sources = sources.with(0, c);
        }
        return new ReceptionState(text.charAt(0) == 'I', sources);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "I a                    | I a",
                "E a                    | E a",
                "I a, I b               | I ab",
                "I ab, I bc             | I abc",
                "E abc, E bcd, I de     | E bc", // those of the RFC: {a,b,c}, {b,c,d}, {d,e,f}
                "E abcd, E bcde, I def  | E bc",
                "E ab, E cd             | E",
                "E ab, I ab             | E",
                "E, I a                 | E",
                "E ab, E                | E",
                "I b, E a, E a          | E a",
            })
    void rows(String members, String merged) {
        assertThat(ReceptionState.merge(Arrays.stream(members.split(", ", -1))
                        .map(String::strip)
                        .map(ReceptionStateTest::of)
                        .toList()))
                .isEqualTo(of(merged));
    }
}
