package dev.doorbell.kernel.tcp;

import dev.doorbell.bus.time.VirtualTime;
import dev.doorbell.bus.time.World;
import dev.doorbell.kernel.socket.Message;
import dev.doorbell.kernel.socket.SockAddrIn;
import java.nio.ByteBuffer;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;

/** Two stacks joined by a wire that loses, duplicates, delays and reorders by a seed. */
final class TwoStacks implements AutoCloseable {
    static final int CLIENT = 0x0A00_0001, SERVER = 0x0A00_0002;

    final VirtualTime world;
    final TcpHost client, server;
    long delayNs = 5_000_000;
    double loss, duplicate, reorder;
    /** How late a packet is that others overtake; 0: anything up to a round trip. */
    long lateNs;

    int segments;
    /** How often the client's machine finds the time to look at what has arrived; 0: always. */
    long clientLooksEveryNs;

    /** Of the bottleneck in each direction, bits per second; 0: none. Its queue holds {@link #queueNs} worth. */
    long bitsPerSecond;

    long queueNs = 100_000_000;
    private final long[] busyUntilNs = new long[2];
    private final SplittableRandom random;

    TwoStacks(long seed) {
        this(seed, UnaryOperator.identity());
    }

    /** @param between what the client's stack sees of the world */
    TwoStacks(long seed, UnaryOperator<World> between) {
        world = new VirtualTime(seed);
        random = new SplittableRandom(seed);
        client = new TcpHost(between.apply(world), CLIENT, seed * 2 + 1);
        server = new TcpHost(world, SERVER, seed * 2 + 2);
        client.wire = bytes -> carry(bytes, server, CLIENT);
        server.wire = bytes -> carry(bytes, client, SERVER);
    }

    private void carry(byte[] bytes, TcpHost to, int from) {
        segments++;
        if (random.nextDouble() < loss) {
            return;
        }
        long waitNs = bottleneck(bytes.length, to == server ? 0 : 1);
        if (waitNs < 0) {
            return;
        }
        long delay = waitNs + delayNs + (random.nextDouble() < reorder ? late() : 0);
        if (to == client && clientLooksEveryNs != 0) {
            delay += clientLooksEveryNs - (world.nowNs() + delay) % clientLooksEveryNs;
        }
        world.after(delay, "wire", () -> to.receive(from, bytes, 1448));
        if (random.nextDouble() < duplicate) {
            world.after(delay + 1000, "wire again", () -> to.receive(from, bytes, 1448));
        }
    }

    private long late() {
        return lateNs != 0 ? lateNs : random.nextLong(delayNs * 2);
    }

    /** How long a packet waits for those before it and takes itself; -1: the queue is full. */
    private long bottleneck(int bytes, int direction) {
        if (bitsPerSecond == 0) {
            return 0;
        }
        long now = world.nowNs();
        long start = Math.max(now, busyUntilNs[direction]);
        if (start - now > queueNs) {
            return -1;
        }
        busyUntilNs[direction] = start + bytes * 8_000_000_000L / bitsPerSecond;
        return busyUntilNs[direction] - now;
    }

    TcpSock listen(int port) {
        TcpSock listener = server.socket();
        listener.reuseAddress = true;
        listener.bind(new SockAddrIn(0, port));
        listener.listen(16);
        return listener;
    }

    TcpSock connect(int port) {
        TcpSock socket = client.socket();
        socket.connect(new SockAddrIn(SERVER, port), 0);
        return socket;
    }

    /** The next connection at a listener, waited for. */
    TcpSock accept(TcpSock listener) {
        world.runUntil(() -> (listener.poll() & 1) != 0, 200_000_000_000L);
        return (TcpSock) listener.accept();
    }

    /** One end of a transfer: writes a pattern as fast as it is taken, then FIN. */
    final class Sender {
        final TcpSock socket;
        final long total;
        final int salt;
        long sent;
        boolean done;
        private final ByteBuffer chunk = ByteBuffer.allocateDirect(100_000);
        private final Message message = new Message();

        Sender(TcpSock socket, long total, int salt) {
            this.socket = socket;
            this.total = total;
            this.salt = salt;
            socket.setListener(this::run);
        }

        void run() {
            while (!done) {
                if (sent == total) {
                    done = true;
                    socket.shutdown(1);
                    return;
                }
                chunk.clear().limit((int) Math.min(chunk.capacity(), total - sent));
                for (int i = 0; i < chunk.limit(); i++) {
                    chunk.put(i, pattern(sent + i, salt));
                }
                long n = socket.sendmsg(message.set(chunk), 0);
                if (n <= 0) {
                    return;
                }
                sent += n;
            }
        }
    }

    /** The other end: reads and compares until the end of the stream. */
    final class Receiver {
        final TcpSock socket;
        final int salt;
        long received;
        long wrongAt = -1;
        boolean end;
        long error;
        private final ByteBuffer chunk = ByteBuffer.allocateDirect(65_536);
        private final Message message = new Message();

        Receiver(TcpSock socket, int salt) {
            this.socket = socket;
            this.salt = salt;
        }

        void run() {
            while (!end) {
                chunk.clear();
                long n = socket.recvmsg(message.set(chunk), 0);
                if (n == 0) {
                    end = true;
                    return;
                }
                if (n < 0) {
                    if (n != -11) {
                        error = n;
                        end = true;
                    }
                    return;
                }
                for (int i = 0; i < n; i++) {
                    if (chunk.get(i) != pattern(received + i, salt) && wrongAt < 0) {
                        wrongAt = received + i;
                    }
                }
                received += n;
            }
        }
    }

    static byte pattern(long at, int salt) {
        return (byte) (at * 31 + (at >>> 8) * 7 + (at >>> 16) + salt);
    }

    @Override
    public void close() {
        client.close();
        server.close();
    }
}
