package dev.doorbell.kernel.netfilter;

import dev.doorbell.kernel.netdev.NetDevice;
import dev.doorbell.kernel.skb.SkBuff;
import org.jspecify.annotations.Nullable;

/** Looks at packets at one or more hook points; called for every packet, allocates nothing. */
@FunctionalInterface
public interface NetfilterHook {
    /**
     * @param hook {@link NetfilterHooks#PRE_ROUTING} ...
     * @param skb data() at the IP header, all of which is linear; may be rewritten
     * @param in where it came from; null for packets of our own
     * @param out where it goes; null before routing and on local delivery
     */
    Verdict hook(int hook, SkBuff skb, @Nullable NetDevice in, @Nullable NetDevice out);
}
