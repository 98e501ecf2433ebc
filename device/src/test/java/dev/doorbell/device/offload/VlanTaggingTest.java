package dev.doorbell.device.offload;

import static org.assertj.core.api.Assertions.assertThat;

import dev.doorbell.bus.mem.GuestMemory;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

class VlanTaggingTest {
    @Test
    void tagStandsBetweenSourceAddressAndEtherType() {
        GuestMemory memory = GuestMemory.allocate(64);
        memory.fill(0, 64, 0xA5);
        byte[] frame = HexFormat.of().parseHex("001b21112233" + "525400123456" + "0800" + "4500");
        memory.write(16, frame, 0, frame.length);
        VlanTagging.insert(memory, 16, 0x8100, 0x6123);
        assertThat(memory.bytes(0, 40))
                .isEqualTo(HexFormat.of()
                        .parseHex("a5".repeat(12) + "001b21112233" + "525400123456" + "8100" + "6123" + "0800" + "4500"
                                + "a5".repeat(8)));
    }
}
