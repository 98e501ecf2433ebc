package dev.doorbell.device.i82574;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RegisterPageTest {
    /** Wherever the tests run: in the module, beside it or above it. */
    private static Path page() {
        Path at = Path.of("").toAbsolutePath();
        while (!Files.isDirectory(at.resolve("device/docs"))) {
            at = at.getParent();
        }
        return at.resolve("device/docs/registers.md");
    }

    @Test
    void thePageInTheProjectIsWhatTheBookSays() throws IOException {
        assertThat(Files.readString(page()))
                .as("device/docs/registers.md is out of date: make it anew with RegisterPage")
                .isEqualTo(RegisterPage.text());
    }

    @Test
    void theCommandWritesAFile(@TempDir Path directory) throws IOException {
        Path file = directory.resolve("page.md");
        RegisterPage.main(new String[] {file.toString()});
        assertThat(Files.readString(file))
                .startsWith("# Registers of the 82574L")
                .contains("#### TSYNCRXCTL");
    }
}
