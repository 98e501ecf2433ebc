package dev.doorbell.kernel.udp;

import dev.doorbell.kernel.inet.Endpoints;
import dev.doorbell.kernel.socket.Message;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** A datagram that a program puts together from several calls, MSG_MORE and UDP_CORK: the first names its destination. */
final class UdpCork {
    private static final int FIRST_BYTES = 2048;

    /** From the first call. */
    final Endpoints to = new Endpoints();

    private ByteBuffer data = ByteBuffer.allocate(FIRST_BYTES);

    UdpCork(Endpoints to) {
        this.to.copyFrom(to);
    }

    int length() {
        return data.position();
    }

    /** Takes all the bytes of a message. */
    void add(Message message) {
        int wanted = data.position() + message.data.remaining();
        if (wanted > data.capacity()) {
            data = ByteBuffer.allocate(Math.max(wanted, 2 * data.capacity())).put(data.flip());
        }
        data.put(message.data);
    }

    /** @param last with the ancillary data that holds for the datagram; null: none */
    Message whole(@Nullable Message last) {
        Message whole = new Message().set(data.duplicate().flip());
        whole.control = last == null ? null : last.control;
        return whole;
    }
}
