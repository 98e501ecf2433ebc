package dev.doorbell.kernel.arp;

import static dev.doorbell.kernel.net.Packets.*;
import static dev.doorbell.kernel.net.StackFixture.*;
import static dev.doorbell.kernel.socket.SocketConstants.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.doorbell.bus.wire.Ipv4Address;
import dev.doorbell.kernel.core.ErrnoException;
import dev.doorbell.kernel.neighbour.*;
import dev.doorbell.kernel.net.StackFixture;
import dev.doorbell.kernel.skb.DropReason;
import dev.doorbell.kernel.socket.SockAddrIn;
import dev.doorbell.kernel.socket.Syscalls;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ArpTest {
    private static final long BROADCAST = 0xFFFF_FFFF_FFFFL;
    private static final int REQUEST = 1, REPLY = 2;

    private final StackFixture f = new StackFixture();
    private final Syscalls sys = f.process();

    @AfterEach
    void nothingLeaks() {
        sys.closeAll();
        f.close();
    }

    private void sendTo(int address) throws ErrnoException {
        int fd = sys.socket(AF_INET, SOCK_DGRAM, 0);
        sys.sendto(fd, ByteBuffer.wrap(bytes(1)), 0, new SockAddrIn(address, 9));
        sys.close(fd);
    }

    private Neighbour peer() {
        return f.stack.arp().neighbours().lookup(f.dev, PEER);
    }

    private byte[] replyFromPeer() {
        return arp(REPLY, PEER_MAC, PEER, OUR_MAC, US, OUR_MAC);
    }

    @Test
    void requestForOurAddressIsAnsweredByUnicastAndItsSenderLearned() {
        f.inject(arp(REQUEST, PEER_MAC, PEER, 0, US, BROADCAST));
        byte[] reply = f.takeOne();
        assertThat(Arrays.copyOf(reply, 42))
                .isEqualTo(Arrays.copyOf(arp(REPLY, OUR_MAC, US, PEER_MAC, PEER, PEER_MAC), 42));
        assertThat(peer().state()).isEqualTo(NeighbourState.STALE);
        assertThat(peer().mac()).isEqualTo(PEER_MAC);
    }

    @Test
    void requestsForOthersTeachNothing() {
        f.inject(arp(REQUEST, PEER_MAC, PEER, 0, Ipv4Address.of(10, 0, 0, 77), BROADCAST));
        f.inject(replyFromPeer());
        assertThat(peer()).as("unsolicited reply for an unknown neighbour").isNull();
        assertThat(f.takeSent()).isEmpty();
    }

    @Test
    void packetsWaitForTheAnswerAndGoInOrder() throws ErrnoException {
        for (int i = 0; i < 3; i++) {
            sendTo(PEER);
        }
        byte[] request = f.takeOne();
        assertThat(macAt(request, 0)).isEqualTo(BROADCAST);
        assertThat(i32(request, 28)).isEqualTo(US);
        assertThat(i32(request, 38)).isEqualTo(PEER);
        f.inject(replyFromPeer());
        List<byte[]> frames = f.takeSent();
        assertThat(frames).hasSize(3);
        assertThat(frames).allSatisfy(frame -> assertThat(macAt(frame, 0)).isEqualTo(PEER_MAC));
        assertThat(peer().state()).isEqualTo(NeighbourState.REACHABLE);
    }

    @Test
    void oneRequestASecondThenFailureWithHostUnreachable() throws ErrnoException {
        int fd = sys.socket(AF_INET, SOCK_DGRAM, 0);
        sys.connect(fd, new SockAddrIn(PEER, 9));
        sys.send(fd, ByteBuffer.wrap(bytes(1)), 0);
        assertThat(f.takeSent()).hasSize(1);
        for (int second = 1; second <= 2; second++) {
            f.run(SECOND);
            assertThat(f.takeSent()).hasSize(1);
        }
        f.run(SECOND);
        assertThat(f.takeSent()).isEmpty();
        assertThat(peer().state()).isEqualTo(NeighbourState.FAILED);
        assertThat(f.drops(DropReason.NEIGH_FAILED)).isEqualTo(1);
        sys.send(fd, ByteBuffer.wrap(bytes(1)), 0);
        assertThat(f.takeSent()).as("starts anew").hasSize(1);
    }

    @Test
    void aFailedNeighbourShowsAsHostUnreachableOnRequest() throws ErrnoException {
        int fd = sys.socket(AF_INET, SOCK_DGRAM, 0);
        sys.setsockopt(fd, SOL_IP, IP_RECVERR, 1);
        sys.connect(fd, new SockAddrIn(PEER, 9));
        sys.send(fd, ByteBuffer.wrap(bytes(1)), 0);
        assertThatThrownBy(() -> sys.recv(fd, ByteBuffer.allocate(1), 0)).hasMessageContaining("EHOSTUNREACH");
    }

    @Test
    void unusedNeighbourGrowsStaleAndIsProbedByUnicastWhenUsedAgain() throws ErrnoException {
        sendTo(PEER);
        f.inject(replyFromPeer());
        f.run(50 * SECOND);
        assertThat(peer().state()).isEqualTo(NeighbourState.STALE);
        f.takeSent();
        sendTo(PEER);
        assertThat(peer().state()).isEqualTo(NeighbourState.DELAY);
        assertThat(f.takeSent()).hasSize(1);
        f.run(5 * SECOND);
        byte[] probe = f.takeOne();
        assertThat(macAt(probe, 0)).isEqualTo(PEER_MAC);
        assertThat(peer().state()).isEqualTo(NeighbourState.PROBE);
        f.inject(replyFromPeer());
        assertThat(peer().state()).isEqualTo(NeighbourState.REACHABLE);
    }

    @Test
    void confirmationFromAboveSavesTheProbe() throws ErrnoException {
        sendTo(PEER);
        f.inject(replyFromPeer());
        f.run(50 * SECOND);
        sendTo(PEER);
        f.run(SECOND);
        f.takeSent();
        peer().confirm();
        f.run(4 * SECOND);
        assertThat(peer().state()).isEqualTo(NeighbourState.REACHABLE);
        assertThat(f.takeSent()).isEmpty();
    }

    @Test
    void probeGivesUpAfterThreeRequests() throws ErrnoException {
        sendTo(PEER);
        f.inject(replyFromPeer());
        f.run(50 * SECOND);
        sendTo(PEER);
        f.run(9 * SECOND);
        assertThat(peer().state()).isEqualTo(NeighbourState.FAILED);
    }

    @Test
    void theQueueIsBoundedAndDropsItsOldest() throws ErrnoException {
        for (int i = 0; i < PendingQueue.MAX_PACKETS + 5; i++) {
            sendTo(PEER);
        }
        assertThat(peer().pendingPackets()).isEqualTo(PendingQueue.MAX_PACKETS);
        assertThat(f.drops(DropReason.NEIGH_QUEUEFULL)).isEqualTo(5);
    }

    @Test
    void gratuitousArpUpdatesKnownEntriesOnlyAndNotAtOnce() throws ErrnoException {
        long moved = 0x02_00_00_00_00_99L;
        byte[] gratuitous = arp(REQUEST, moved, PEER, 0, PEER, BROADCAST);
        f.inject(gratuitous);
        assertThat(peer()).isNull();
        sendTo(PEER);
        f.inject(replyFromPeer());
        f.inject(gratuitous);
        assertThat(peer().mac()).as("locked for a second").isEqualTo(PEER_MAC);
        f.run(2 * SECOND);
        f.inject(gratuitous);
        assertThat(peer().mac()).isEqualTo(moved);
        assertThat(peer().state()).isEqualTo(NeighbourState.STALE);
    }

    @Test
    void malformedPacketsAreDroppedAtEveryLength() {
        byte[] good = Arrays.copyOf(arp(REQUEST, PEER_MAC, PEER, 0, US, BROADCAST), 42);
        for (int length = 14; length < good.length; length++) {
            f.inject(Arrays.copyOf(good, length));
        }
        for (int at : new int[] {14, 16, 18, 19, 20}) {
            byte[] bad = good.clone();
            bad[at] ^= 0x40;
            f.inject(bad);
        }
        assertThat(f.takeSent()).isEmpty();
        assertThat(f.drops(DropReason.ARP_BAD_HEADER)).isEqualTo(28 + 4);
        assertThat(f.drops(DropReason.ARP_IGNORED)).isEqualTo(1);
    }

    @Test
    void sendersThatCannotBeRightAreNotLearned() {
        f.inject(arp(REQUEST, BROADCAST, PEER, 0, US, BROADCAST));
        f.inject(arp(REQUEST, 0x01_00_5E_00_00_01L, PEER, 0, US, BROADCAST));
        f.inject(arp(REQUEST, 0, PEER, 0, US, BROADCAST));
        assertThat(f.stack.arp().neighbours().size()).isZero();
        assertThat(f.takeSent()).isEmpty();
    }

    @Test
    void aClaimOfOurAddressIsDefendedOnceInTenSeconds() {
        byte[] claim = arp(REQUEST, PEER_MAC, US, 0, US, BROADCAST);
        f.inject(claim);
        byte[] defence = f.takeOne();
        assertThat(i32(defence, 28)).isEqualTo(US);
        assertThat(macAt(defence, 0)).isEqualTo(BROADCAST);
        f.inject(claim);
        assertThat(f.takeSent()).isEmpty();
        f.run(10 * SECOND);
        f.inject(claim);
        assertThat(f.takeSent()).hasSize(1);
        assertThat(f.stack.arp().conflicts()).isEqualTo(3);
        assertThat(f.stack.arp().neighbours().size()).isZero();
    }

    @Test
    void aProbeForOurAddressIsAnswered() {
        f.inject(arp(REQUEST, PEER_MAC, 0, 0, US, BROADCAST));
        assertThat(u16(f.takeOne(), 20)).isEqualTo(REPLY);
        assertThat(f.stack.arp().neighbours().size()).isZero();
    }

    @Test
    void aFreeAddressIsProbedThreeTimesThenAnnouncedTwice() {
        int wanted = Ipv4Address.of(10, 0, 0, 50);
        List<Boolean> outcome = new ArrayList<>();
        new AddressProbe(f.stack.arp(), f.dev, wanted, AddressProbe.Pace.STANDARD, outcome::add).start();
        f.run(20 * SECOND);
        List<byte[]> frames = f.takeSent();
        assertThat(frames).hasSize(5);
        assertThat(frames.subList(0, 3)).allSatisfy(p -> assertThat(i32(p, 28)).isZero());
        assertThat(frames.subList(3, 5)).allSatisfy(p -> assertThat(i32(p, 28)).isEqualTo(wanted));
        assertThat(outcome).containsExactly(true);
    }

    @Test
    void aBriefProbeIsOverAfterATenthOfASecond() {
        int wanted = Ipv4Address.of(10, 0, 0, 50);
        List<Boolean> outcome = new ArrayList<>();
        new AddressProbe(f.stack.arp(), f.dev, wanted, AddressProbe.Pace.BRIEF, outcome::add).start();
        f.run(SECOND / 9);
        assertThat(outcome).containsExactly(true);
        f.run(20 * SECOND);
        List<byte[]> frames = f.takeSent();
        assertThat(frames).hasSize(3);
        assertThat(frames.subList(0, 2)).allSatisfy(p -> assertThat(i32(p, 28)).isZero());
        assertThat(i32(frames.get(2), 28)).isEqualTo(wanted);
    }

    @Test
    void anAnswerToTheProbeEndsIt() {
        int wanted = Ipv4Address.of(10, 0, 0, 50);
        List<Boolean> outcome = new ArrayList<>();
        new AddressProbe(f.stack.arp(), f.dev, wanted, AddressProbe.Pace.STANDARD, outcome::add).start();
        f.run(SECOND);
        f.inject(arp(REPLY, PEER_MAC, wanted, OUR_MAC, 0, OUR_MAC));
        f.run(20 * SECOND);
        assertThat(outcome).containsExactly(false);
    }

    @Test
    void aStormOfSendersLeavesTheTableBoundedAndTheServiceUp() {
        for (int i = 0; i < 5000; i++) {
            int sender = Ipv4Address.of(10, 0, 0, 0) + 1000 + i;
            f.receive(f.dev, arp(REQUEST, PEER_MAC + i, sender, 0, US, BROADCAST));
        }
        assertThat(f.stack.arp().neighbours().size()).isLessThanOrEqualTo(NeighbourTable.GC_THRESHOLD_3);
        f.takeSent();
        f.inject(arp(REQUEST, PEER_MAC, PEER, 0, US, BROADCAST));
        assertThat(f.takeSent()).hasSize(1);
    }
}
