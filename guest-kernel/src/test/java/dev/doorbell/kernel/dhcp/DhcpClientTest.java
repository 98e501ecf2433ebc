package dev.doorbell.kernel.dhcp;

import static dev.doorbell.kernel.net.StackFixture.*;
import static org.assertj.core.api.Assertions.assertThat;

import dev.doorbell.bus.wire.Ipv4Address;
import dev.doorbell.kernel.net.Packets;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** What the messages say, when they are repeated, what a lease means; and hostile servers. States: {@link DhcpStateTest}. */
class DhcpClientTest extends DhcpServerBed {
    @Test
    void aLeaseIsAskedForCheckedAndUsed() {
        toBound();
        assertThat(hasAddress()).isTrue();
        assertThat(client.lease()).isNotNull();
        assertThat(client.lease().prefixLength()).isEqualTo(24);
        assertThat(client.lease().renewalNs()).isEqualTo(1800 * SECOND);
        assertThat(client.lease().rebindingNs()).isEqualTo(3150 * SECOND);
    }

    @Test
    void theFirstMessagesComeFromNobodyAndGoToAll() {
        client.start();
        byte[] discover = take().get(0);
        assertThat(Packets.macAt(discover, 0)).isEqualTo(0xFFFF_FFFF_FFFFL);
        assertThat(Packets.i32(discover, 26)).isZero();
        assertThat(Packets.i32(discover, 30)).isEqualTo(-1);
        assertThat(Packets.u16(discover, 34)).isEqualTo(68);
    }

    @Test
    void discoverIsRepeatedTwiceAsLateEachTime() {
        client.start();
        take();
        f.run(3 * SECOND - 1);
        assertThat(take()).isEmpty();
        f.run(2 * SECOND + 1);
        assertThat(take()).hasSize(1);
        f.run(125 * SECOND); // 8, 16, 32, 64, each a second more or less
        assertThat(take()).hasSizeBetween(3, 4);
    }

    @Test
    void requestNamesTheServerAndTheAddress() {
        client.start();
        takeOne();
        answer(OFFER, OFFERED);
        byte[] request = take().get(0);
        assertThat(option(request, 50)).isEqualTo(OFFERED);
        assertThat(option(request, 54)).isEqualTo(SERVER);
    }

    @Test
    void requestWithoutAnswerIsRepeatedThenAllBeginsAnew() {
        toRequesting();
        f.run(32 * SECOND);
        List<byte[]> frames = take();
        assertThat(frames.stream().filter(frame -> type(frame) == REQUEST)).hasSize(2);
        assertThat(type(frames.get(frames.size() - 1))).isEqualTo(DISCOVER);
        assertThat(client.state()).isEqualTo(DhcpState.SELECTING);
    }

    @Test
    void refusalBeginsAnew() {
        toRequesting();
        answer(NAK, 0);
        assertThat(client.state()).isEqualTo(DhcpState.INIT);
        f.run(2 * SECOND);
        assertThat(takeOne()).isEqualTo(DISCOVER);
    }

    @Test
    void anAddressThatSomebodyHasIsDeclinedAndNotUsed() {
        toRequesting();
        answer(ACK, OFFERED);
        f.run(1500_000_000L);
        f.inject(dev, Packets.arp(2, PEER_MAC, OFFERED, MAC, 0, MAC));
        byte[] decline = take().get(0);
        assertThat(type(decline)).isEqualTo(DECLINE);
        assertThat(option(decline, 50)).isEqualTo(OFFERED);
        assertThat(client.state()).isEqualTo(DhcpState.INIT);
        assertThat(hasAddress()).isFalse();
        f.run(9 * SECOND);
        assertThat(take()).isEmpty();
        f.run(2 * SECOND);
        assertThat(takeOne()).isEqualTo(DISCOVER);
    }

    @Test
    void halfOfTheLeaseLaterItIsRenewedByUnicast() {
        toBound();
        f.run(1800 * SECOND);
        byte[] request = take().get(0);
        assertThat(client.state()).isEqualTo(DhcpState.RENEWING);
        assertThat(Packets.macAt(request, 0)).isEqualTo(PEER_MAC);
        assertThat(Packets.i32(request, 42 + 12)).as("ciaddr").isEqualTo(OFFERED);
        assertThat(option(request, 50)).isZero();
        assertThat(option(request, 54)).isZero();
        xid = Packets.i32(request, 46);
        answer(ACK, OFFERED);
        assertThat(client.state()).isEqualTo(DhcpState.BOUND);
        f.run(1780 * SECOND);
        assertThat(take()).isEmpty();
        f.run(20 * SECOND);
        assertThat(take()).hasSize(1);
    }

    @Test
    void withoutAnswerItAsksEverybodyAndAtTheEndGivesTheAddressUp() {
        toBound();
        f.run(3150 * SECOND);
        assertThat(client.state()).isEqualTo(DhcpState.REBINDING);
        List<byte[]> frames = take();
        assertThat(Packets.i32(frames.get(frames.size() - 1), 30)).isEqualTo(-1);
        assertThat(hasAddress()).isTrue();
        f.run(450 * SECOND);
        assertThat(client.state()).isEqualTo(DhcpState.SELECTING);
        assertThat(hasAddress()).isFalse();
    }

    @Test
    void rebindingAcceptsAnotherServersAnswer() {
        toBound();
        f.run(3150 * SECOND);
        List<byte[]> frames = take();
        xid = Packets.i32(frames.get(frames.size() - 1), 46);
        answer(ACK, OFFERED);
        assertThat(client.state()).isEqualTo(DhcpState.BOUND);
    }

    @Test
    void aRefusedRenewalTakesTheAddressAway() {
        toBound();
        f.run(1800 * SECOND);
        takeOne();
        answer(NAK, 0);
        assertThat(client.state()).isEqualTo(DhcpState.INIT);
        assertThat(hasAddress()).isFalse();
    }

    @Test
    void stoppingGivesTheLeaseBack() {
        toBound();
        client.stop();
        byte[] release = take().get(0);
        assertThat(type(release)).isEqualTo(RELEASE);
        assertThat(Packets.i32(release, 42 + 12)).isEqualTo(OFFERED);
        assertThat(option(release, 54)).isEqualTo(SERVER);
        assertThat(hasAddress()).isFalse();
        assertThat(client.state()).isEqualTo(DhcpState.STOPPED);
    }

    @Test
    void aKnownLeaseIsAskedForAgainWithoutAServer() {
        toBound();
        DhcpLease known = client.lease();
        client.stop();
        take();
        client.start(known);
        byte[] request = take().get(0);
        assertThat(client.state()).isEqualTo(DhcpState.REBOOTING);
        assertThat(type(request)).isEqualTo(REQUEST);
        assertThat(option(request, 50)).isEqualTo(OFFERED);
        assertThat(option(request, 54)).isZero();
        xid = Packets.i32(request, 46);
        answer(ACK, OFFERED);
        assertThat(client.state()).isEqualTo(DhcpState.CHECKING);
    }

    @Test
    void aKnownLeaseThatIsRefusedBeginsAnew() {
        toBound();
        DhcpLease known = client.lease();
        client.stop();
        take();
        client.start(known);
        takeOne();
        answer(NAK, 0);
        assertThat(client.state()).isEqualTo(DhcpState.INIT);
    }

    @Test
    void routersNameServersDomainAndClasslessRoutesAreUnderstood() {
        client.start();
        takeOne();
        serve(message(
                OFFERED,
                options(
                        OFFER, 600, 3, 4, 192, 168, 9, 254, 6, 8, 9, 9, 9, 9, 8, 8, 8, 8, 15, 3, 'l', 'a', 'n', 121, 12,
                        12, 172, 16, 192, 168, 9, 3, 0, 192, 168, 9, 2)));
        DhcpLease lease = client.lease();
        assertThat(lease.nameServers()).containsExactly(Ipv4Address.of(9, 9, 9, 9), Ipv4Address.of(8, 8, 8, 8));
        assertThat(lease.domain()).isEqualTo("lan");
        assertThat(lease.routes())
                .containsExactly(
                        new DhcpLease.DhcpRoute(Ipv4Address.of(172, 16, 0, 0), 12, Ipv4Address.of(192, 168, 9, 3)),
                        new DhcpLease.DhcpRoute(0, 0, Ipv4Address.of(192, 168, 9, 2)));
    }

    // ---- hostile servers

    private void nothingIsTaken(int address, byte[] options) {
        client.start();
        takeOne();
        serve(message(address, options));
        assertThat(client.state()).isEqualTo(DhcpState.SELECTING);
        client.stop();
        take();
    }

    @Test
    void addressesThatNoHostCanHaveAreNotTaken() {
        for (int address : new int[] {
            0,
            -1,
            0x7F00_0001,
            0xE000_0001,
            0xF000_0001,
            Ipv4Address.of(192, 168, 9, 255),
            Ipv4Address.of(192, 168, 9, 0)
        }) {
            nothingIsTaken(address, options(OFFER, 3600));
        }
    }

    @Test
    void masksWithHolesNoTimeAndBadRoutesAreNotTaken() {
        nothingIsTaken(OFFERED, options(OFFER, 3600, 1, 4, 255, 0, 255, 0)); // joined to eight bytes: no mask
        nothingIsTaken(OFFERED, options(OFFER, 0));
        nothingIsTaken(OFFERED, options(OFFER, 3600, 121, 5, 33, 1, 2, 3, 4));
        nothingIsTaken(OFFERED, options(OFFER, 3600, 121, 3, 24, 1, 2));
        nothingIsTaken(OFFERED, options(OFFER, 3600, 12, 200, 1, 2));
        nothingIsTaken(OFFERED, options(OFFER, 3600, 52, 1, 9));
        nothingIsTaken(OFFERED, options(9, 3600));
    }

    @Test
    void anotherTransactionOrMacIsIgnored() {
        client.start();
        takeOne();
        xid++;
        answer(OFFER, OFFERED);
        xid--;
        byte[] foreign = message(OFFERED, options(OFFER, 3600));
        foreign[33]++;
        serve(foreign);
        assertThat(client.state()).isEqualTo(DhcpState.SELECTING);
    }

    @Test
    void aConfirmationOfAnotherAddressIsIgnored() {
        toRequesting();
        answer(ACK, OFFERED + 1);
        assertThat(client.state()).isEqualTo(DhcpState.REQUESTING);
    }

    @Test
    void optionsInTheFieldsForNamesAreRead() {
        client.start();
        takeOne();
        byte[] message = message(OFFERED, new byte[] {53, 1, OFFER, 52, 1, 3, (byte) 255});
        byte[] rest = options(OFFER, 600);
        System.arraycopy(rest, 3, message, 108, rest.length - 3);
        message[44] = (byte) 255;
        serve(message);
        assertThat(client.state()).isEqualTo(DhcpState.REQUESTING);
    }

    @Test
    void everyCutAndEveryFlippedByteIsSurvived() {
        client.start();
        takeOne();
        byte[] whole = message(OFFERED, options(NAK, 3600, 3, 4, 1, 2, 3, 4));
        for (int length = 0; length < whole.length; length++) {
            serve(java.util.Arrays.copyOf(whole, length));
        }
        SplittableRandom random = new SplittableRandom(7);
        for (int i = 0; i < 2000; i++) {
            byte[] broken = message(OFFERED, options(NAK, 3600, 3, 4, 1, 2, 3, 4));
            broken[random.nextInt(broken.length)] ^= (byte) (1 + random.nextInt(255));
            serve(broken);
        }
        assertThat(client.state()).isIn(DhcpState.SELECTING, DhcpState.REQUESTING);
    }
}
