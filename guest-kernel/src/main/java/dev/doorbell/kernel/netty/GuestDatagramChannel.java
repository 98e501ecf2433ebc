package dev.doorbell.kernel.netty;

import static dev.doorbell.kernel.socket.SocketConstants.*;

import dev.doorbell.kernel.core.Errno;
import dev.doorbell.kernel.socket.Message;
import dev.doorbell.kernel.socket.SockAddr;
import dev.doorbell.kernel.socket.SockAddrIn;
import dev.doorbell.kernel.socket.SockAddrIn6;
import dev.doorbell.kernel.socket.SocketFamily;
import io.netty.buffer.ByteBuf;
import io.netty.channel.AddressedEnvelope;
import io.netty.channel.ChannelMetadata;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.channel.socket.DatagramPacket;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;

/** A UDP socket of the guest. Reads and writes {@link DatagramPacket}s; writes {@link ByteBuf}s when connected. */
public final class GuestDatagramChannel extends AbstractGuestChannel {
    private static final ChannelMetadata METADATA = new ChannelMetadata(true, 16);
    private static final int LARGEST = 65_507;

    private final Message message = new Message();
    private final SockAddr name;
    private boolean bound;

    public GuestDatagramChannel(SocketFamily inet) {
        super(null, GuestSockets.create(inet, SOCK_DGRAM));
        name = sock.domain() == AF_INET6 ? new SockAddrIn6() : new SockAddrIn();
    }

    @Override
    GuestChannelConfig makeConfig() {
        return new GuestChannelConfig(this, sock, new FixedRecvByteBufAllocator(LARGEST));
    }

    @Override
    public ChannelMetadata metadata() {
        return METADATA;
    }

    @Override
    public boolean isActive() {
        return isOpen() && (bound || sock.peerAddress() != null);
    }

    @Override
    protected void doBind(SocketAddress local) throws Exception {
        super.doBind(local);
        bound = true;
    }

    @Override
    protected void doDisconnect() throws Exception {
        int result = sock.connect(new Unspecified(), O_NONBLOCK);
        if (result < 0) {
            throw GuestIoException.of("disconnect", result);
        }
    }

    /** AF_UNSPEC: takes a datagram socket's peer away. */
    private static final class Unspecified extends dev.doorbell.kernel.socket.SockAddr {
        @Override
        public int family() {
            return AF_UNSPEC;
        }
    }

    @Override
    void readNow() {
        ChannelPipeline pipeline = pipeline();
        RecvByteBufAllocator.Handle handle = unsafe().recvBufAllocHandle();
        handle.reset(config);
        InetSocketAddress local = (InetSocketAddress) localAddress();
        boolean any = false;
        do {
            ByteBuf buffer = handle.allocate(config.getAllocator());
            int room = buffer.writableBytes();
            handle.attemptedBytesRead(room);
            ByteBuffer into = buffer.internalNioBuffer(buffer.writerIndex(), room);
            long n = sock.recvmsg(message.set(into, name), MSG_DONTWAIT);
            if (n < 0) {
                buffer.release();
                handle.lastBytesRead(-1);
                if (n != Errno.EAGAIN.negated()) {
                    pipeline.fireExceptionCaught(GuestIoException.of("recvfrom", n));
                }
                break;
            }
            handle.lastBytesRead((int) n);
            handle.incMessagesRead(1);
            any = true;
            pipeline.fireChannelRead(new DatagramPacket(
                    buffer.writerIndex(buffer.writerIndex() + (int) n), local, Addresses.toJava(name)));
        } while (isOpen() && handle.continueReading());
        handle.readComplete();
        if (any) {
            pipeline.fireChannelReadComplete();
        }
        if (isOpen() && (!any || config.isAutoRead())) {
            doBeginReadQuietly();
        }
    }

    @Override
    protected Object filterOutboundMessage(Object msg) {
        if (msg instanceof ByteBuf || (msg instanceof AddressedEnvelope<?, ?> e && e.content() instanceof ByteBuf)) {
            return msg;
        }
        throw new UnsupportedOperationException(
                "cannot send " + msg.getClass().getName() + ": only DatagramPacket and ByteBuf");
    }

    @Override
    protected void doWrite(ChannelOutboundBuffer in) {
        Object msg;
        while ((msg = in.current()) != null) {
            ByteBuf data;
            SockAddr to = null;
            if (msg instanceof AddressedEnvelope<?, ?> envelope) {
                data = (ByteBuf) envelope.content();
                to = envelope.recipient() == null ? null : Addresses.toKernel(envelope.recipient(), sock.domain());
            } else {
                data = (ByteBuf) msg;
            }
            int bytes = data.readableBytes();
            ByteBuffer nio = data.nioBufferCount() == 1
                    ? data.internalNioBuffer(data.readerIndex(), bytes)
                    : data.nioBuffer(data.readerIndex(), bytes);
            long n = sock.sendmsg(message.set(nio, to), MSG_DONTWAIT);
            if (n == Errno.EAGAIN.negated()) {
                blockWrite();
                return;
            }
            if (n < 0) {
                in.remove(GuestIoException.of("sendto", n));
            } else {
                in.remove();
            }
        }
    }
}
