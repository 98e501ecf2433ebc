package dev.doorbell.kernel.netfilter;

/** Hears what LOG targets say. */
@FunctionalInterface
public interface NetfilterLog {
    /**
     * One line.
     *
     * @param level of syslog: 0 (emerg) to 7 (debug)
     * @param line the prefix and the packet, as Linux prints it; changes after the call
     */
    void log(int level, CharSequence line);
}
