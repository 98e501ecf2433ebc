package dev.doorbell.kernel.netty;

import static dev.doorbell.kernel.socket.SocketConstants.*;

import dev.doorbell.kernel.core.Errno;
import dev.doorbell.kernel.socket.Message;
import dev.doorbell.kernel.socket.Sock;
import dev.doorbell.kernel.socket.SocketFamily;
import dev.doorbell.kernel.tcp.TcpSock;
import dev.doorbell.kernel.tcp.TcpState;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelMetadata;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.ChannelPromise;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.ChannelInputShutdownReadComplete;
import io.netty.channel.socket.ChannelOutputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** A TCP connection of the guest. */
public final class GuestSocketChannel extends AbstractGuestChannel implements DuplexChannel {
    private static final ChannelMetadata METADATA = new ChannelMetadata(false, 16);
    private static final int MAX_GATHER = 1024;
    private static final long MAX_GATHER_BYTES = 1 << 20;

    private final Message message = new Message();
    private boolean inputShutdown, outputShutdown, endSeen;

    /** A client's, not yet connected. */
    public GuestSocketChannel(SocketFamily inet) {
        super(null, GuestSockets.create(inet, SOCK_STREAM));
    }

    GuestSocketChannel(GuestServerSocketChannel parent, Sock accepted) {
        super(parent, accepted);
    }

    @Override
    GuestChannelConfig makeConfig() {
        GuestChannelConfig made = new GuestChannelConfig(this, sock);
        made.setOption(io.netty.channel.ChannelOption.TCP_NODELAY, true); // as Netty's own transports
        return made;
    }

    @Override
    public @Nullable GuestServerSocketChannel parent() {
        return (GuestServerSocketChannel) super.parent();
    }

    @Override
    public ChannelMetadata metadata() {
        return METADATA;
    }

    @Override
    public boolean isActive() {
        if (!isOpen()) {
            return false;
        }
        TcpState state = ((TcpSock) sock).state();
        return state != TcpState.SYN_SENT && (state != TcpState.CLOSE || sock.peerAddress() != null);
    }

    // ---- reading

    @Override
    void readNow() {
        ChannelPipeline pipeline = pipeline();
        RecvByteBufAllocator.Handle handle = unsafe().recvBufAllocHandle();
        handle.reset(config);
        ByteBuf buffer = null;
        IOException failure = null;
        boolean end = false;
        boolean any = false;
        try {
            do {
                buffer = handle.allocate(config.getAllocator());
                int room = buffer.writableBytes();
                handle.attemptedBytesRead(room);
                ByteBuffer into = buffer.internalNioBuffer(buffer.writerIndex(), room);
                long n = sock.recvmsg(message.set(into), MSG_DONTWAIT);
                if (n <= 0) {
                    handle.lastBytesRead(n == 0 ? -1 : 0);
                    buffer.release();
                    buffer = null;
                    end = n == 0;
                    if (n < 0 && n != Errno.EAGAIN.negated()) {
                        failure = GuestIoException.of("recv", n);
                    }
                    break;
                }
                handle.lastBytesRead((int) n);
                buffer.writerIndex(buffer.writerIndex() + (int) n);
                handle.incMessagesRead(1);
                any = true;
                ByteBuf full = buffer;
                buffer = null;
                pipeline.fireChannelRead(full);
            } while (isOpen() && handle.continueReading());
        } finally {
            if (buffer != null) {
                buffer.release();
            }
        }
        handle.readComplete();
        if (any) {
            pipeline.fireChannelReadComplete();
        }
        if (failure != null) {
            pipeline.fireExceptionCaught(failure);
            unsafe().close(voidPromise());
        } else if (end) {
            endOfStream(pipeline);
        } else if (isOpen() && (!any || config.isAutoRead())) {
            doBeginReadQuietly();
        }
    }

    private void endOfStream(ChannelPipeline pipeline) {
        if (!isOpen() || endSeen) {
            return;
        }
        endSeen = true;
        if (config.isAllowHalfClosure()) {
            inputShutdown = true;
            pipeline.fireUserEventTriggered(ChannelInputShutdownEvent.INSTANCE);
            pipeline.fireUserEventTriggered(ChannelInputShutdownReadComplete.INSTANCE);
        } else {
            unsafe().close(voidPromise());
        }
    }

    // ---- writing

    @Override
    protected Object filterOutboundMessage(Object msg) {
        if (msg instanceof ByteBuf) {
            return msg;
        }
        throw new UnsupportedOperationException("cannot send " + msg.getClass().getName() + ": only ByteBuf");
    }

    @Override
    protected void doWrite(ChannelOutboundBuffer in) throws Exception {
        while (!in.isEmpty()) {
            ByteBuffer[] pieces = in.nioBuffers(MAX_GATHER, MAX_GATHER_BYTES);
            int count = in.nioBufferCount();
            if (count == 0) { // only empty buffers
                in.removeBytes(0);
                if (in.current() instanceof ByteBuf empty && !empty.isReadable()) {
                    in.remove();
                }
                continue;
            }
            long written = 0;
            boolean full = false;
            for (int i = 0; i < count && !full; i++) {
                int wanted = pieces[i].remaining();
                if (wanted == 0) {
                    continue;
                }
                boolean more = i + 1 < count;
                long n = sock.sendmsg(message.set(pieces[i]), MSG_DONTWAIT | MSG_NOSIGNAL | (more ? MSG_MORE : 0));
                if (n < 0) {
                    if (n != Errno.EAGAIN.negated()) {
                        in.removeBytes(written);
                        throw GuestIoException.of("send", n);
                    }
                    n = 0;
                }
                written += n;
                full = n < wanted;
            }
            in.removeBytes(written);
            if (full) {
                blockWrite();
                return;
            }
        }
    }

    // ---- half close

    @Override
    public boolean isInputShutdown() {
        return inputShutdown || !isOpen();
    }

    @Override
    public boolean isOutputShutdown() {
        return outputShutdown || !isOpen();
    }

    @Override
    public boolean isShutdown() {
        return isInputShutdown() && isOutputShutdown();
    }

    @Override
    protected void doShutdownOutput() throws Exception {
        shutdownSocket(SHUT_WR);
        outputShutdown = true;
    }

    private void shutdownSocket(int how) throws IOException {
        int result = sock.shutdown(how);
        if (result < 0 && result != Errno.ENOTCONN.negated()) {
            throw GuestIoException.of("shutdown", result);
        }
    }

    @Override
    public ChannelFuture shutdownInput() {
        return shutdownInput(newPromise());
    }

    @Override
    public ChannelFuture shutdownInput(ChannelPromise promise) {
        return onLoop(promise, () -> {
            try {
                shutdownSocket(SHUT_RD);
                inputShutdown = true;
                promise.setSuccess();
            } catch (IOException e) {
                promise.setFailure(e);
            }
        });
    }

    @Override
    public ChannelFuture shutdownOutput() {
        return shutdownOutput(newPromise());
    }

    @Override
    public ChannelFuture shutdownOutput(ChannelPromise promise) {
        return onLoop(promise, () -> ((AbstractUnsafe) unsafe()).shutdownOutput(promise));
    }

    @Override
    public ChannelFuture shutdown() {
        return shutdown(newPromise());
    }

    @Override
    public ChannelFuture shutdown(ChannelPromise promise) {
        return onLoop(promise, () -> {
            try {
                shutdownSocket(SHUT_RDWR);
                inputShutdown = true;
                outputShutdown = true;
                pipeline().fireUserEventTriggered(ChannelOutputShutdownEvent.INSTANCE);
                promise.setSuccess();
            } catch (IOException e) {
                promise.setFailure(e);
            }
        });
    }

    private ChannelFuture onLoop(ChannelPromise promise, Runnable action) {
        if (eventLoop().inEventLoop()) {
            action.run();
        } else {
            eventLoop().execute(action);
        }
        return promise;
    }
}
