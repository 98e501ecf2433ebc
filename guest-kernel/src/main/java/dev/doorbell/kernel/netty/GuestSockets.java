package dev.doorbell.kernel.netty;

import dev.doorbell.kernel.socket.Sock;
import dev.doorbell.kernel.socket.SocketFamily;
import io.netty.channel.ChannelException;

/** Makes the sockets under channels. */
final class GuestSockets {
    private GuestSockets() {}

    static Sock create(SocketFamily inet, int type) {
        Sock sock = inet.create(type, 0);
        if (sock == null) {
            throw new ChannelException(GuestIoException.of("socket", inet.refusal()));
        }
        return sock;
    }
}
