package dev.doorbell.device.i82574;

import static dev.doorbell.device.i82574.MacRegisters.*;
import static org.assertj.core.api.Assertions.assertThat;

import dev.doorbell.bus.pci.PowerManagement;
import dev.doorbell.bus.pci.ResetReason;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The card asleep in D3: what wakes it, and what the driver finds afterwards. */
class WakeUpTest {
    private static final int PMCSR = 0xCC, D3 = 3, PME_EN = 1 << 8, PME_STATUS = 1 << 15;
    private static final int WUC_PME = 2, APME = 1, APMPME = 8;
    private static final byte[] BROADCAST = {-1, -1, -1, -1, -1, -1};
    private static final int OUR_IP = 0x0700_000A; // 10.0.0.7, first octet in 7:0

    private final TestCard bench = new TestCard();
    private int messages;

    @BeforeEach
    void setUp() {
        bench.linkUp();
        bench.card.config().capability(PowerManagement.class).onPme(() -> messages++);
        bench.write(WUC, WUC_PME);
        bench.write(POEMB, 0); // keeps the speed in D3, so that the link stays
    }

    private void sleep() {
        bench.card.configWrite(PMCSR, 2, bench.card.configRead(PMCSR, 2) & PME_EN | D3);
    }

    private int pmcsr() {
        return bench.card.configRead(PMCSR, 2);
    }

    private void wakeUp() {
        bench.card.configWrite(PMCSR, 2, pmcsr() & PME_EN);
        bench.card.configWrite(4, 2, 7);
    }

    private static byte[] to(byte[] destination, String typeAndPayload) {
        byte[] f = new byte[128];
        System.arraycopy(destination, 0, f, 0, 6);
        System.arraycopy(RxBed.PEER, 0, f, 6, 6);
        byte[] rest = HexFormat.of().parseHex(typeAndPayload.replace(" ", ""));
        System.arraycopy(rest, 0, f, 12, rest.length);
        return f;
    }

    private static byte[] station() {
        return Arrays.copyOf(HostileGuest.toTheCard(60), 6);
    }

    private static byte[] magic(byte[] destination, int at) {
        byte[] f = to(destination, "0842");
        Arrays.fill(f, at, at + 6, (byte) -1);
        for (int i = 1; i <= 16; i++) {
            System.arraycopy(station(), 0, f, at + 6 * i, 6);
        }
        return f;
    }

    private static final String ARP_REQUEST = "0806 0001 0800 06 04 0001 020000000002 0a000001 000000000000 0a000007";
    private static final String IPV4 = "0800 4500 001c 0000 0000 4011 0000 0a000001 0a000007";
    private static final String IPV6 =
            "86dd 6000 0000 0008 3b40 fe80000000000000 0000000000000001" + " fe80000000000000 5054000000123456";

    static List<Arguments> events() {
        byte[] unknown = {2, 9, 9, 9, 9, 9};
        byte[] multicast = {1, 0, 0x5E, 0, 0, 1};
        return List.of(
                Arguments.of("magic to the station", magic(station(), 14), WakeUnit.MAG | WakeUnit.EX),
                Arguments.of("magic in a broadcast, further behind", magic(BROADCAST, 26), WakeUnit.MAG | WakeUnit.BC),
                Arguments.of("magic to somebody else", magic(unknown, 14), 0),
                Arguments.of("fifteen addresses only", Arrays.copyOf(magic(station(), 26), 125), WakeUnit.EX),
                Arguments.of("unicast", to(station(), "88b5"), WakeUnit.EX),
                Arguments.of("multicast in the table", to(multicast, "88b5"), WakeUnit.MC),
                Arguments.of("broadcast", to(BROADCAST, "88b5"), WakeUnit.BC),
                Arguments.of("ARP request", to(BROADCAST, ARP_REQUEST), WakeUnit.ARP | WakeUnit.BC),
                Arguments.of("tagged", to(BROADCAST, "8100 0007" + ARP_REQUEST), WakeUnit.ARP | WakeUnit.BC),
                Arguments.of("ARP reply", to(BROADCAST, ARP_REQUEST.replace("04 0001", "04 0002")), WakeUnit.BC),
                Arguments.of("for another", to(BROADCAST, ARP_REQUEST.replace("0a000007", "0a000008")), WakeUnit.BC),
                Arguments.of("IPv4", to(station(), IPV4), WakeUnit.IPV4 | WakeUnit.EX),
                Arguments.of("IPv4 for another", to(station(), IPV4.replace("0a000007", "0a000009")), WakeUnit.EX),
                Arguments.of("IPv6", to(station(), IPV6), WakeUnit.IPV6 | WakeUnit.EX),
                Arguments.of("IPv6 for another", to(station(), IPV6.replace("123456", "123457")), WakeUnit.EX),
                Arguments.of("flexible 2", to(station(), "88b5 00 77 00 99"), WakeUnit.FLX0 << 2 | WakeUnit.EX),
                Arguments.of("flexible 2 not", to(station(), "88b5 00 77 00 98"), WakeUnit.EX),
                Arguments.of("too short for it", Arrays.copyOf(to(station(), "88b5 00 77"), 17), WakeUnit.EX));
    }

    private void programFilters() {
        bench.write(IP4AT.get(2), OUR_IP);
        bench.write(IPAV, 1 << 1 | 1 << 16);
        bench.write(IP6AT.get(0), 0x0000_80FE);
        bench.write(IP6AT.get(2), 0x0000_5450);
        bench.write(IP6AT.get(3), 0x5634_1200);
        bench.write(MTA.get((0x0100 >>> 4 & 0xFFF) >>> 5), 1 << (0x0100 >>> 4 & 31));
        bench.write(FFLT.get(2), 18);
        bench.write(FFMT.get(15), 1 << 2);
        bench.write(FFVT.get(15), 0x77 << 16);
        bench.write(FFMT.get(17), 1 << 2);
        bench.write(FFVT.get(17), 0x99 << 16);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("events")
    void eventsAreSeenAndReported(String what, byte[] frame, int events) {
        programFilters();
        bench.write(WUFC, ~WakeUnit.LNKC);
        sleep();
        bench.arrive(frame);
        assertThat(bench.card.registers().get(WUS)).isEqualTo(events);
        assertThat(pmcsr() & PME_STATUS).isEqualTo(events == 0 ? 0 : PME_STATUS);
        assertThat(messages).isEqualTo(events == 0 ? 0 : 1);
    }

    @Test
    void whatIsNotSelectedDoesNotWake() {
        programFilters();
        for (Arguments each : events()) {
            bench.write(WUFC, 0);
            sleep();
            bench.arrive((byte[]) each.get()[1]);
            assertThat(bench.card.registers().get(WUS)).isZero();
            wakeUp();
        }
        assertThat(messages).isZero();
    }

    @Test
    void theFirstFrameThatWokeIsKeptOverTheResetToD0() {
        bench.write(WUFC, WakeUnit.MAG | WakeUnit.EX);
        sleep();
        byte[] first = magic(station(), 14);
        bench.arrive(first);
        bench.arrive(to(station(), "88b5"));
        wakeUp();
        assertThat(bench.read(WUS)).isEqualTo(WakeUnit.MAG | WakeUnit.EX);
        assertThat(bench.read(WUPL)).isEqualTo(128);
        for (int i = 0; i < 128; i++) {
            assertThat((byte) (bench.read(WUPM.get(i / 4)) >>> 8 * (i % 4))).isEqualTo(first[i]);
        }
        bench.write(WUS, -1); // as Linux does when it resumes
        assertThat(bench.read(WUS)).isZero();
        bench.write(CTRL, CTRL_RST.mask());
        assertThat(bench.read(WUPL)).isEqualTo(128);
        bench.card.reset(ResetReason.POWER_ON);
        assertThat(bench.card.registers().get(WUPL)).isZero();
    }

    @Test
    void awakeNothingIsAWakeUpEvent() {
        bench.write(WUFC, -1);
        bench.arrive(magic(station(), 14));
        assertThat(bench.read(WUS)).isZero();
    }

    @Test
    void linkChangesWake() {
        bench.write(WUFC, WakeUnit.LNKC);
        sleep();
        assertThat(messages).isZero();
        bench.card.carrierChanged(false);
        assertThat(bench.card.registers().get(WUS)).isEqualTo(WakeUnit.LNKC);
        assertThat(messages).isEqualTo(1);
    }

    @Test
    void magicPacketWakesByApmWithoutAnyFilter() {
        bench.write(WUC, APME | WUC_PME);
        bench.write(WUFC, 0);
        sleep();
        bench.arrive(magic(BROADCAST, 14));
        assertThat(messages).isEqualTo(1);
        assertThat(bench.card.registers().get(WUS)).isZero();
    }

    @Test
    void apmWithoutPmeEnableNeedsApmpme() {
        bench.write(WUC, APME);
        sleep();
        bench.arrive(magic(BROADCAST, 14));
        assertThat(pmcsr() & PME_STATUS).isZero();
        wakeUp();
        bench.write(POEMB, 0);
        bench.runMs(20);
        bench.write(WUC, APME | APMPME);
        sleep();
        bench.arrive(magic(BROADCAST, 14));
        assertThat(pmcsr() & PME_STATUS).isNotZero();
    }

    @Test
    void pmeBitsAreOneWithThoseOfConfigurationSpace() {
        assertThat(pmcsr() & PME_EN).isEqualTo(PME_EN);
        bench.card.configWrite(PMCSR, 2, 0);
        assertThat(bench.read(WUC) & WUC_PME).isZero();
        bench.card.configWrite(PMCSR, 2, PME_EN);
        assertThat(bench.read(WUC) & WUC_PME).isNotZero();
        bench.card.config().capability(PowerManagement.class).setPmeStatus();
        assertThat(bench.read(WUC) & 4).isNotZero();
        bench.write(WUC, 4 | WUC_PME);
        assertThat(pmcsr() & PME_STATUS).isZero();
        bench.card.config().capability(PowerManagement.class).setPmeStatus();
        bench.card.configWrite(PMCSR, 2, PME_STATUS);
        assertThat(bench.read(WUC) & 4).isZero();
    }

    @Test
    void apmeComesFromTheNvm() {
        bench.write(WUC, 0);
        assertThat(bench.read(WUC) & APME).isZero();
        bench.write(CTRL, CTRL_RST.mask());
        assertThat(bench.read(WUC) & APME).isEqualTo(APME);
    }

    @Test
    void asleepNothingIsReceivedOrSentAndRegistersDoNotAnswer() {
        sleep();
        bench.arrive(to(station(), "88b5"));
        assertThat(bench.card.trueCounters()).containsEntry("rx.drop.ASLEEP", 1L);
        assertThat(bench.read(STATUS)).isEqualTo(-1);
        bench.write(WUC, 0);
        assertThat(pmcsr() & PME_EN).isEqualTo(PME_EN);
    }

    @Test
    void lowPowerLinkUpAndPowerDownFollowTheSleep() {
        bench.write(POEMB, 4);
        bench.write(WUFC, WakeUnit.MAG);
        sleep();
        bench.runMs(20);
        assertThat(bench.card.phy().linkUp()).isTrue();
        assertThat(bench.card.phy().speed()).isZero();
        wakeUp();
        bench.runMs(20);
        assertThat(bench.card.phy().speed()).isEqualTo(2);
        bench.write(CTRL_EXT, CTRL_EXT_PHYPDEN.mask());
        bench.write(WUC, 0);
        sleep();
        bench.runMs(20);
        assertThat(bench.card.phy().linkUp()).isFalse();
        wakeUp();
        bench.runMs(20);
        assertThat(bench.card.phy().linkUp()).isTrue();
    }

    @Test
    void lowPowerLinkUpInD0() {
        bench.write(POEMB, 2);
        bench.runMs(20);
        assertThat(bench.read(STATUS) & 0xC2).isEqualTo(2);
    }

    @Test
    void powerStateIsShown() {
        assertThat(bench.read(FACTPS)).isEqualTo(0x2000_0004 | 8 | 1);
        bench.card.configWrite(4, 2, 0);
        sleep();
        wakeUp();
        assertThat(bench.read(FACTPS)).isEqualTo(0xA000_0004 | 8 | 1);
        assertThat(bench.read(FACTPS)).isEqualTo(0x2000_0004 | 8 | 1);
    }
}
