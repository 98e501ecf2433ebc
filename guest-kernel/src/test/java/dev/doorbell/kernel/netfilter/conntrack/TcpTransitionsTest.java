package dev.doorbell.kernel.netfilter.conntrack;

import static org.assertj.core.api.Assertions.assertThat;

import dev.doorbell.bus.wire.TcpHeader;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Every cell of the table, written as the class comment has it. */
class TcpTransitionsTest {
    private static final Map<String, TcpState> SHORT = Map.ofEntries(
            Map.entry("SS", TcpState.SYN_SENT),
            Map.entry("SR", TcpState.SYN_RECV),
            Map.entry("ES", TcpState.ESTABLISHED),
            Map.entry("FW", TcpState.FIN_WAIT),
            Map.entry("CW", TcpState.CLOSE_WAIT),
            Map.entry("LA", TcpState.LAST_ACK),
            Map.entry("TW", TcpState.TIME_WAIT),
            Map.entry("CL", TcpState.CLOSE),
            Map.entry("S2", TcpState.SYN_SENT2),
            Map.entry("inv", TcpState.INVALID),
            Map.entry("ign", TcpState.IGNORE));

    @ParameterizedTest
    @CsvSource({
        "0, 2,  SS  SS  ign ign ign ign ign SS  SS  S2",
        "0, 18, inv inv SR  inv inv inv inv inv inv SR",
        "0, 1,  inv inv FW  FW  LA  LA  LA  TW  CL  inv",
        "0, 17, inv inv FW  FW  LA  LA  LA  TW  CL  inv",
        "0, 16, ES  inv ES  ES  CW  CW  TW  TW  CL  inv",
        "0, 4,  inv CL  CL  CL  CL  CL  CL  CL  CL  CL",
        "0, 20, inv CL  CL  CL  CL  CL  CL  CL  CL  CL",
        "0, 8,  inv inv inv inv inv inv inv inv inv inv",
        "1, 2,  inv S2  inv inv inv inv inv SS  inv S2",
        "1, 18, inv SR  ign ign ign ign ign ign ign SR",
        "1, 1,  inv inv FW  FW  LA  LA  LA  TW  CL  inv",
        "1, 16, inv ign SR  ES  CW  CW  TW  TW  CL  ign",
        "1, 4,  inv CL  CL  CL  CL  CL  CL  CL  CL  CL",
        "1, 8,  inv inv inv inv inv inv inv inv inv inv"
    })
    void eachSegmentInEachStateLeadsToTheNext(int direction, int flags, String row) {
        String[] next = row.strip().split(" +", -1);
        for (int state = 0; state < next.length; state++) {
            TcpState before = TcpState.values()[state];
            assertThat(TcpTransitions.next(direction, TcpTransitions.row(flags), before))
                    .as("direction %d flags 0x%x in %s", direction, flags, before)
                    .isEqualTo(SHORT.get(next[state]));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "0, false",
        "1, false",
        "2, true",
        "3, false",
        "4, true",
        "16, true",
        "17, true",
        "18, true",
        "20, true",
        "22, false",
        "34, true",
        "48, true",
        "49, true",
        "63, false",
        "6, false",
        "5, false"
    })
    void combinationsOfFlagsThatNobodySendsAreInvalid(int flags, boolean valid) {
        assertThat(TcpTracker.areFlagsValid(flags)).isEqualTo(valid);
        assertThat(TcpTracker.areFlagsValid(flags | TcpHeader.PSH | TcpHeader.ECE))
                .isEqualTo(valid);
    }
}
