package dev.doorbell.device.offload;

import static org.assertj.core.api.Assertions.assertThat;

import dev.doorbell.bus.mem.GuestMemory;
import java.util.HexFormat;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The published verification suite: source address, destination address, source port, destination port. */
class ToeplitzTest {
    private static final byte[] KEY =
            HexFormat.of().parseHex("6d5a56da255b0ec24167253d43a38fb0d0ca2bcbae7b30b477cb2da38030f20c6a42b73bbeac01fa");

    @ParameterizedTest
    @CsvSource({
        "420995bba18e6450, 0aea06e6, 323e8fc2, 51ccc178",
        "c75c6f0241458c53, 37961283, d718262a, c626b0ea",
        "1813c65f0c16cfb8, 32629488, d2d0a5de, 5c2b394a",
        "261bcd1ed18ea306, bc6408a9, 82989176, afc7327f",
        "9927a3bfcabc7f02, acdb0517, 5d1809c5, 10e828a2",
        "3ffe250102001fff00000000000000073ffe2501020000030000000000000001, 0aea06e6, 2cc18cd5, 40207d3d",
        "3ffe0501000800000260 97fffe40efabff020000000000000000000000000001, 37961283, 0f0c461c, dde51bbf",
        "3ffe1900454500030200f8fffe2167cffe800000000000000200f8fffe2167cf, acdb9488, 4b61e985, 02d1feef",
    })
    void publishedVectors(String addresses, String ports, String addressHash, String portHash) {
        byte[] short_ = HexFormat.of().parseHex(addresses.replace(" ", ""));
        byte[] long_ = HexFormat.of().parseHex(addresses.replace(" ", "") + ports);
        assertThat(Toeplitz.hash(KEY, short_)).isEqualTo(Integer.parseUnsignedInt(addressHash, 16));
        assertThat(Toeplitz.hash(KEY, long_)).isEqualTo(Integer.parseUnsignedInt(portHash, 16));
    }

    @Test
    void tablesAgreeWithTheDefinition() {
        SplittableRandom random = new SplittableRandom(7);
        GuestMemory memory = GuestMemory.allocate(64);
        byte[] key = new byte[Toeplitz.KEY_BYTES];
        byte[] input = new byte[Toeplitz.INPUT_BYTES];
        Toeplitz toeplitz = new Toeplitz();
        for (int round = 0; round < 50; round++) {
            random.nextBytes(key);
            random.nextBytes(input);
            memory.write(0, input, 0, input.length);
            toeplitz.key(key);
            int inTwo = toeplitz.add(toeplitz.add(0, 0, memory, 0, 11), 11, memory, 11, input.length - 11);
            assertThat(inTwo).isEqualTo(Toeplitz.hash(key, input));
        }
        memory.close();
    }
}
