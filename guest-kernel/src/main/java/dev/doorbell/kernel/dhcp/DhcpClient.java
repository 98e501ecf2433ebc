package dev.doorbell.kernel.dhcp;

import dev.doorbell.bus.wire.Ipv4Address;
import dev.doorbell.kernel.arp.AddressProbe;
import dev.doorbell.kernel.core.KernelContext;
import dev.doorbell.kernel.ipv4.Ipv4;
import dev.doorbell.kernel.net.NetStack;
import dev.doorbell.kernel.netdev.NetDevice;
import dev.doorbell.kernel.time.KernelTimer;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The client of one interface, RFC 2131 section 4.4.
 *
 * <pre>
 * state       event                        next        action
 * STOPPED     start                        SELECTING   DISCOVER
 * STOPPED     start with a known lease     REBOOTING   REQUEST by broadcast
 * SELECTING   OFFER that can be used       REQUESTING  REQUEST by broadcast
 * SELECTING   4, 8, 16, 32, 64 s +-1       SELECTING   DISCOVER again
 * REQUESTING  ACK                          CHECKING    ARP probes
 * REQUESTING  NAK                          INIT        anew after a moment
 * REQUESTING  4, 8, 16 s +-1               REQUESTING  REQUEST again; after the third: INIT
 * REBOOTING   ACK                          CHECKING    ARP probes
 * REBOOTING   NAK, or no answer            INIT        anew
 * CHECKING    nobody has it                BOUND       address and routes set
 * CHECKING    somebody has it              INIT        DECLINE, anew after 10 s
 * BOUND       T1                           RENEWING    REQUEST by unicast
 * RENEWING    ACK                          BOUND       times begin anew
 * RENEWING    half the time to T2, 60 s    RENEWING    REQUEST by unicast
 * RENEWING    T2                           REBINDING   REQUEST by broadcast
 * REBINDING   ACK                          BOUND       times begin anew
 * REBINDING   half the rest, at least 60 s REBINDING   REQUEST by broadcast
 * RENEWING, REBINDING   NAK                INIT        address removed
 * REBINDING   the lease is over            INIT        address removed
 * any         stop                         STOPPED     RELEASE when bound, address removed
 * </pre>
 */
public final class DhcpClient {
    private static final long SECOND_NS = 1_000_000_000L;
    private static final long FIRST_RETRY_NS = 4 * SECOND_NS, LAST_RETRY_NS = 64 * SECOND_NS, JITTER_NS = SECOND_NS;
    private static final long SHORTEST_RENEWAL_RETRY_NS = 60 * SECOND_NS;
    private static final long AFTER_NAK_NS = SECOND_NS, AFTER_DECLINE_NS = 10 * SECOND_NS;
    private static final int REQUESTS = 3;

    private final Ipv4 ipv4;
    private final KernelContext kernel;
    private final NetDevice dev;
    private final SplittableRandom random;
    private final DhcpWire wire;
    private final DhcpWriter writer;
    private final DhcpBinding binding;
    private final DhcpPort port;
    private final KernelTimer timer;
    private Consumer<DhcpClient> listener = client -> {};
    private DhcpState state = DhcpState.STOPPED;
    private @Nullable DhcpLease lease;
    private @Nullable AddressProbe probe;
    private int xid;
    private long begunNs;
    private long requestedNs;
    /** When the times of the lease in use count from. */
    private long leaseStartNs;

    private long retryNs;
    private int requests;

    public DhcpClient(NetStack stack, NetDevice dev, String hostName) {
        this.ipv4 = stack.ipv4();
        this.port = new DhcpPort(stack.inet());
        this.kernel = ipv4.net().kernel();
        this.dev = dev;
        this.random = kernel.random("dhcp " + dev.name());
        this.wire = new DhcpWire(ipv4, dev, this::received);
        this.writer = new DhcpWriter(dev, hostName);
        this.binding = new DhcpBinding(ipv4, dev);
        this.timer = new KernelTimer(kernel, "dhcp", this::expired);
    }

    /** Hears of every change of state, in softirq or task context. */
    public void setListener(Consumer<DhcpClient> heard) {
        listener = heard;
    }

    public DhcpState state() {
        return state;
    }

    /** The lease in use or under way; null when there is none. */
    public @Nullable DhcpLease lease() {
        return lease;
    }

    /** True while the address is set on the interface. */
    public boolean isBound() {
        return state == DhcpState.BOUND || state == DhcpState.RENEWING || state == DhcpState.REBINDING;
    }

    /** Begins; the interface is up. */
    public void start() {
        discover();
    }

    /** Begins with a lease from an earlier life: asks for the same address. RFC 2131 section 4.3.2, INIT-REBOOT. */
    public void start(DhcpLease known) {
        lease = known;
        newTransaction();
        requests = 0;
        enter(DhcpState.REBOOTING);
        request();
    }

    /** Ends: gives the lease back and removes the address. */
    public void stop() {
        DhcpLease last = lease;
        if (last != null && isBound()) {
            wire.unicast(last.address(), last.server(), writer.release(nextXid(), last));
        }
        timer.delTimer();
        wire.listen(false);
        cancelProbe();
        binding.remove();
        port.close();
        lease = null;
        enter(DhcpState.STOPPED);
    }

    private void enter(DhcpState next) {
        if (state != next) {
            state = next;
            listener.accept(this);
        }
    }

    private int nextXid() {
        xid = random.nextInt();
        return xid;
    }

    private void newTransaction() {
        nextXid();
        begunNs = kernel.nowNs();
        retryNs = FIRST_RETRY_NS;
        port.open();
        wire.listen(true);
    }

    private int secondsSinceBegin() {
        return (int) Math.min(0xFFFF, (kernel.nowNs() - begunNs) / SECOND_NS);
    }

    // ---- what is sent

    private void discover() {
        lease = null;
        newTransaction();
        enter(DhcpState.SELECTING);
        sendDiscover();
    }

    private void sendDiscover() {
        wire.broadcast(Ipv4Address.ANY, writer.discover(xid, secondsSinceBegin()));
        armRetry();
    }

    /** Each wait is twice as long as the one before, give or take up to a second. RFC 2131 section 4.1. */
    private void armRetry() {
        timer.modTimerAfter(retryNs + random.nextLong(-JITTER_NS, JITTER_NS + 1));
        retryNs = Math.min(LAST_RETRY_NS, retryNs * 2);
    }

    private void request() {
        DhcpLease wanted = lease;
        if (wanted == null) {
            discover();
            return;
        }
        requestedNs = kernel.nowNs();
        boolean selecting = state == DhcpState.REQUESTING;
        requests++;
        wire.broadcast(Ipv4Address.ANY, writer.request(xid, secondsSinceBegin(), wanted, selecting));
        armRetry();
    }

    /** RENEWING asks the server, REBINDING everybody; again after half of what is left. */
    private void extend(DhcpLease held, long untilNs) {
        requestedNs = kernel.nowNs();
        byte[] message = writer.extend(xid, secondsSinceBegin(), held);
        if (state == DhcpState.RENEWING) {
            wire.unicast(held.address(), held.server(), message);
        } else {
            wire.broadcast(held.address(), message);
        }
        long left = untilNs - kernel.nowNs();
        timer.modTimerAfter(Math.min(left, Math.max(left / 2, SHORTEST_RENEWAL_RETRY_NS)));
    }

    private void expired() {
        DhcpLease held = lease;
        switch (state) {
            case INIT -> discover();
            case SELECTING -> sendDiscover();
            case REQUESTING, REBOOTING -> {
                if (requests < REQUESTS) {
                    request();
                } else {
                    discover();
                }
            }
            case BOUND -> {
                newTransaction();
                enter(DhcpState.RENEWING);
                renewOrRebind(held);
            }
            case RENEWING, REBINDING -> renewOrRebind(held);
            default -> {}
        }
    }

    private void renewOrRebind(@Nullable DhcpLease held) {
        if (held == null) {
            discover();
            return;
        }
        long now = kernel.nowNs();
        if (now >= leaseStartNs + held.leaseNs()) {
            binding.remove();
            discover();
        } else if (now >= leaseStartNs + held.rebindingNs()) {
            enter(DhcpState.REBINDING);
            extend(held, leaseStartNs + held.leaseNs());
        } else {
            extend(held, leaseStartNs + held.rebindingNs());
        }
    }

    // ---- what is received

    private void received(byte[] payload) {
        DhcpMessage message = DhcpMessage.parse(payload);
        if (message == null || message.xid() != xid || message.hardwareAddress() != dev.devAddr()) {
            return;
        }
        switch (message.type()) {
            case DhcpOption.OFFER -> offered(message);
            case DhcpOption.ACK -> confirmed(message);
            case DhcpOption.NAK -> refused(message);
            default -> {}
        }
    }

    private void offered(DhcpMessage message) {
        DhcpLease offer = state == DhcpState.SELECTING ? DhcpLease.of(message) : null;
        if (offer == null) {
            return;
        }
        lease = offer;
        requests = 0;
        retryNs = FIRST_RETRY_NS;
        enter(DhcpState.REQUESTING);
        request();
    }

    private void confirmed(DhcpMessage message) {
        DhcpLease wanted = lease;
        DhcpLease granted = DhcpLease.of(message);
        if (granted == null || wanted == null || granted.address() != wanted.address()) {
            return; // not what was asked for
        }
        switch (state) {
            case REQUESTING -> {
                if (granted.server() == wanted.server()) {
                    check(granted);
                }
            }
            case REBOOTING -> check(granted);
            case RENEWING, REBINDING -> bind(granted);
            default -> {}
        }
    }

    private void refused(DhcpMessage message) {
        DhcpLease wanted = lease;
        boolean expected = state == DhcpState.REQUESTING
                || state == DhcpState.REBOOTING
                || state == DhcpState.RENEWING
                || state == DhcpState.REBINDING;
        if (!expected || wanted == null) {
            return;
        }
        int server = message.i32(DhcpOption.SERVER_ID, 0);
        boolean fromAnother = state == DhcpState.REQUESTING || state == DhcpState.RENEWING;
        if (fromAnother && server != wanted.server()) {
            return; // another server cannot take back what this one gave
        }
        binding.remove();
        again(AFTER_NAK_NS);
    }

    private void again(long delayNs) {
        lease = null;
        wire.listen(false);
        enter(DhcpState.INIT);
        timer.modTimerAfter(delayNs);
    }

    // ---- checking and using it

    private void check(DhcpLease granted) {
        lease = granted;
        leaseStartNs = requestedNs;
        timer.delTimer();
        wire.listen(false);
        enter(DhcpState.CHECKING);
        AddressProbe started =
                new AddressProbe(ipv4.arp(), dev, granted.address(), AddressProbe.Pace.STANDARD, this::checked);
        probe = started;
        started.start();
    }

    private void checked(boolean free) {
        DhcpLease granted = lease;
        if (state != DhcpState.CHECKING || granted == null) {
            return;
        }
        if (free) {
            requestedNs = leaseStartNs;
            bind(granted);
        } else {
            wire.broadcast(Ipv4Address.ANY, writer.decline(nextXid(), granted));
            again(AFTER_DECLINE_NS);
        }
    }

    private void cancelProbe() {
        if (probe != null) {
            probe.cancel();
            probe = null;
        }
    }

    private void bind(DhcpLease granted) {
        lease = granted;
        leaseStartNs = requestedNs;
        wire.listen(false);
        binding.apply(granted);
        enter(DhcpState.BOUND);
        if (granted.leaseNs() >= DhcpLease.FOREVER) {
            timer.delTimer();
        } else {
            timer.modTimer(leaseStartNs + granted.renewalNs());
        }
    }
}
