package dev.doorbell.kernel.dhcp;

import static dev.doorbell.kernel.net.StackFixture.*;
import static org.assertj.core.api.Assertions.assertThat;

import dev.doorbell.bus.wire.Ipv4Address;
import dev.doorbell.kernel.core.ErrnoException;
import dev.doorbell.kernel.net.Packets;
import dev.doorbell.kernel.net.StackFixture;
import dev.doorbell.kernel.netdev.NetDevice;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;

/** A client on a card of its own, and a server made of bytes. */
abstract class DhcpServerBed {
    protected static final int SERVER = Ipv4Address.of(192, 168, 9, 1), OFFERED = Ipv4Address.of(192, 168, 9, 77);
    protected static final long MAC = 0x02_00_00_00_00_09L;
    protected static final int DISCOVER = 1, OFFER = 2, REQUEST = 3, DECLINE = 4, ACK = 5, NAK = 6, RELEASE = 7;

    protected final StackFixture f = new StackFixture();
    protected final List<byte[]> sent = new ArrayList<>();
    protected final NetDevice dev = device();
    protected final DhcpClient client = new DhcpClient(f.stack, dev, "guest");

    private NetDevice device() {
        try {
            return f.addDevice("eth1", MAC, sent);
        } catch (ErrnoException e) {
            throw new AssertionError(e);
        }
    }

    @AfterEach
    void nothingLeaks() {
        client.stop();
        f.close();
    }

    /** The DHCP messages sent since the last call, whole frames. */
    protected List<byte[]> take() {
        f.kernel.settle();
        List<byte[]> frames = new ArrayList<>();
        for (byte[] frame : sent) {
            if (Packets.u16(frame, 12) == 0x0800 && Packets.u16(frame, 36) == 67) {
                assertThat(Packets.ipChecksumRight(frame)).isTrue();
                assertThat(Packets.transportChecksumRight(frame)).isTrue();
                frames.add(frame);
            }
        }
        sent.clear();
        return frames;
    }

    protected static int type(byte[] frame) {
        return frame[42 + 242];
    }

    protected static int option(byte[] frame, int code) {
        for (int at = 42 + 240; (frame[at] & 0xFF) != 255; at += 2 + frame[at + 1]) {
            if ((frame[at] & 0xFF) == code) {
                return Packets.i32(frame, at + 2);
            }
        }
        return 0;
    }

    protected int xid;

    protected int takeOne() {
        List<byte[]> frames = take();
        assertThat(frames).hasSize(1);
        xid = Packets.i32(frames.get(0), 46);
        return type(frames.get(0));
    }

    protected static byte[] options(int type, int lease, int... more) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(new byte[] {53, 1, (byte) type});
        out.writeBytes(ByteBuffer.allocate(18)
                .put(new byte[] {54, 4})
                .putInt(SERVER)
                .put(new byte[] {51, 4})
                .putInt(lease)
                .put(new byte[] {1, 4})
                .putInt(0xFFFF_FF00)
                .array());
        for (int b : more) {
            out.write(b);
        }
        out.write(255);
        return out.toByteArray();
    }

    protected byte[] message(int address, byte[] options) {
        ByteBuffer b = ByteBuffer.allocate(240 + options.length);
        b.put((byte) 2).put((byte) 1).put((byte) 6).put((byte) 0).putInt(xid);
        b.putInt(16, address).putShort(28, (short) (MAC >>> 32)).putInt(30, (int) MAC);
        b.putInt(236, 0x6382_5363);
        b.position(240);
        return b.put(options).array();
    }

    protected void serve(byte[] message) {
        Packets.Ip ip = Packets.ip().from(SERVER).to(-1).toMac(0xFFFF_FFFF_FFFFL);
        f.inject(dev, ip.payload(Packets.udp(SERVER, -1, 67, 68, message)).frame());
    }

    protected void answer(int type, int address) {
        serve(message(address, options(type, 3600)));
    }

    protected void toRequesting() {
        client.start();
        assertThat(takeOne()).isEqualTo(DISCOVER);
        answer(OFFER, OFFERED);
        assertThat(client.state()).isEqualTo(DhcpState.REQUESTING);
        assertThat(takeOne()).isEqualTo(REQUEST);
    }

    protected void toBound() {
        toRequesting();
        answer(ACK, OFFERED);
        assertThat(client.state()).isEqualTo(DhcpState.CHECKING);
        f.run(9 * SECOND);
        assertThat(client.state()).isEqualTo(DhcpState.BOUND);
        f.stack.arp().neighbours().addPermanent(dev, SERVER, PEER_MAC);
        sent.clear();
    }

    protected boolean hasAddress() {
        return f.stack.ipv4().addresses().isLocal(OFFERED);
    }
}
