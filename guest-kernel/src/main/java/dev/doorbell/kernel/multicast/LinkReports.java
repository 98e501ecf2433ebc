package dev.doorbell.kernel.multicast;

import dev.doorbell.kernel.core.KernelContext;
import dev.doorbell.kernel.netdev.NetDevice;
import dev.doorbell.kernel.time.KernelTimer;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/** The reports of one interface: which version its routers speak, and what they are to be told. */
final class LinkReports {
    private static final long SECOND_NS = 1_000_000_000L;
    /** Until a querier says otherwise, RFC 3376 §8, RFC 3810 §9. */
    private static final int ROBUSTNESS = 2;

    private static final long QUERY_INTERVAL_NS = 125 * SECOND_NS, RESPONSE_INTERVAL_NS = 10 * SECOND_NS;
    private static final long UNSOLICITED_NS = SECOND_NS;
    /** The same interval of older versions, RFC 2236 §8.10, RFC 2710 §7.10. */
    private static final long OLDER_UNSOLICITED_NS = 10 * SECOND_NS;

    private final MembershipProtocol protocol;
    private final KernelContext kernel;
    private final NetDevice dev;
    private final SplittableRandom random;
    private final List<GroupReports> groups = new ArrayList<>();
    private final KernelTimer generalTimer;
    /** By version: until when its querier counts as present. */
    private final long[] olderUntilNs;

    private int robustness = ROBUSTNESS;
    private long intervalNs = QUERY_INTERVAL_NS, responseNs = RESPONSE_INTERVAL_NS;

    LinkReports(MembershipProtocol protocol, KernelContext kernel, NetDevice dev, SplittableRandom random) {
        this.protocol = protocol;
        this.kernel = kernel;
        this.dev = dev;
        this.random = random;
        this.olderUntilNs = new long[protocol.newestVersion()];
        this.generalTimer = new KernelTimer(kernel, "membership general answer", this::answerAll);
    }

    // ---- for its groups

    long nowNs() {
        return kernel.nowNs();
    }

    /** From 1 to {@code limitNs}. */
    long random(long limitNs) {
        return 1 + random.nextLong(Math.max(1, limitNs));
    }

    long unsolicitedDelayNs() {
        return random(UNSOLICITED_NS);
    }

    void send(List<GroupRecord> records) {
        if (records.isEmpty() || !protocol.isReady(dev)) {
            return;
        }
        for (ReportMessage message : ReportMessage.pack(records, protocol.addressBytes(), protocol.roomBytes(dev))) {
            protocol.sendReport(dev, message);
        }
    }

    void sendOlder(boolean leaves, long high, long low) {
        // RFC 1112: members of version 1 just fall silent.
        if (protocol.isReady(dev) && !(leaves && version() == 1 && protocol.newestVersion() == 3)) {
            protocol.sendOlder(dev, version(), leaves, high, low);
        }
    }

    void forgetIfDone(GroupReports group) {
        if (group.isDone()) {
            groups.remove(group);
        }
    }

    // ---- versions

    /** The oldest version that a querier has shown of late, RFC 3376 §7.2.1, RFC 3810 §8.2.1. */
    int version() {
        long now = nowNs();
        for (int version = 1; version < olderUntilNs.length; version++) {
            if (now < olderUntilNs[version]) {
                return version;
            }
        }
        return protocol.newestVersion();
    }

    boolean isOlder() {
        return version() != protocol.newestVersion();
    }

    private void hear(MembershipQuery query) {
        int before = version();
        if (query.version() == protocol.newestVersion()) {
            robustness = query.robustness() == 0 ? ROBUSTNESS : query.robustness();
            intervalNs = query.intervalNs() == 0 ? QUERY_INTERVAL_NS : query.intervalNs();
            responseNs = query.delayNs();
        } else {
            olderUntilNs[query.version()] = nowNs() + robustness * intervalNs + responseNs;
        }
        if (version() != before) {
            cancel(); // what was due was meant for others
        }
    }

    private void cancel() {
        generalTimer.delTimer();
        for (GroupReports group : List.copyOf(groups)) {
            group.cancel();
            forgetIfDone(group);
        }
    }

    // ---- events

    void changed(long high, long low, ReceptionState before, ReceptionState after) {
        GroupReports group = find(high, low);
        if (group == null) {
            group = new GroupReports(this, kernel, high, low);
            group.quietly(before);
            groups.add(group);
        }
        if (!protocol.isReady(dev)) {
            group.quietly(after);
            forgetIfDone(group);
        } else if (!isOlder()) {
            group.changed(after, robustness);
        } else if (after.isNothing()) {
            group.left();
        } else {
            group.joined(after, OLDER_UNSOLICITED_NS);
        }
    }

    void query(MembershipQuery query) {
        hear(query);
        if (isOlder()) {
            for (GroupReports group : groups) {
                if (group.isMember() && (query.isGeneral() || group.isFor(query.high(), query.low()))) {
                    group.reportWithin(query.delayNs());
                }
            }
            return;
        }
        // RFC 3376 §5.2: an answer about everything that comes sooner is an answer to this one too.
        long delayNs = random(query.delayNs());
        if (generalTimer.isPending() && generalTimer.expiresNs() <= nowNs() + delayNs) {
            return;
        }
        if (query.isGeneral()) {
            if (groups.stream().anyMatch(GroupReports::isMember)) {
                generalTimer.modTimerAfter(delayNs);
            }
            return;
        }
        GroupReports group = find(query.high(), query.low());
        if (group != null && group.isMember()) {
            group.query(query.sources(), delayNs);
        }
    }

    /** A report of another host. */
    void heardReport(long high, long low) {
        GroupReports group = isOlder() ? find(high, low) : null; // newer ones are not kept from reporting
        if (group != null) {
            group.heardReport();
        }
    }

    private void answerAll() {
        List<GroupRecord> records = new ArrayList<>();
        for (GroupReports group : groups) {
            group.addCurrentState(records);
        }
        send(records);
    }

    /** The interface goes down: nothing is due any more, and this object is done with. */
    void down() {
        for (GroupReports group : groups) {
            group.cancel();
        }
        generalTimer.delTimer();
    }

    private @Nullable GroupReports find(long high, long low) {
        for (GroupReports group : groups) {
            if (group.isFor(high, low)) {
                return group;
            }
        }
        return null;
    }
}
