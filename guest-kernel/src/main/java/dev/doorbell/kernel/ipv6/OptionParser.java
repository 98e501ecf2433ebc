package dev.doorbell.kernel.ipv6;

import dev.doorbell.bus.mem.GuestMemory;

/** Walks the options of hop-by-hop and destination options headers, RFC 8200 §4.2, within bounds and limits. */
final class OptionParser {
    /** Result of {@link #parse}: all are known or may be skipped. */
    static final int OK = -1;
    /** The packet is to be dropped without a word. */
    static final int DROP = -2;

    private static final int PAD1 = 0, PADN = 1, ROUTER_ALERT = 5;
    /** Linux's max_dst_opts_number and max_hbh_opts_number; padding beyond what aligns to eight bytes is a trick. */
    private static final int MAX_OPTIONS = 8, MAX_PADDING = 7;

    private boolean routerAlert;
    /** For the last result of 0 or more: answered even when it was sent to a group. */
    private boolean answerGroups;

    /** The last header held a router alert, RFC 2711. */
    boolean routerAlert() {
        return routerAlert;
    }

    boolean answersGroups() {
        return answerGroups;
    }

    /**
     * @param header where the extension header begins
     * @param bytes of it, all readable
     * @return OK, DROP, or the offset (from {@code header}) of an option that must be complained about
     */
    int parse(GuestMemory memory, long header, int bytes) {
        routerAlert = false;
        int options = 0;
        int padding = 0;
        for (int at = 2; at < bytes; ) {
            int type = memory.readByte(header + at) & 0xFF;
            if (type == PAD1) {
                at++;
                if (++padding > MAX_PADDING) {
                    return DROP;
                }
                continue;
            }
            if (at + 2 > bytes) {
                return DROP;
            }
            int length = (memory.readByte(header + at + 1) & 0xFF) + 2;
            if (at + length > bytes) {
                return DROP;
            }
            if (type == PADN) {
                padding += length;
                if (padding > MAX_PADDING || !isZero(memory, header + at + 2, length - 2)) {
                    return DROP;
                }
            } else {
                padding = 0;
                if (++options > MAX_OPTIONS) {
                    return DROP;
                }
                if (type == ROUTER_ALERT) {
                    routerAlert = true;
                } else {
                    switch (type >>> 6) {
                        case 0 -> {}
                        case 1 -> {
                            return DROP;
                        }
                        default -> {
                            answerGroups = type >>> 6 == 2;
                            return at;
                        }
                    }
                }
            }
            at += length;
        }
        return OK;
    }

    private static boolean isZero(GuestMemory memory, long at, int bytes) {
        for (int i = 0; i < bytes; i++) {
            if (memory.readByte(at + i) != 0) {
                return false;
            }
        }
        return true;
    }
}
