package dev.doorbell.bus.os;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.doorbell.bus.mem.GuestMemory;
import org.junit.jupiter.api.Test;

class LibcTest {
    @Test
    void failuresAreNegatedErrorNumbers() {
        assertThat(Libc.close(-1)).isEqualTo(-HostErrno.EBADF.number());
        assertThat(HostErrno.ENOENT.is(Libc.open("/nonexistent/file", 0, 0))).isTrue();
        assertThat(HostErrno.EBADF.is(Libc.read(-1, 0, 0))).isTrue();
    }

    @Test
    void exceptionNamesTheCallAndTheError() {
        assertThatThrownBy(() -> Fd.open("/nonexistent/file", Libc.O_RDWR))
                .isInstanceOf(OsException.class)
                .hasMessage("open /nonexistent/file: ENOENT (No such file or directory)");
        assertThat(HostErrno.describe(199)).isEqualTo("errno 199");
    }

    @Test
    void eventfdCountsThroughReadAndWrite() {
        try (Fd event = Fd.eventfd();
                GuestMemory buffer = GuestMemory.allocate(16)) {
            long address = buffer.hostAddress(0, 8);
            assertThat(HostErrno.EAGAIN.is(Libc.read(event.fd(), address, 8))).isTrue();
            buffer.writeLong(0, 3);
            assertThat(Libc.write(event.fd(), address, 8)).isEqualTo(8);
            assertThat(Libc.write(event.fd(), address, 8)).isEqualTo(8);
            assertThat(Libc.read(event.fd(), address, 8)).isEqualTo(8);
            assertThat(buffer.readLong(0)).isEqualTo(6);
        }
    }

    @Test
    void gatherAndScatterKeepTheOrder() {
        try (GuestMemory memory = GuestMemory.allocate(256)) {
            Libc.socketpair(Libc.AF_UNIX, Libc.SOCK_STREAM, 0, memory.hostAddress(0, 8));
            try (Fd left = Fd.of(memory.readInt(0), "left");
                    Fd right = Fd.of(memory.readInt(4), "right").nonBlocking()) {
                memory.write(64, "doorbell".getBytes(java.nio.charset.StandardCharsets.US_ASCII), 0, 8);
                memory.writeLong(16, memory.hostAddress(68, 4));
                memory.writeLong(24, 4);
                memory.writeLong(32, memory.hostAddress(64, 4));
                memory.writeLong(40, 4);
                assertThat(Libc.writev(left.fd(), memory.hostAddress(16, 32), 2))
                        .isEqualTo(8);
                assertThat(Libc.read(right.fd(), memory.hostAddress(128, 100), 100))
                        .isEqualTo(8);
                assertThat(new String(memory.bytes(128, 8), java.nio.charset.StandardCharsets.US_ASCII))
                        .isEqualTo("belldoor");
                assertThat(HostErrno.EAGAIN.is(Libc.read(right.fd(), memory.hostAddress(128, 1), 1)))
                        .isTrue();
            }
        }
    }

    @Test
    void closedDescriptorHasNoNumber() {
        Fd fd = Fd.eventfd();
        int number = fd.fd();
        fd.close();
        fd.close();
        assertThat(fd.isOpen()).isFalse();
        assertThatThrownBy(fd::fd).isInstanceOf(IllegalStateException.class);
        assertThat(HostErrno.EBADF.is(Libc.fcntl(number, Libc.F_GETFD, 0))).isTrue();
    }

    @Test
    void memfdIsTheSameMemoryInEveryMapping() {
        try (Memfd guest = Memfd.allocate("guest", 1 << 20);
                GuestMemory second = Memfd.map(guest.fd().fd(), 4096, 8192)) {
            assertThat(guest.memory().size()).isEqualTo(1 << 20);
            assertThat(guest.memory().readLong(4096 + 8)).isZero();
            guest.memory().writeLong(4096 + 8, 0x1122334455667788L);
            assertThat(second.readLong(8)).isEqualTo(0x1122334455667788L);
            long address = guest.memory().hostAddress(0, 16);
            assertThat(Libc.pread(guest.fd().fd(), address, 8, 4096 + 8)).isEqualTo(8);
            assertThat(guest.memory().readLong(0)).isEqualTo(0x1122334455667788L);
            assertThat(Libc.pwrite(guest.fd().fd(), address, 8, 8192)).isEqualTo(8);
            assertThat(second.readLong(4096)).isEqualTo(0x1122334455667788L);
        }
        assertThatThrownBy(() -> Memfd.allocate("odd", 1000)).hasMessageContaining("multiple of 4096");
    }
}
