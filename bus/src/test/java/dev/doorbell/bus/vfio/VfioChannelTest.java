package dev.doorbell.bus.vfio;

import static org.assertj.core.api.Assertions.assertThat;

import dev.doorbell.bus.os.Fd;
import dev.doorbell.bus.os.Libc;
import org.junit.jupiter.api.Test;

class VfioChannelTest {
    private static int receivedBy(long firstRefused, int[] descriptors) {
        Fd[] ends = Fd.socketpair(Libc.AF_UNIX, Libc.SOCK_STREAM);
        VfioChannel sender = new VfioChannel(ends[0], VfioUser.MAX_MESSAGE_BYTES);
        VfioChannel receiver = new VfioChannel(ends[1], VfioUser.MAX_MESSAGE_BYTES, firstRefused);
        try (Fd event = Fd.eventfd()) {
            sender.out(VfioUser.HEADER_BYTES);
            sender.header(1, VfioUser.DMA_MAP, VfioUser.HEADER_BYTES, 0, 0);
            sender.send(VfioUser.HEADER_BYTES, event.fd());
            int got = receiver.receive();
            descriptors[0] = receiver.descriptors();
            return got;
        } finally {
            sender.close();
            receiver.close();
        }
    }

    @Test
    void aDescriptorComesWithItsMessage() {
        int[] descriptors = new int[1];
        assertThat(receivedBy(Fd.limit(), descriptors)).isEqualTo(VfioChannel.MESSAGE);
        assertThat(descriptors[0]).isEqualTo(1);
    }

    @Test
    void aDescriptorThatLeavesTooFewForUsIsNotTaken() {
        int[] descriptors = new int[1];
        assertThat(receivedBy(3, descriptors)).isEqualTo(VfioChannel.DESCRIPTORS_LOST);
        assertThat(descriptors[0]).isZero();
    }
}
