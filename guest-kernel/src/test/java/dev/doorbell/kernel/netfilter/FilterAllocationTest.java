package dev.doorbell.kernel.netfilter;

import static dev.doorbell.kernel.netfilter.FilterFixture.*;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.doorbell.kernel.net.Packets;
import dev.doorbell.kernel.netdev.NetDevice;
import dev.doorbell.kernel.skb.SkBuff;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Test;

/** With rules, tracking and translation in force, a forwarded packet of a known connection costs no Java object. */
class FilterAllocationTest {
    private static final int ROUNDS = 5_000, ATTEMPTS = 20;
    private static final String RULES = """
            *raw
            -A PREROUTING -p tcp -m tcp --dport 9999 -j NOTRACK
            COMMIT
            *mangle
            -A PREROUTING -m mark --mark 0 -j MARK --set-mark 3
            -A FORWARD -j CONNMARK --save-mark
            COMMIT
            *nat
            -A POSTROUTING -o eth1 -j MASQUERADE
            COMMIT
            *filter
            :FORWARD DROP
            :deeper - [0:0]
            -A FORWARD -m conntrack --ctstate INVALID -j REJECT
            -A FORWARD -p tcp -m multiport --dports 22,80,443 -j ACCEPT
            -A FORWARD -m limit --limit 1/hour -j LOG
            -A FORWARD -i eth+ ! -s 10.9.0.0/16 -m addrtype --dst-type UNICAST -j deeper
            -A deeper -m iprange --src-range 10.0.0.1-10.0.0.9 -m length --length 20:1500 -m ttl --ttl-gt 1 -j RETURN
            -A FORWARD -m state --state NEW,ESTABLISHED -j ACCEPT
            COMMIT
            """;

    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private final byte[] frame = Packets.ip()
            .from(INSIDE)
            .to(OUTSIDE)
            .payload(Packets.udp(INSIDE, OUTSIDE, 5000, 53, new byte[40]))
            .frame();

    private void rounds(FilterFixture router, Runnable receive, int count) {
        for (int i = 0; i < count; i++) {
            router.f.kernel.context.cpu().runInSoftirq(receive);
        }
    }

    @Test
    void aForwardedAndTranslatedPacketAllocatesNothing() {
        try (FilterFixture router = new FilterFixture(RULES)) {
            router.f.discardTransmits = true;
            NetDevice dev = router.f.dev;
            Runnable receive = () -> {
                SkBuff skb = router.f.kernel.skbs.alloc(66, frame.length);
                router.f.kernel.ram.write(skb.put(frame.length), frame, 0, frame.length);
                skb.protocol = dev.ethTypeTrans(skb);
                skb.ipSummed = SkBuff.CHECKSUM_UNNECESSARY;
                dev.netifReceiveSkb(skb);
            };
            rounds(router, receive, ROUNDS * 4);
            long perPacket = -1;
            int measured = 0;
            // Until the JIT has removed what does not escape: how long that takes depends on what else the machine
            // does.
            for (; measured < ATTEMPTS && perPacket != 0; measured++) {
                long before = threads.getCurrentThreadAllocatedBytes();
                rounds(router, receive, ROUNDS);
                perPacket = (threads.getCurrentThreadAllocatedBytes() - before) / ROUNDS;
            }
            assertThat(perPacket).isZero();
            assertThat(router.hits("filter -A FORWARD -m state")).isEqualTo(ROUNDS * (4L + measured));
        }
    }
}
