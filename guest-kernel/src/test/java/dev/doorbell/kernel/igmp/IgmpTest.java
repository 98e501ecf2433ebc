package dev.doorbell.kernel.igmp;

import static dev.doorbell.kernel.net.Packets.*;
import static dev.doorbell.kernel.net.StackFixture.*;
import static org.assertj.core.api.Assertions.assertThat;

import dev.doorbell.bus.wire.Ipv4Address;
import dev.doorbell.kernel.net.StackFixture;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class IgmpTest {
    private static final int GROUP = Ipv4Address.of(239, 1, 2, 3), ALL_SYSTEMS = Ipv4Address.of(224, 0, 0, 1);

    private final StackFixture f = new StackFixture();

    @AfterEach
    void nothingLeaks() {
        for (int group : f.stack.ipv4().groups().of(f.dev)) {
            f.stack.ipv4().groups().leave(f.dev, group);
        }
        f.takeSent();
        f.close();
    }

    private static byte[] message(int type, int tenths, int group) {
        ByteBuffer b =
                ByteBuffer.allocate(8).put((byte) type).put((byte) tenths).putInt(4, group);
        return b.putShort(2, (short) checksum(b.array(), 0, 8, 0)).array();
    }

    private void inject(int to, byte[] igmp) {
        f.inject(ip().protocol(2)
                .ttl(1)
                .to(to)
                .toMac(0x0100_5E00_0000L | to & 0x7F_FFFF)
                .options(148, 4, 0, 0)
                .payload(igmp)
                .frame());
    }

    @Test
    void aJoinIsReportedTwiceWithTtlOneAndRouterAlert() {
        f.stack.ipv4().groups().join(f.dev, GROUP);
        f.stack.ipv4().groups().join(f.dev, GROUP);
        f.run(20 * SECOND);
        List<byte[]> reports = f.takeSent();
        assertThat(reports).hasSize(2).allSatisfy(frame -> {
            assertThat(macAt(frame, 0)).isEqualTo(0x0100_5E01_0203L);
            assertThat(u8(frame, 22)).isEqualTo(1);
            assertThat(i32(frame, 34)).isEqualTo(0x9404_0000);
            assertThat(i32(frame, 26)).isEqualTo(US);
            assertThat(ipChecksumRight(frame)).isTrue();
            assertThat(ipPayload(frame)).isEqualTo(message(0x16, 0, GROUP));
        });
    }

    @Test
    void queriesAreAnsweredInTimeUnlessAnotherMemberWasFaster() {
        f.stack.ipv4().groups().join(f.dev, GROUP);
        f.run(20 * SECOND);
        f.takeSent();
        inject(ALL_SYSTEMS, message(0x11, 20, 0));
        f.run(2 * SECOND);
        assertThat(ipPayload(f.takeOne())).isEqualTo(message(0x16, 0, GROUP));
        inject(GROUP, message(0x11, 100, GROUP));
        inject(GROUP, message(0x16, 0, GROUP));
        f.run(20 * SECOND);
        assertThat(f.takeSent()).isEmpty();
        f.stack.ipv4().groups().leave(f.dev, GROUP);
        assertThat(f.takeSent()).as("the other one reported last").isEmpty();
    }

    @Test
    void theLastMemberSaysThatItLeaves() {
        f.stack.ipv4().groups().join(f.dev, GROUP);
        f.takeSent();
        f.stack.ipv4().groups().leave(f.dev, GROUP);
        byte[] frame = f.takeOne();
        assertThat(i32(frame, 30)).isEqualTo(Ipv4Address.of(224, 0, 0, 2));
        assertThat(ipPayload(frame)).isEqualTo(message(0x17, 0, GROUP));
    }

    @Test
    void forgedAndMalformedQueriesAreIgnored() {
        f.stack.ipv4().groups().join(f.dev, GROUP);
        f.run(20 * SECOND);
        f.takeSent();
        byte[] query = message(0x11, 10, 0);
        f.inject(ip().protocol(2).payload(query).frame());
        for (int length = 0; length < 8; length++) {
            inject(ALL_SYSTEMS, Arrays.copyOf(query, length));
        }
        query[1] ^= 1;
        inject(ALL_SYSTEMS, query);
        f.run(20 * SECOND);
        assertThat(f.takeSent()).isEmpty();
    }
}
