package dev.doorbell.bus.os;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.doorbell.bus.mem.GuestMemory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileStatusTest {
    @TempDir
    Path directory;

    private final GuestMemory scratch = GuestMemory.allocate(FileStatus.SCRATCH_BYTES);

    @Test
    void aDescriptorAndAPathNameTheSameFile() throws IOException {
        Path path = directory.resolve("file");
        Files.write(path, new byte[1234]);
        try (Fd fd = Fd.open(path.toString(), Libc.O_RDWR)) {
            FileStatus status = FileStatus.of(fd.fd(), scratch);
            assertThat(status.isRegular()).isTrue();
            assertThat(status.isOnDisk()).isTrue();
            assertThat(status.sizeBytes()).isEqualTo(1234);
            assertThat(status).isEqualTo(FileStatus.of(fd.fd())).isEqualTo(FileStatus.of(path.toString()));
        } finally {
            scratch.close();
        }
    }

    @Test
    void theSameScratchServesOneFileAfterTheOther() {
        try (Memfd first = Memfd.allocate("first", 4096);
                Memfd second = Memfd.allocate("second", 8192);
                Fd event = Fd.eventfd()) {
            FileStatus one = FileStatus.of(first.fd().fd(), scratch);
            FileStatus other = FileStatus.of(second.fd().fd(), scratch);
            assertThat(one.sizeBytes()).isEqualTo(4096);
            assertThat(other.sizeBytes()).isEqualTo(8192);
            assertThat(one.isSameFile(other)).isFalse();
            assertThat(one.isSameFile(FileStatus.of(first.fd().fd(), scratch))).isTrue();
            assertThat(FileStatus.of(event.fd(), scratch).isOnDisk()).isFalse();
        } finally {
            scratch.close();
        }
    }

    @Test
    void aClosedDescriptorIsAnErrorThatNamesIt() {
        assertThatThrownBy(() -> FileStatus.of(-1, scratch))
                .isInstanceOf(OsException.class)
                .hasMessageContaining("statx fd -1");
        scratch.close();
    }
}
