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
        if (option == ChannelOption.ALLOW_HALF_CLOSURE) {
            return (T) Boolean.valueOf(halfClosure);
        }
        if (option == ChannelOption.SO_BACKLOG) {
            return (T) Integer.valueOf(backlog);
        }
        if (option == ChannelOption.SO_LINGER) {
            return (T) Integer.valueOf(sock.lingerSeconds);
        }
        int place = place(option);
        if (place < 0) {
            return super.getOption(option);
        }
        ByteBuffer value = ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.nativeOrder());
        int result = sock.getsockopt(place >>> 16, place & 0xFFFF, value);
        if (result < 0) {
            throw new ChannelException(GuestIoException.of("getsockopt " + option, result));
        }
        int number = value.getInt(0);
        return (T) (isFlag(option) ? (Object) (number != 0) : (Object) number);
    }

    @Override
    public <T> boolean setOption(ChannelOption<T> option, T value) {
        validate(option, value);
        if (option == ChannelOption.ALLOW_HALF_CLOSURE) {
            halfClosure = (Boolean) value;
            return true;
        }
        if (option == ChannelOption.SO_BACKLOG) {
            backlog = (Integer) value;
            return true;
        }
        if (option == ChannelOption.SO_LINGER) {
            sock.lingerSeconds = Math.max(-1, (Integer) value);
            return true;
        }
        int place = place(option);
        if (place < 0) {
            return super.setOption(option, value);
        }
        int number = value instanceof Boolean flag ? (flag ? 1 : 0) : (Integer) value;
        ByteBuffer bytes = ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.nativeOrder());
        bytes.putInt(0, number);
        int result = sock.setsockopt(place >>> 16, place & 0xFFFF, bytes);
        if (result < 0) {
            throw new ChannelException(GuestIoException.of("setsockopt " + option + " = " + value, result));
        }
        return true;
    }

    /** Level in the upper, name in the lower half; below 0: not a socket option. */
    private static int place(ChannelOption<?> option) {
        if (option == ChannelOption.SO_RCVBUF) {
            return SOL_SOCKET << 16 | SO_RCVBUF;
        }
        if (option == ChannelOption.SO_SNDBUF) {
            return SOL_SOCKET << 16 | SO_SNDBUF;
        }
        if (option == ChannelOption.SO_REUSEADDR) {
            return SOL_SOCKET << 16 | SO_REUSEADDR;
        }
        if (option == ChannelOption.SO_KEEPALIVE) {
            return SOL_SOCKET << 16 | SO_KEEPALIVE;
        }
        if (option == ChannelOption.SO_BROADCAST) {
            return SOL_SOCKET << 16 | SO_BROADCAST;
        }
        if (option == ChannelOption.IP_TOS) {
            return SOL_IP << 16 | IP_TOS;
        }
        if (option == ChannelOption.TCP_NODELAY) {
            return SOL_TCP << 16 | TcpOptions.TCP_NODELAY;
        }
        return -1;
    }

    private static boolean isFlag(ChannelOption<?> option) {
        return option == ChannelOption.SO_REUSEADDR
                || option == ChannelOption.SO_KEEPALIVE
                || option == ChannelOption.SO_BROADCAST
                || option == ChannelOption.TCP_NODELAY;
    }
}
