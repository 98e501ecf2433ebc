package dev.doorbell.kernel.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.doorbell.bus.mem.GuestMemory;
import dev.doorbell.bus.time.VirtualTime;
import dev.doorbell.kernel.GuestKernel;
import dev.doorbell.kernel.core.Errno;
import dev.doorbell.kernel.core.ErrnoException;
import dev.doorbell.kernel.netdev.NetDevice;
import dev.doorbell.kernel.tcp.TcpConfig;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SysctlsTest {
    private final TcpConfig config = new TcpConfig();
    private GuestMemory ram;
    private VirtualTime world;
    private GuestKernel kernel;
    private Sysctls sysctls;

    @BeforeEach
    void boot() throws ErrnoException {
        ram = GuestMemory.allocate(8 << 20);
        world = new VirtualTime(1);
        kernel = GuestKernel.builder("guest", world, ram).tcp(config).boot();
        sysctls = kernel.sysctls();
    }

    @AfterEach
    void shutDown() {
        kernel.close();
        world.close();
        ram.close();
    }

    @Test
    void defaultsAreThoseOfLinux() throws ErrnoException {
        assertThat(sysctls.get("net.ipv4.tcp_rmem")).isEqualTo("4096\t131072\t6291456");
        assertThat(sysctls.get("net.ipv4.tcp_wmem")).isEqualTo("4096\t16384\t4194304");
        assertThat(sysctls.get("net.ipv4.tcp_syn_retries")).isEqualTo("6");
        assertThat(sysctls.get("net.ipv4.tcp_notsent_lowat")).isEqualTo("4294967295");
        assertThat(sysctls.get("net.ipv4.tcp_congestion_control")).isEqualTo("cubic");
        assertThat(sysctls.get("net.ipv4.tcp_fin_timeout")).isEqualTo("60");
        assertThat(sysctls.get("net.ipv4.ip_local_port_range")).isEqualTo("32768\t60999");
    }

    @Test
    void everySettingTakesBackWhatItShows() throws ErrnoException {
        for (String name : sysctls.names()) {
            String before = sysctls.get(name);
            if (!name.endsWith("available_congestion_control")) {
                sysctls.set(name, before);
            }
            assertThat(sysctls.get(name)).as(name).isEqualTo(before);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "net.ipv4.tcp_rmem, 4096 540000 15728640, '4096\t540000\t15728640'",
        "net.ipv4.tcp_rmem, 8192, '8192\t131072\t6291456'",
        "net.ipv4.tcp_fastopen, 0x70403, 459779",
        "net.ipv4.tcp_notsent_lowat, 4000, 4000",
        "net.ipv4.tcp_sack, 0, 0",
        "net.ipv4.tcp_rto_max_ms, 1000, 1000",
        "net.ipv4.tcp_congestion_control, reno, reno",
        "net.ipv4.tcp_fastopen_key, a1a1a1a1-b2b2b2b2-c3c3c3c3-d4d4d4d4, a1a1a1a1-b2b2b2b2-c3c3c3c3-d4d4d4d4",
        "net.ipv4.tcp_fastopen_key, '1-2-3-4,5-6-7-8', "
                + "'00000001-00000002-00000003-00000004,00000005-00000006-00000007-00000008'",
        "net/ipv4/tcp_fin_timeout, 30, 30",
        "/proc/sys/net/ipv4/tcp_timestamps, 0, 0",
        "net.ipv4.ip_forward, 1, 1",
    })
    void valuesAreShownAsTheyWereSet(String name, String value, String shown) throws ErrnoException {
        sysctls.set(name, value);
        assertThat(sysctls.get(name)).isEqualTo(shown);
    }

    @Test
    void valuesReachTheStack() throws ErrnoException {
        sysctls.set("net.ipv4.tcp_fin_timeout", "7");
        sysctls.set("net.ipv4.tcp_wmem", "1 2 3");
        sysctls.set("net.ipv4.ip_forward", "1");
        assertThat(config.finTimeoutNs).isEqualTo(7_000_000_000L);
        assertThat(config.wmemMax).isEqualTo(3);
        assertThat(kernel.stack().ipv4().isForwarding()).isTrue();
    }

    @ParameterizedTest
    @CsvSource({
        "net.ipv4.tcp_syn_retries, 0",
        "net.ipv4.tcp_syn_retries, 128",
        "net.ipv4.tcp_syn_retries, ''",
        "net.ipv4.tcp_syn_retries, three",
        "net.ipv4.tcp_syn_retries, 1 2",
        "net.ipv4.tcp_syn_retries, 99999999999999999999",
        "net.ipv4.tcp_rmem, 0 1 2",
        "net.ipv4.tcp_rmem, 1 2 3 4",
        "net.ipv4.tcp_rto_max_ms, 999",
        "net.ipv4.tcp_congestion_control, vegas",
        "net.ipv4.tcp_available_congestion_control, reno",
        "net.ipv4.tcp_fastopen_key, 1-2-3",
        "net.ipv4.tcp_fastopen_key, 1-2-3-g",
        "net.ipv4.tcp_fastopen_key, '1-2-3-4,1-2-3-4,1-2-3-4'",
        "net.ipv4.ip_local_port_range, 5000 4000",
        "net.ipv4.ip_local_port_range, 5000",
    })
    void otherValuesAreRefusedAndChangeNothing(String name, String value) throws ErrnoException {
        String before = sysctls.get(name);
        assertThatThrownBy(() -> sysctls.set(name, value))
                .isInstanceOfSatisfying(
                        ErrnoException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EINVAL));
        assertThat(sysctls.get(name)).isEqualTo(before);
    }

    @Test
    void aSettingSaysWhatItTakes() throws ErrnoException {
        assertThat(sysctls.allowed("net.ipv4.tcp_syn_retries")).isEqualTo("a number from 1 to 127");
        assertThat(sysctls.allowed("net.ipv4.tcp_rmem")).isEqualTo("1 to 3 numbers from 1 to 2147483647");
        assertThat(sysctls.allowed("net.ipv4.tcp_congestion_control")).startsWith("one of cubic, reno");
        assertThat(sysctls.allowed("net.ipv6.conf.all.mtu")).isEqualTo("a number from 1280 to 65536");
    }

    @ParameterizedTest
    @ValueSource(strings = {"net.ipv4.tcp_nosuch", "", "tcp_sack"})
    void unknownNamesAreNotFound(String name) {
        assertThatThrownBy(() -> sysctls.get(name))
                .isInstanceOfSatisfying(
                        ErrnoException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ENOENT));
    }

    @Test
    void settingsOfIpv6ArePerInterface() throws ErrnoException {
        NetDevice lo = kernel.net().deviceByName("lo");
        assertThat(sysctls.get("net.ipv6.conf.lo.hop_limit")).isEqualTo("64");
        sysctls.set("net.ipv6.conf.default.dad_transmits", "3");
        sysctls.set("net.ipv6.conf.lo.hop_limit", "17");
        sysctls.set("net/ipv6/conf/lo/accept_ra", "2");
        assertThat(kernel.stack().ipv6().of(lo).hopLimit).isEqualTo(17);
        assertThat(kernel.stack().ipv6().of(lo).listensToRouters()).isTrue();
        assertThat(sysctls.get("net.ipv6.conf.default.hop_limit")).isEqualTo("64");
        sysctls.set("net.ipv6.conf.all.hop_limit", "33");
        assertThat(sysctls.get("net.ipv6.conf.lo.hop_limit")).isEqualTo("33");
        sysctls.set("net.ipv6.conf.all.forwarding", "1");
        assertThat(kernel.stack().ipv6().isForwarding()).isTrue();
        assertThat(sysctls.get("net.ipv6.conf.lo.forwarding"))
                .as("of every interface")
                .isEqualTo("1");
        assertThat(sysctls.get("net.ipv6.conf.default.forwarding")).isEqualTo("1");
        sysctls.set("net.ipv6.conf.lo.forwarding", "0");
        assertThat(sysctls.get("net.ipv6.conf.all.forwarding"))
                .as("not the other way round")
                .isEqualTo("1");
        sysctls.set("net.ipv6.conf.lo.mtu", "1280");
        assertThat(kernel.stack().ipv6().of(lo).mtu()).isEqualTo(1280);
        for (String bad : List.of("lo.hop_limit 0", "lo.hop_limit 256", "lo.mtu 1279", "lo.accept_ra 3")) {
            String[] words = bad.split(" ", -1);
            assertThatThrownBy(() -> sysctls.set("net.ipv6.conf." + words[0], words[1]))
                    .isInstanceOf(ErrnoException.class);
        }
        assertThatThrownBy(() -> sysctls.get("net.ipv6.conf.nobody.mtu")).hasMessageContaining("ENOENT");
        assertThat(sysctls.names()).contains("net.ipv6.conf.lo.disable_ipv6", "net.ipv6.conf.all.forwarding");
    }

    @Test
    void aDisabledInterfaceHasNoIpv6UntilItIsEnabledAgain() throws ErrnoException {
        NetDevice lo = kernel.net().deviceByName("lo");
        kernel.stack().addAddress(lo, "2001:db8::9/128");
        sysctls.set("net.ipv6.conf.lo.disable_ipv6", "1");
        assertThat(kernel.stack().ipv6().addresses().hasAny(lo)).isFalse();
        assertThat(kernel.stack().ipv6().isEnabled(lo)).isFalse();
        assertThatThrownBy(() -> kernel.stack().addAddress(lo, "2001:db8::9/128"))
                .hasMessageContaining("disabled on lo");
        sysctls.set("net.ipv6.conf.lo.disable_ipv6", "0");
        kernel.stack().addAddress(lo, "2001:db8::9/128");
        assertThat(kernel.stack().ipv6().addresses().hasAny(lo)).isTrue();
    }
}
