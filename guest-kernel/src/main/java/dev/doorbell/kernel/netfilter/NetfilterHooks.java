package dev.doorbell.kernel.netfilter;

import dev.doorbell.kernel.netdev.NetDevice;
import dev.doorbell.kernel.skb.SkBuff;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The five hook points of IPv4 and who listens at them, in order of priority. A point without listeners costs one array
 * read.
 */
public final class NetfilterHooks {
    /** Hook points, linux/netfilter.h. */
    public static final int PRE_ROUTING = 0, LOCAL_IN = 1, FORWARD = 2, LOCAL_OUT = 3, POST_ROUTING = 4;

    /** Priorities, linux/netfilter_ipv4.h: lower runs first. */
    public static final int PRIORITY_CONNTRACK_DEFRAG = -400,
            PRIORITY_RAW = -300,
            PRIORITY_CONNTRACK = -200,
            PRIORITY_MANGLE = -150,
            PRIORITY_NAT_DST = -100,
            PRIORITY_FILTER = 0,
            PRIORITY_SECURITY = 50,
            PRIORITY_NAT_SRC = 100,
            PRIORITY_CONNTRACK_CONFIRM = Integer.MAX_VALUE;

    private static final int POINTS = 5;
    private static final NetfilterHook[] NONE = {};

    private final NetfilterHook[][] hooks = new NetfilterHook[POINTS][];
    private final int[][] priorities = new int[POINTS][];

    public NetfilterHooks() {
        Arrays.fill(hooks, NONE);
        Arrays.fill(priorities, new int[0]);
    }

    /** Listens at a point, behind those of the same priority. Takes effect with the next packet. */
    public void register(int point, int priority, NetfilterHook hook) {
        NetfilterHook[] old = hooks[point];
        int at = 0;
        while (at < old.length && priorities[point][at] <= priority) {
            at++;
        }
        NetfilterHook[] grown = new NetfilterHook[old.length + 1];
        int[] ordered = new int[old.length + 1];
        for (int i = 0; i < grown.length; i++) {
            int from = i < at ? i : i - 1;
            grown[i] = i == at ? hook : old[from];
            ordered[i] = i == at ? priority : priorities[point][from];
        }
        hooks[point] = grown;
        priorities[point] = ordered;
    }

    /** Stops listening. No effect when it did not. */
    public void unregister(int point, NetfilterHook hook) {
        NetfilterHook[] old = hooks[point];
        int at = Arrays.asList(old).indexOf(hook);
        if (at < 0) {
            return;
        }
        NetfilterHook[] shrunk = new NetfilterHook[old.length - 1];
        int[] ordered = new int[old.length - 1];
        for (int i = 0; i < shrunk.length; i++) {
            int from = i < at ? i : i + 1;
            shrunk[i] = old[from];
            ordered[i] = priorities[point][from];
        }
        hooks[point] = shrunk;
        priorities[point] = ordered;
    }

    public boolean isEmpty(int point) {
        return hooks[point].length == 0;
    }

    /**
     * Asks everybody at a point.
     *
     * @return ACCEPT: goes on; DROP: the caller frees {@code skb}; STOLEN: it is gone
     */
    public Verdict run(int point, SkBuff skb, @Nullable NetDevice in, @Nullable NetDevice out) {
        NetfilterHook[] list = hooks[point];
        for (int i = 0; i < list.length; i++) {
            Verdict verdict = list[i].hook(point, skb, in, out);
            if (verdict != Verdict.ACCEPT) {
                return verdict;
            }
        }
        return Verdict.ACCEPT;
    }
}
