package dev.doorbell.kernel.multicast;

import dev.doorbell.kernel.core.KernelContext;
import dev.doorbell.kernel.netdev.NetDevice;
import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * The host's side of IGMPv3 (RFC 3376 §5) and of MLDv2 (RFC 3810 §6), with fallback to the older versions of either while
 * a querier of such a version is heard (§7, §8).
 */
public final class MembershipReports implements MulticastGroups.Listener {
    private final MembershipProtocol protocol;
    private final KernelContext kernel;
    private final MulticastGroups groups;
    private final SplittableRandom random;
    private final Map<NetDevice, LinkReports> links = new HashMap<>();

    /** Listens to {@code groups}. */
    public MembershipReports(
            MembershipProtocol protocol, KernelContext kernel, MulticastGroups groups, SplittableRandom random) {
        this.protocol = protocol;
        this.kernel = kernel;
        this.groups = groups;
        this.random = random;
        groups.setListener(this);
    }

    private LinkReports of(NetDevice dev) {
        return links.computeIfAbsent(dev, d -> new LinkReports(protocol, kernel, d, random));
    }

    @Override
    public void changed(NetDevice dev, long high, long low, ReceptionState before, ReceptionState after) {
        if (protocol.isReported(dev, high, low)) {
            of(dev).changed(high, low, before, after);
        }
    }

    /** A router asks. */
    public void query(NetDevice dev, MembershipQuery query) {
        of(dev).query(query);
    }

    /** Another host's report of an older version. */
    public void heardReport(NetDevice dev, long high, long low) {
        @Nullable LinkReports link = links.get(dev);
        if (link != null) {
            link.heardReport(high, low);
        }
    }

    /** The interface came up: its groups are reported anew. */
    public void announce(NetDevice dev) {
        forget(dev);
        for (MulticastGroups.Membership member : groups.of(dev)) {
            changed(dev, member.high(), member.low(), ReceptionState.NOTHING, member.state());
        }
    }

    /** The interface went down: nothing is due any more. */
    public void forget(NetDevice dev) {
        LinkReports link = links.remove(dev);
        if (link != null) {
            link.down();
        }
    }
}
