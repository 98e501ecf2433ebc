package dev.doorbell.kernel.ndp;

import dev.doorbell.kernel.ipv6.InterfaceAddress6;
import dev.doorbell.kernel.ipv6.Ipv6;
import dev.doorbell.kernel.netdev.NetDevice;
import dev.doorbell.kernel.time.KernelTimer;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Duplicate address detection, RFC 4862 §5.4, with the nonce of RFC 7527.
 *
 * <pre>
 * state       event                                        next        action
 * (none)      address added, link up                       WAITING     random delay up to 1 s
 * WAITING     timer                                        PROBING     solicitation from ::
 * PROBING     timer, fewer than dad_transmits              PROBING     solicitation from ::
 * PROBING     timer                                        PREFERRED
 * WAITING, PROBING  advertisement for the address          DUPLICATE
 * WAITING, PROBING  other host's solicitation from ::      DUPLICATE
 * WAITING, PROBING  our own solicitation (same nonce)      unchanged
 * WAITING, PROBING  link down, address removed             (none)
 * </pre>
 */
final class DuplicateDetection {
    private static final long MAX_DELAY_NS = 1_000_000_000L;

    /** One address under examination. */
    private static final class Attempt {
        final InterfaceAddress6 address;
        final long nonce;
        int probes;
        final KernelTimer timer;

        Attempt(DuplicateDetection owner, InterfaceAddress6 address, long nonce) {
            this.address = address;
            this.nonce = nonce;
            this.timer = new KernelTimer(owner.ipv6.net().kernel(), "dad", () -> owner.step(this));
        }
    }

    private final Ipv6 ipv6;
    private final NdpSender sender;
    private final SplittableRandom random;
    private final Consumer<InterfaceAddress6> preferred, duplicate;
    private final List<Attempt> attempts = new ArrayList<>();

    /** @param preferred and {@code duplicate}: told of the outcome, after the address's state is set */
    DuplicateDetection(
            Ipv6 ipv6, NdpSender sender, Consumer<InterfaceAddress6> preferred, Consumer<InterfaceAddress6> duplicate) {
        this.ipv6 = ipv6;
        this.sender = sender;
        this.random = ipv6.random("dad");
        this.preferred = preferred;
        this.duplicate = duplicate;
    }

    void start(InterfaceAddress6 address) {
        forget(address);
        Attempt attempt = new Attempt(this, address, random.nextLong(1, 1L << 48));
        attempts.add(attempt);
        attempt.timer.modTimerAfter(1 + random.nextLong(MAX_DELAY_NS));
    }

    void forget(InterfaceAddress6 address) {
        end(find(address.dev(), address.high(), address.low()));
    }

    void forgetAll(NetDevice dev) {
        for (Attempt attempt : List.copyOf(attempts)) {
            if (attempt.address.dev() == dev) {
                end(attempt);
            }
        }
    }

    private void end(@Nullable Attempt attempt) {
        if (attempt != null) {
            attempt.timer.delTimer();
            attempts.remove(attempt);
        }
    }

    private @Nullable Attempt find(NetDevice dev, long high, long low) {
        for (Attempt attempt : attempts) {
            InterfaceAddress6 address = attempt.address;
            if (address.low() == low && address.high() == high && address.dev() == dev) {
                return attempt;
            }
        }
        return null;
    }

    private void step(Attempt attempt) {
        InterfaceAddress6 address = attempt.address;
        NetDevice dev = address.dev();
        if (attempt.probes < ipv6.of(dev).dadTransmits) {
            attempt.probes++;
            sender.neighbourSolicitation(dev, 0, 0, address.high(), address.low(), false, attempt.nonce);
            attempt.timer.modTimerAfter(ipv6.neighbours().parametersOf(dev).retransmitNs);
            return;
        }
        end(attempt);
        ipv6.settle(address, InterfaceAddress6.State.PREFERRED);
        preferred.accept(address);
    }

    /** Another host solicits from :: for an address: it examines it too. Our own message, reflected, says nothing. */
    void solicited(NetDevice dev, long high, long low, long nonce) {
        Attempt attempt = find(dev, high, low);
        if (attempt != null && (nonce == 0 || nonce != attempt.nonce)) {
            fail(attempt);
        }
    }

    /** Somebody has it. */
    void advertised(NetDevice dev, long high, long low) {
        Attempt attempt = find(dev, high, low);
        if (attempt != null) {
            fail(attempt);
        }
    }

    private void fail(Attempt attempt) {
        end(attempt);
        ipv6.settle(attempt.address, InterfaceAddress6.State.DUPLICATE);
        duplicate.accept(attempt.address);
    }
}
