package dev.doorbell.kernel.netty;

import static dev.doorbell.kernel.socket.SocketConstants.*;

import dev.doorbell.kernel.socket.Sock;
import dev.doorbell.kernel.tcp.TcpOptions;
import io.netty.channel.Channel;
import io.netty.channel.ChannelException;
import io.netty.channel.ChannelOption;
import io.netty.channel.DefaultChannelConfig;
import io.netty.channel.RecvByteBufAllocator;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Channel options of all guest channels; those that a socket has are socket options of it, by the same names. */
public final class GuestChannelConfig extends DefaultChannelConfig {
    private static final Map<ChannelOption<?>, SocketOption> SOCKET_OPTIONS = Map.of(
            ChannelOption.SO_RCVBUF, new SocketOption(SOL_SOCKET, SO_RCVBUF, false),
            ChannelOption.SO_SNDBUF, new SocketOption(SOL_SOCKET, SO_SNDBUF, false),
            ChannelOption.SO_REUSEADDR, new SocketOption(SOL_SOCKET, SO_REUSEADDR, true),
            ChannelOption.SO_KEEPALIVE, new SocketOption(SOL_SOCKET, SO_KEEPALIVE, true),
            ChannelOption.SO_BROADCAST, new SocketOption(SOL_SOCKET, SO_BROADCAST, true),
            ChannelOption.IP_TOS, new SocketOption(SOL_IP, IP_TOS, false),
            ChannelOption.TCP_NODELAY, new SocketOption(SOL_TCP, TcpOptions.TCP_NODELAY, true));

    /** @param flag whether its value is a boolean; else an int */
    private record SocketOption(int level, int name, boolean flag) {}

    private final Sock sock;
    private boolean halfClosure;
    private int backlog = SOMAXCONN;

    GuestChannelConfig(Channel channel, Sock sock) {
        super(channel);
        this.sock = sock;
    }

    GuestChannelConfig(Channel channel, Sock sock, RecvByteBufAllocator allocator) {
        super(channel, allocator);
        this.sock = sock;
    }

    /** ALLOW_HALF_CLOSURE: the peer's end of stream is an event, not the end of the channel. */
    public boolean isAllowHalfClosure() {
        return halfClosure;
    }

    /** SO_BACKLOG. */
    public int backlog() {
        return backlog;
    }

    @Override
    public Map<ChannelOption<?>, Object> getOptions() {
        return getOptions(
                super.getOptions(),
                ChannelOption.SO_RCVBUF,
                ChannelOption.SO_SNDBUF,
                ChannelOption.SO_REUSEADDR,
                ChannelOption.SO_KEEPALIVE,
                ChannelOption.SO_LINGER,
                ChannelOption.IP_TOS,
                ChannelOption.ALLOW_HALF_CLOSURE);
    }

    @Override
    @SuppressWarnings("unchecked")
    public <T> @Nullable T getOption(ChannelOption<T> option) {
        if (option.equals(ChannelOption.ALLOW_HALF_CLOSURE)) {
            return (T) Boolean.valueOf(halfClosure);
        }
        if (option.equals(ChannelOption.SO_BACKLOG)) {
            return (T) Integer.valueOf(backlog);
        }
        if (option.equals(ChannelOption.SO_LINGER)) {
            return (T) Integer.valueOf(sock.lingerSeconds);
        }
        SocketOption place = SOCKET_OPTIONS.get(option);
        if (place == null) {
            return super.getOption(option);
        }
        ByteBuffer value = ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.nativeOrder());
        int result = sock.getsockopt(place.level(), place.name(), value);
        if (result < 0) {
            throw new ChannelException(GuestIoException.of("getsockopt " + option, result));
        }
        int number = value.getInt(0);
        return (T) (place.flag() ? (Object) (number != 0) : (Object) number);
    }

    @Override
    public <T> boolean setOption(ChannelOption<T> option, T value) {
        validate(option, value);
        if (option.equals(ChannelOption.ALLOW_HALF_CLOSURE)) {
            halfClosure = (Boolean) value;
            return true;
        }
        if (option.equals(ChannelOption.SO_BACKLOG)) {
            backlog = (Integer) value;
            return true;
        }
        if (option.equals(ChannelOption.SO_LINGER)) {
            sock.lingerSeconds = Math.max(-1, (Integer) value);
            return true;
        }
        SocketOption place = SOCKET_OPTIONS.get(option);
        if (place == null) {
            return super.setOption(option, value);
        }
        int number = value instanceof Boolean flag ? (flag ? 1 : 0) : (Integer) value;
        ByteBuffer bytes = ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.nativeOrder());
        bytes.putInt(0, number);
        int result = sock.setsockopt(place.level(), place.name(), bytes);
        if (result < 0) {
            throw new ChannelException(GuestIoException.of("setsockopt " + option + " = " + value, result));
        }
        return true;
    }
}
