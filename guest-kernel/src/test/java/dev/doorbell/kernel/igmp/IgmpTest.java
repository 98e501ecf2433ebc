package dev.doorbell.kernel.igmp;

import static dev.doorbell.kernel.net.Packets.*;
import static dev.doorbell.kernel.net.StackFixture.*;
import static org.assertj.core.api.Assertions.assertThat;

import dev.doorbell.bus.wire.Ipv4Address;
import dev.doorbell.kernel.core.ErrnoException;
import dev.doorbell.kernel.net.StackFixture;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The messages themselves, and who may say what; what is reported when is in the state tests. */
class IgmpTest {
    private static final int GROUP = Ipv4Address.of(239, 1, 2, 3), OTHER = Ipv4Address.of(239, 9, 9, 9);
    private static final int ALL_SYSTEMS = Ipv4Address.of(224, 0, 0, 1);

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

    private static byte[] withChecksum(byte[] message) {
        ByteBuffer b = ByteBuffer.wrap(message).putShort(2, (short) 0);
        return b.putShort(2, (short) checksum(message, 0, message.length, 0)).array();
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

    /** A querier of version 2, for 260 s; asks about a group that nobody here is in. */
    private void hearVersion2() {
        inject(ALL_SYSTEMS, message(0x11, 100, OTHER));
        f.takeSent();
    }

    @Test
    void aReportOfVersion3GoesToItsRoutersWithTtlOneAndRouterAlert() {
        f.stack.ipv4().groups().join(f.dev, GROUP);
        f.run(20 * SECOND);
        assertThat(f.takeSent()).hasSize(2).allSatisfy(frame -> {
            assertThat(macAt(frame, 0)).isEqualTo(0x0100_5E00_0016L);
            assertThat(u8(frame, 15)).isEqualTo(0xC0);
            assertThat(u8(frame, 22)).isEqualTo(1);
            assertThat(i32(frame, 34)).isEqualTo(0x9404_0000);
            assertThat(i32(frame, 26)).isEqualTo(US);
            assertThat(i32(frame, 30)).isEqualTo(Ipv4Address.of(224, 0, 0, 22));
            assertThat(ipChecksumRight(frame)).isTrue();
            ByteBuffer report = ByteBuffer.allocate(16).put((byte) 0x22).putShort(6, (short) 1);
            report.put(8, (byte) 4).putInt(12, GROUP);
            report.putShort(2, (short) checksum(report.array(), 0, 16, 0));
            assertThat(ipPayload(frame)).isEqualTo(report.array());
        });
    }

    @Test
    void aJoinIsReportedTwiceWithTtlOneAndRouterAlert() {
        hearVersion2();
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
        hearVersion2();
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
        hearVersion2();
        f.stack.ipv4().groups().join(f.dev, GROUP);
        f.takeSent();
        f.stack.ipv4().groups().leave(f.dev, GROUP);
        byte[] frame = f.takeOne();
        assertThat(i32(frame, 30)).isEqualTo(Ipv4Address.of(224, 0, 0, 2));
        assertThat(ipPayload(frame)).isEqualTo(message(0x17, 0, GROUP));
    }

    @Test
    void malformedQueriesAndThoseToStrangeGroupsAreIgnored() {
        f.stack.ipv4().groups().join(f.dev, GROUP);
        f.run(20 * SECOND);
        f.takeSent();
        byte[] query = message(0x11, 10, 0);
        inject(GROUP, query);
        byte[] version3 = ByteBuffer.allocate(16)
                .put(message(0x11, 10, 0))
                .putShort(10, (short) 2)
                .array();
        for (int length = 9; length <= 16; length++) {
            byte[] cut = Arrays.copyOf(version3, length);
            inject(ALL_SYSTEMS, withChecksum(cut));
        }
        for (int length = 0; length < 8; length++) {
            inject(ALL_SYSTEMS, Arrays.copyOf(query, length));
        }
        query[1] ^= 1;
        inject(ALL_SYSTEMS, query);
        f.run(20 * SECOND);
        assertThat(f.takeSent()).isEmpty();
    }

    @Test
    void aQueryToOurOwnAddressIsAnsweredAsRfc3376Demands() {
        f.stack.ipv4().groups().join(f.dev, GROUP);
        f.run(20 * SECOND);
        f.takeSent();
        byte[] query =
                withChecksum(ByteBuffer.allocate(12).put(message(0x11, 10, 0)).array());
        f.inject(ip().protocol(2).ttl(1).options(148, 4, 0, 0).payload(query).frame());
        f.run(SECOND);
        assertThat(ipPayload(f.takeOne())[8]).as("the mode is exclude").isEqualTo((byte) 2);
    }

    /** RFC 3376 §7.2.1: robustness 2 times 125 s, and the response time of 10 s. */
    @Test
    void theOldestQuerierHeardOfLateSaysWhichVersionIsSpoken() {
        inject(ALL_SYSTEMS, message(0x11, 0, 0));
        f.stack.ipv4().groups().join(f.dev, GROUP);
        assertThat(ipPayload(f.takeOne())).as("version 1").isEqualTo(message(0x12, 0, GROUP));
        f.run(100 * SECOND);
        f.takeSent();
        inject(ALL_SYSTEMS, message(0x11, 100, 0));
        f.run(10 * SECOND);
        assertThat(ipPayload(f.takeOne())).as("version 1 stays").isEqualTo(message(0x12, 0, GROUP));
        f.run(151 * SECOND);
        f.stack.ipv4().groups().leave(f.dev, GROUP);
        assertThat(ipPayload(f.takeOne())).as("version 2 is left").isEqualTo(message(0x17, 0, GROUP));
        f.run(100 * SECOND);
        f.stack.ipv4().groups().join(f.dev, GROUP);
        assertThat(ipPayload(f.takeOne())[0]).as("version 3").isEqualTo((byte) 0x22);
    }

    @Test
    void membersOfVersion1LeaveInSilence() {
        inject(ALL_SYSTEMS, message(0x11, 0, 0));
        f.stack.ipv4().groups().join(f.dev, GROUP);
        f.run(20 * SECOND);
        f.takeSent();
        f.stack.ipv4().groups().leave(f.dev, GROUP);
        assertThat(f.takeSent()).isEmpty();
    }

    @Test
    void anInterfaceThatComesUpReportsItsGroupsAndOneThatGoesDownFallsSilent() throws ErrnoException {
        f.stack.ipv4().groups().join(f.dev, GROUP);
        f.takeSent();
        f.dev.devClose();
        f.run(20 * SECOND);
        f.takeSent();
        f.dev.devOpen();
        f.dev.netifStartQueue();
        f.kernel.settle();
        assertThat(f.takeSent().stream().filter(frame -> frame[13] == 0 && frame[23] == 2))
                .hasSize(1);
    }
}
