package dev.doorbell.kernel.netty;

import static dev.doorbell.kernel.socket.SocketConstants.*;

import dev.doorbell.kernel.socket.Sock;
import dev.doorbell.kernel.socket.SocketFamily;
import io.netty.channel.ChannelMetadata;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.channel.ServerChannel;
import io.netty.channel.ServerChannelRecvByteBufAllocator;
import java.net.SocketAddress;

/**
 * A listening TCP socket of the guest. For a bootstrap:
 * {@code new ServerBootstrap().group(loop).channelFactory(() -> new GuestServerSocketChannel(kernel.stack().inet()))}.
 */
public final class GuestServerSocketChannel extends AbstractGuestChannel implements ServerChannel {
    private static final ChannelMetadata METADATA = new ChannelMetadata(false, 16);

    private boolean listening;

    public GuestServerSocketChannel(SocketFamily inet) {
        super(null, GuestSockets.create(inet, SOCK_STREAM));
    }

    @Override
    GuestChannelConfig makeConfig() {
        sock.reuseAddress = true; // as Java's server sockets on Linux
        return new GuestChannelConfig(this, sock, new ServerChannelRecvByteBufAllocator());
    }

    @Override
    public ChannelMetadata metadata() {
        return METADATA;
    }

    @Override
    public boolean isActive() {
        return isOpen() && listening;
    }

    @Override
    protected void doBind(SocketAddress local) throws Exception {
        super.doBind(local);
        int result = sock.listen(config.backlog());
        if (result < 0) {
            throw GuestIoException.of("listen " + local, result);
        }
        listening = true;
    }

    @Override
    void readNow() {
        ChannelPipeline pipeline = pipeline();
        RecvByteBufAllocator.Handle handle = unsafe().recvBufAllocHandle();
        handle.reset(config);
        int accepted = 0;
        do {
            Sock child = sock.accept();
            if (child == null) {
                break;
            }
            accepted++;
            handle.incMessagesRead(1);
            pipeline.fireChannelRead(new GuestSocketChannel(this, child));
        } while (isOpen() && handle.continueReading());
        handle.readComplete();
        if (accepted > 0) {
            pipeline.fireChannelReadComplete();
        }
        if (isOpen() && (accepted == 0 || config.isAutoRead())) {
            doBeginReadQuietly();
        }
    }
}
