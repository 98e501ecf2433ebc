package dev.doorbell.kernel.netty;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.doorbell.bus.mem.GuestMemory;
import dev.doorbell.bus.time.VirtualTime;
import dev.doorbell.kernel.GuestKernel;
import dev.doorbell.kernel.socket.SocketFamily;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DatagramPacket;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpVersion;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Stock Netty pipelines on the guest's sockets, over its loopback device, in virtual time. */
class GuestNettyTest {
    private static final long SECOND = 1_000_000_000L;

    private final VirtualTime world = new VirtualTime(3);
    private final GuestMemory ram = GuestMemory.allocate(64 << 20);
    private GuestKernel kernel;
    private SocketFamily inet;
    private GuestEventLoop loop;

    @BeforeEach
    void boot() throws Exception {
        kernel = GuestKernel.builder("guest", world, ram).seed(3).boot();
        inet = kernel.stack().inet();
        kernel.tcp();
        loop = new GuestEventLoop(world);
    }

    @AfterEach
    void nothingIsLeft() {
        loop.shutdownGracefully();
        world.runFor(130 * SECOND);
        assertThat(kernel.shutdown()).isEmpty();
        ram.close();
    }

    private ServerBootstrap server(io.netty.channel.ChannelHandler... handlers) {
        return new ServerBootstrap()
                .group(loop)
                .channelFactory(() -> new GuestServerSocketChannel(inet))
                .childHandler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel ch) {
                        ch.pipeline().addLast(handlers);
                    }
                });
    }

    private Bootstrap client(io.netty.channel.ChannelHandler... handlers) {
        return new Bootstrap()
                .group(loop)
                .channelFactory(() -> new GuestSocketChannel(inet))
                .handler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel ch) {
                        ch.pipeline().addLast(handlers);
                    }
                });
    }

    private static InetSocketAddress here(int port) {
        return new InetSocketAddress("127.0.0.1", port);
    }

    @Test
    void stockHttpServerAnswers() throws Exception {
        Channel listening = server(
                        new HttpServerCodec(),
                        new HttpObjectAggregator(65_536),
                        new SimpleChannelInboundHandler<FullHttpRequest>() {
                            @Override
                            protected void channelRead0(ChannelHandlerContext ctx, FullHttpRequest request) {
                                FullHttpResponse response = new DefaultFullHttpResponse(
                                        HttpVersion.HTTP_1_1,
                                        HttpResponseStatus.OK,
                                        Unpooled.copiedBuffer("you asked for " + request.uri(), UTF_8));
                                response.headers()
                                        .set(
                                                HttpHeaderNames.CONTENT_LENGTH,
                                                response.content().readableBytes());
                                ctx.writeAndFlush(response);
                            }
                        })
                .bind(80)
                .sync()
                .channel();
        List<String> answers = new ArrayList<>();
        ChannelFuture connected = client(
                        new HttpClientCodec(),
                        new HttpObjectAggregator(65_536),
                        new SimpleChannelInboundHandler<FullHttpResponse>() {
                            @Override
                            protected void channelRead0(ChannelHandlerContext ctx, FullHttpResponse response) {
                                answers.add(response.status() + ": "
                                        + response.content().toString(UTF_8));
                            }
                        })
                .connect(here(80));
        assertThat(loop.await(connected, SECOND)).isTrue();
        assertThat(connected.isSuccess()).isTrue();
        connected.channel().writeAndFlush(new DefaultFullHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.GET, "/door"));
        world.runUntil(() -> !answers.isEmpty(), SECOND);
        assertThat(answers).containsExactly("200 OK: you asked for /door");

        connected.channel().close();
        world.runFor(SECOND);
        listening.close();
        assertThat(listening.isOpen()).isFalse();
    }

    @Test
    void tenMegabytesPassWithWaterMarksRespected() throws Exception {
        int total = 10 << 20;
        long[] received = {0, 0};
        boolean[] ended = {false};
        Channel listening = server(new ChannelInboundHandlerAdapter() {
                    @Override
                    public void channelRead(ChannelHandlerContext ctx, Object msg) {
                        ByteBuf data = (ByteBuf) msg;
                        while (data.isReadable()) {
                            if (data.readByte() != (byte) (received[0] * 13 + (received[0] >> 10))) {
                                received[1]++;
                            }
                            received[0]++;
                        }
                        data.release();
                    }

                    @Override
                    public void channelInactive(ChannelHandlerContext ctx) {
                        ended[0] = true;
                    }
                })
                .bind(9)
                .sync()
                .channel();
        int[] sent = {0};
        int[] paused = {0};
        ChannelFuture connected = client(new ChannelInboundHandlerAdapter() {
                    @Override
                    public void channelActive(ChannelHandlerContext ctx) {
                        pump(ctx);
                    }

                    @Override
                    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
                        if (ctx.channel().isWritable()) {
                            pump(ctx);
                        } else {
                            paused[0]++;
                        }
                    }

                    private void pump(ChannelHandlerContext ctx) {
                        while (ctx.channel().isWritable() && sent[0] < total) {
                            ByteBuf chunk = ctx.alloc().buffer(8192, 8192);
                            for (int i = 0; i < 8192; i++, sent[0]++) {
                                chunk.writeByte(sent[0] * 13 + (sent[0] >> 10));
                            }
                            ctx.writeAndFlush(chunk);
                        }
                        if (sent[0] == total) {
                            sent[0]++;
                            ctx.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(f -> ctx.close());
                        }
                    }
                })
                .connect(here(9));
        world.runUntil(() -> ended[0], 60 * SECOND);
        assertThat(connected.isSuccess()).isTrue();
        assertThat(received[0]).isEqualTo(total);
        assertThat(received[1]).as("wrong bytes").isZero();
        assertThat(paused[0]).as("times above the high water mark").isPositive();
        listening.close();
    }

    @Test
    void halfClosureIsAnEventAndTheOtherDirectionGoesOn() throws Exception {
        StringBuilder atClient = new StringBuilder();
        Channel listening = server(new ChannelInboundHandlerAdapter() {
                    @Override
                    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
                        if (event == ChannelInputShutdownEvent.INSTANCE) {
                            ctx.writeAndFlush(Unpooled.copiedBuffer("after your end", UTF_8))
                                    .addListener(f -> ctx.close());
                        }
                    }
                })
                .childOption(ChannelOption.ALLOW_HALF_CLOSURE, true)
                .bind(7)
                .sync()
                .channel();
        ChannelFuture connected = client(new SimpleChannelInboundHandler<ByteBuf>() {
                    @Override
                    protected void channelRead0(ChannelHandlerContext ctx, ByteBuf data) {
                        atClient.append(data.toString(UTF_8));
                    }
                })
                .connect(here(7));
        loop.await(connected, SECOND);
        ((DuplexChannel) connected.channel()).shutdownOutput();
        world.runUntil(() -> !connected.channel().isOpen(), SECOND);
        assertThat(atClient.toString()).isEqualTo("after your end");
        listening.close();
    }

    @Test
    void datagramsAreEchoed() throws Exception {
        Channel echo = new Bootstrap()
                .group(loop)
                .channelFactory(() -> new GuestDatagramChannel(inet))
                .handler(new SimpleChannelInboundHandler<DatagramPacket>() {
                    @Override
                    protected void channelRead0(ChannelHandlerContext ctx, DatagramPacket packet) {
                        ctx.writeAndFlush(new DatagramPacket(packet.content().retain(), packet.sender()));
                    }
                })
                .bind(here(7))
                .sync()
                .channel();
        List<String> answers = new ArrayList<>();
        Channel asker = new Bootstrap()
                .group(loop)
                .channelFactory(() -> new GuestDatagramChannel(inet))
                .handler(new SimpleChannelInboundHandler<DatagramPacket>() {
                    @Override
                    protected void channelRead0(ChannelHandlerContext ctx, DatagramPacket packet) {
                        answers.add(packet.content().toString(UTF_8) + " from "
                                + packet.sender().getPort());
                    }
                })
                .bind(here(0))
                .sync()
                .channel();
        for (int i = 0; i < 3; i++) {
            asker.writeAndFlush(new DatagramPacket(Unpooled.copiedBuffer("ping " + i, UTF_8), here(7)));
        }
        world.runUntil(() -> answers.size() == 3, SECOND);
        assertThat(answers).containsExactly("ping 0 from 7", "ping 1 from 7", "ping 2 from 7");
        echo.close();
        asker.close();
    }

    @Test
    void refusedConnectionFailsThePromiseAsJavaDoes() {
        ChannelFuture refused = client(new ChannelInboundHandlerAdapter()).connect(here(81));
        assertThat(loop.await(refused, SECOND)).isTrue();
        assertThat(refused.cause()).isInstanceOf(ConnectException.class);
        assertThat(refused.channel().isOpen()).isFalse();
    }

    @Test
    void timersRunInTheWorldsTime() {
        List<Long> ran = new ArrayList<>();
        loop.schedule(() -> ran.add(world.nowNs()), 90, TimeUnit.SECONDS);
        loop.scheduleAtFixedRate(() -> ran.add(world.nowNs()), 40, 40, TimeUnit.SECONDS);
        world.runFor(100 * SECOND);
        assertThat(ran).containsExactly(40 * SECOND, 80 * SECOND, 90 * SECOND);
    }
}
