package dev.doorbell.device.i82574;

import static org.assertj.core.api.Assertions.assertThat;

import dev.doorbell.bus.pci.AdvancedErrorReporting;
import dev.doorbell.bus.pci.PciErrors.Severity;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Errors of the function, real ones and injected ones, as Advanced Error Reporting and its neighbours show them. */
class PciErrorsTest {
    private static final int COMMAND = 4, STATUS = 6, DEVCTL = 0xE8, DEVSTA = 0xEA;
    private static final int UNCORRECTABLE = 0x104, UNCORRECTABLE_MASK = 0x108, SEVERITY = 0x10C;
    private static final int CORRECTABLE = 0x110, CORRECTABLE_MASK = 0x114, CONTROL = 0x118, LOG = 0x11C;
    private static final int UR = 1 << 20, ADVISORY = 1 << 13;
    private static final int REPORT_ALL = 0xF, BAR0_BASE = 0xFEB0_0000;

    private final TestCard bench = new TestCard();
    private final List<Severity> messages = new ArrayList<>();

    @BeforeEach
    void listen() {
        bench.card.errors().onMessage(messages::add);
        bench.card.configWrite(0x10, 4, BAR0_BASE);
    }

    private int config(int offset, int bytes) {
        return bench.card.configRead(offset, bytes);
    }

    private void config(int offset, int bytes, int value) {
        bench.card.configWrite(offset, bytes, value);
    }

    private void memoryOff() {
        config(COMMAND, 2, config(COMMAND, 2) & ~2);
    }

    @Test
    void readOfWhatIsNotDecodedIsAllOnesAndAnAdvisory() {
        memoryOff();
        assertThat(bench.read(8)).isEqualTo(-1);
        assertThat(config(DEVSTA, 2)).as("correctable, unsupported request").isEqualTo(0x9);
        assertThat(config(CORRECTABLE, 4)).isEqualTo(ADVISORY);
        assertThat(config(UNCORRECTABLE, 4)).isEqualTo(UR);
        assertThat(config(LOG, 4)).as("masked advisories log nothing").isZero();
        assertThat(messages).isEmpty();
    }

    @Test
    void unmaskedAdvisoryLogsTheRequestAndGoesOutAsACorrectableError() {
        config(CORRECTABLE_MASK, 4, 0);
        config(DEVCTL, 2, REPORT_ALL);
        memoryOff();
        bench.read(8);
        assertThat(config(CONTROL, 4) & 0x1F).isEqualTo(20);
        assertThat(config(LOG, 4)).isEqualTo(0x0000_0001);
        assertThat(config(LOG + 4, 4)).isEqualTo(0xF);
        assertThat(config(LOG + 8, 4)).isEqualTo(BAR0_BASE + 8);
        assertThat(messages).containsExactly(Severity.CORRECTABLE);
    }

    @Test
    void writeToWhatIsNotDecodedIsANonFatalError() {
        config(DEVCTL, 2, REPORT_ALL);
        memoryOff();
        bench.write(0x38, 7);
        assertThat(config(DEVSTA, 2)).as("non-fatal, unsupported request").isEqualTo(0xA);
        assertThat(config(UNCORRECTABLE, 4)).isEqualTo(UR);
        assertThat(config(LOG, 4)).isEqualTo(0x4000_0001);
        assertThat(messages).containsExactly(Severity.NON_FATAL);
        config(COMMAND, 2, 7);
        assertThat(bench.read(0x38)).isEqualTo(0x8100);
    }

    @Test
    void severityDecidesAndSerrReportsToo() {
        config(SEVERITY, 4, UR);
        memoryOff();
        bench.write(0x38, 7);
        assertThat(config(DEVSTA, 2) & 7).isEqualTo(4);
        assertThat(messages).as("nothing is enabled").isEmpty();
        config(COMMAND, 2, 1 << 8);
        bench.read(8);
        assertThat(messages).containsExactly(Severity.FATAL);
        assertThat(config(STATUS, 2) & 1 << 14).as("signalled system error").isNotZero();
        config(STATUS, 2, 1 << 14);
        assertThat(config(STATUS, 2) & 1 << 14).isZero();
    }

    @Test
    void maskedErrorsShowInTheStatusOnly() {
        config(DEVCTL, 2, REPORT_ALL);
        config(UNCORRECTABLE_MASK, 4, UR);
        memoryOff();
        bench.write(0x38, 7);
        assertThat(config(UNCORRECTABLE, 4)).isEqualTo(UR);
        assertThat(config(LOG, 4)).isZero();
        assertThat(messages).isEmpty();
    }

    @Test
    void withoutUnsupportedRequestReportingThereIsNoMessage() {
        config(DEVCTL, 2, 7);
        memoryOff();
        bench.write(0x38, 7);
        assertThat(messages).isEmpty();
    }

    @Test
    void statusIsClearedByOneAndTheFirstErrorKeepsItsLog() {
        config(DEVCTL, 2, REPORT_ALL);
        memoryOff();
        bench.write(0x38, 7);
        bench.write(0x40, 7);
        assertThat(config(LOG + 8, 4)).isEqualTo(BAR0_BASE + 0x38);
        config(UNCORRECTABLE, 4, UR);
        assertThat(config(UNCORRECTABLE, 4)).isZero();
        bench.write(0x40, 7);
        assertThat(config(LOG + 8, 4)).isEqualTo(BAR0_BASE + 0x40);
    }

    @Test
    void everyErrorCanBeInjected() {
        config(DEVCTL, 2, REPORT_ALL);
        int all = 0x001F_F010 & ~UR;
        for (int bit = 0; bit < 32; bit++) {
            int error = 1 << bit;
            if ((all & error) != 0) {
                bench.card.errors().uncorrectable(error, 1, 2, 3, 4);
                assertThat(config(UNCORRECTABLE, 4)).isEqualTo(error);
                assertThat(config(CONTROL, 4) & 0x1F).isEqualTo(bit);
                assertThat(config(LOG + 12, 4)).isEqualTo(4);
                config(UNCORRECTABLE, 4, -1);
            }
        }
        assertThat(messages).hasSize(Integer.bitCount(all)).contains(Severity.FATAL, Severity.NON_FATAL);
        messages.clear();
        bench.card.errors().correctable(AdvancedErrorReporting.BAD_TLP);
        assertThat(config(CORRECTABLE, 4)).isEqualTo(AdvancedErrorReporting.BAD_TLP);
        assertThat(messages).containsExactly(Severity.CORRECTABLE);
    }

    @Test
    void inD3EveryAccessIsUnsupported() {
        config(0xCC, 2, 3);
        assertThat(bench.read(8)).isEqualTo(-1);
        assertThat(bench.card.barRead(3, 0, 4)).isEqualTo(-1L);
        assertThat(bench.card.barRead(2, 0, 4)).isEqualTo(-1L);
        assertThat(config(UNCORRECTABLE, 4)).isEqualTo(UR);
    }

    @Test
    void errorsSurviveTheResetThatFollowsThem() {
        memoryOff();
        bench.write(0x38, 7);
        config(0xCC, 2, 3);
        config(0xCC, 2, 0);
        assertThat(config(UNCORRECTABLE, 4)).isEqualTo(UR);
    }

    @Test
    void flashIsNotFitted() {
        assertThat(bench.card.barRead(1, 0, 4)).isEqualTo(0xFFFF_FFFFL);
        assertThat(bench.card.barRead(1, 3, 1)).isEqualTo(0xFFL);
        bench.card.barWrite(1, 0, 4, 0);
        assertThat(bench.card.barRead(1, 0, 4)).isEqualTo(0xFFFF_FFFFL);
        bench.card.barWrite(2, 0, 4, 0x8_0000);
        assertThat(bench.card.barRead(2, 4, 4)).isEqualTo(0xFFFF_FFFFL);
        bench.card.barWrite(2, 0, 4, 0x10_0000);
        assertThat(bench.card.barRead(2, 4, 4)).isZero();
        assertThat(config(UNCORRECTABLE, 4)).isZero();
    }
}
