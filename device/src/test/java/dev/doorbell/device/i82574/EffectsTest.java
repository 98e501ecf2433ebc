package dev.doorbell.device.i82574;

import static org.assertj.core.api.Assertions.assertThat;

import dev.doorbell.bus.reg.Access;
import dev.doorbell.bus.reg.BookEntry;
import dev.doorbell.bus.reg.BookEntry.Bits;
import dev.doorbell.bus.reg.RegisterBook;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Every bit of the register book that does something has a test by name, listed in effects.txt, and every test listed
 * there is one that runs. What bits look like to software is {@link RegisterBitsTest}'s.
 */
class EffectsTest {
    private record Line(List<String> registers, List<String> fields, List<String> tests) {
        boolean covers(String register, String field) {
            return registers.contains(register) && (fields.contains(field) || fields.contains("*"));
        }
    }

    private final List<Line> lines = lines();

    private static List<Line> lines() {
        try (BufferedReader in = new BufferedReader(
                new InputStreamReader(EffectsTest.class.getResourceAsStream("effects.txt"), StandardCharsets.UTF_8))) {
            return in.lines()
                    .filter(line -> !line.isBlank() && !line.startsWith("#"))
                    .map(line -> line.split("\\|"))
                    .map(parts -> new Line(words(parts[0]), words(parts[1]), words(parts[2])))
                    .toList();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static List<String> words(String text) {
        return Arrays.asList(text.strip().split(" +"));
    }

    /** Everything but what is stored or never changes; counters are {@link StatisticsTest}'s. */
    private static boolean needsATest(BookEntry entry, Bits bits) {
        boolean constant = bits.access() == Access.RO && !bits.changing();
        return !bits.isStored() && !constant && !entry.section().startsWith("10.2.7");
    }

    @Test
    void everyBitThatDoesSomethingHasATestByName() {
        Map<String, Boolean> covered = new LinkedHashMap<>();
        for (RegisterBook book : List.of(MacRegisters.book(), PhyRegisters.BOOK)) {
            for (BookEntry entry : book.entries()) {
                for (Bits bits : entry.bits()) {
                    if (needsATest(entry, bits)) {
                        covered.put(
                                entry.name() + "." + bits.name(),
                                lines.stream().anyMatch(line -> line.covers(entry.name(), bits.name())));
                    }
                }
            }
        }
        assertThat(covered).hasSizeGreaterThan(200);
        assertThat(covered.entrySet().stream().filter(each -> !each.getValue()).map(Map.Entry::getKey))
                .as("bits without a test in effects.txt")
                .isEmpty();
    }

    @Test
    void everyCounterIsCountedOrKnownNeverToCount() {
        Set<String> counted = new HashSet<>(StatisticsTest.counters());
        for (BookEntry entry : MacRegisters.book().entries()) {
            if (entry.section().startsWith("10.2.7")) {
                assertThat(counted).contains(entry.name());
            }
        }
    }

    @Test
    void everyTestInTheListIsATest() throws ClassNotFoundException {
        for (Line line : lines) {
            for (String test : line.tests) {
                int dot = test.indexOf('.');
                String name = test.substring(0, dot);
                String where = name.equals("PhyTest") ? "dev.doorbell.device.intel." : "dev.doorbell.device.i82574.";
                Class<?> type = Class.forName(where + name);
                assertThat(Stream.of(type.getDeclaredMethods())
                                .filter(method -> method.getName().equals(test.substring(dot + 1)))
                                .anyMatch(EffectsTest::isTest))
                        .as(test)
                        .isTrue();
            }
        }
    }

    private static boolean isTest(Method method) {
        return Stream.of(method.getAnnotations())
                .anyMatch(each ->
                        each.annotationType().getSimpleName().matches("(Parameterized|Repeated)?Test|TestFactory"));
    }

    @Test
    void everyRegisterInTheListIsInTheBook() {
        for (Line line : lines) {
            for (String register : line.registers) {
                Stream<BookEntry> entries =
                        Stream.concat(MacRegisters.book().entries().stream(), PhyRegisters.BOOK.entries().stream());
                assertThat(entries.anyMatch(entry -> entry.name().equals(register)))
                        .as(register)
                        .isTrue();
            }
        }
    }
}
