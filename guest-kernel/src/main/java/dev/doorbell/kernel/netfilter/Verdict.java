package dev.doorbell.kernel.netfilter;

/** What a hook decides about a packet. */
public enum Verdict {
    /** On to the next hook, or out of the hook point. */
    ACCEPT,
    /** The caller of the hook point frees it. */
    DROP,
    /** The hook owns it from here on. */
    STOLEN
}
