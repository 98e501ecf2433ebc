package dev.doorbell.kernel.tcp;

import dev.doorbell.kernel.skb.SkBuff;

/**
 * How much the peer may send: the window's choice (RFC 9293 §3.8.6.2.2), its growth while data flows, and the tuning of
 * the receive buffer to twice what the application reads per round trip.
 */
final class ReceiveWindow {
    private static final int MAX_UNSCALED = 65_535;
    /** Half of the buffer is promised until the peer's packets show what they cost. */
    static final int RATIO_SHIFT = 8, DEFAULT_RATIO = 1 << RATIO_SHIFT - 1;
    /** Smaller packets do not open the window: they cost more than they carry. */
    private static final int MIN_GROWTH_BYTES = 128;

    private ReceiveWindow() {}

    /** The shift that can express the largest buffer this socket may get. */
    static int scaleFor(TcpSettings settings, TcpConfig config) {
        if (!config.windowScaling) {
            return 0;
        }
        int space = settings.receiveBufferLocked
                ? settings.receiveBufferBytes >> 1 // what may be promised of a buffer that will not grow
                : Math.max(settings.receiveBufferBytes, Math.max(config.rmemMax, config.coreRmemMax));
        if (settings.windowClamp != 0) {
            space = Math.min(space, settings.windowClamp);
        }
        int shift = 0;
        while (space > MAX_UNSCALED && shift < ReceivedOptions.MAX_SHIFT) {
            space >>= 1;
            shift++;
        }
        return shift;
    }

    /** The first window: whole segments. A SYN, whose field is not scaled, shows no more than 65,535 of it. */
    static int initial(TcpSettings settings, int advertisedMss) {
        int space = settings.receiveBufferBytes >> 1;
        if (settings.windowClamp != 0) {
            space = Math.min(space, settings.windowClamp);
        }
        return space > advertisedMss ? space - space % advertisedMss : space;
    }

    /** Sets a connection up when it becomes established. */
    static void established(TcpConnection c) {
        int most = c.fullReceiveSpace();
        if (c.windowClamp == 0) {
            c.windowClamp = c.settings.windowClamp != 0 ? c.settings.windowClamp : MAX_UNSCALED << c.rcvWscale;
        }
        if (c.windowClamp >= most) {
            c.windowClamp = most > 4 * c.advertisedMss ? Math.max(most, 4 * c.advertisedMss) : most;
        }
        if (c.windowClamp > 2 * c.advertisedMss && c.windowClamp + c.advertisedMss > most) {
            c.windowClamp = Math.max(2 * c.advertisedMss, most - c.advertisedMss); // a segment in reserve
        }
        c.rcvSsthresh = Math.min(c.rcvWnd, c.windowClamp);
        c.receiveSpace = Math.min(Math.min(c.rcvSsthresh, c.rcvWnd), 10 * c.advertisedMss);
        c.receiveSpaceNs = c.nowNs();
        c.receiveSpaceSeq = c.copiedSeq;
    }

    /**
     * The window field of the segment that is being built. Never takes back what was promised (SHLD-14); opens only by
     * whole segments, or half the buffer (silly window avoidance).
     */
    static int select(TcpConnection c) {
        int promised = c.receiveWindow();
        int next = choose(c);
        if (next < promised) {
            if (next == 0) {
                c.tcp.mib.inc(TcpMib.Counter.TCPWantZeroWindowAdv);
            }
            int unit = 1 << c.rcvWscale;
            next = promised + unit - 1 & -unit;
        }
        boolean wasZero = c.rcvWnd == 0;
        c.rcvWnd = next;
        c.rcvWup = c.rcvNxt;
        if (c.rcvWscale == 0) {
            next = Math.min(next, MAX_UNSCALED);
        }
        next >>>= c.rcvWscale;
        next = Math.min(next, MAX_UNSCALED);
        if (next == 0) {
            if (!wasZero) {
                c.tcp.mib.inc(TcpMib.Counter.TCPToZeroWindowAdv);
            }
        } else if (wasZero) {
            c.tcp.mib.inc(TcpMib.Counter.TCPFromZeroWindowAdv);
        }
        return next;
    }

    /** The window in bytes that the free space allows. */
    static int choose(TcpConnection c) {
        int mss = c.peerMssEstimate;
        int free = c.freeReceiveSpace();
        int allowed = c.fullReceiveSpace();
        int full = Math.min(c.windowClamp, allowed);
        if (mss > full) {
            mss = full;
            if (mss <= 0) {
                return 0;
            }
        }
        if (free < full >> 1) {
            c.quickAcks = 0;
            if (free < 0) {
                return 0;
            }
            int unit = 1 << c.rcvWscale;
            free = free / unit * unit;
            // Nothing worth saying: less than a sixteenth of the buffer, or than a segment.
            if (free < allowed >> 4 || free < mss) {
                return 0;
            }
        }
        free = Math.min(free, c.rcvSsthresh);
        if (c.rcvWscale != 0) {
            int unit = 1 << c.rcvWscale;
            return free + unit - 1 & -unit;
        }
        int window = c.rcvWnd;
        if (window <= free - mss || window > free) {
            return free / mss * mss;
        }
        return mss == full && free > window + (full >> 1) ? free : window;
    }

    /** Data came in: the window may open further while packets of this kind will fit into the buffer. */
    static void grow(TcpConnection c, int bytes, int memory) {
        if (bytes < MIN_GROWTH_BYTES) {
            return;
        }
        int room = Math.min(c.windowClamp, c.freeReceiveSpace()) - c.rcvSsthresh;
        if (room <= 0) {
            return;
        }
        int step = c.windowFromSpace(memory) <= bytes ? 2 * c.advertisedMss : growthOfCostly(c, bytes, memory);
        if (step > 0) {
            c.rcvSsthresh += Math.min(room, Math.max(step, 2 * bytes));
            c.quickAcks |= 1;
        }
    }

    /** Packets that cost more than they carry open the window only as far below the largest as they are wasteful. */
    private static int growthOfCostly(TcpConnection c, int bytes, int memory) {
        int cost = c.windowFromSpace(memory) >> 1;
        int window = c.windowFromSpace(c.config.rmemMax) >> 1;
        while (c.rcvSsthresh <= window) {
            if (cost <= bytes) {
                return 2 * c.peerMssEstimate;
            }
            cost >>= 1;
            window >>= 1;
        }
        return 0;
    }

    /** The peer's packets have a new size: what share of their memory is data. */
    static void measureOverhead(TcpConnection c, int bytes, int memory) {
        int ratio = (int) Math.max(1, ((long) bytes << RATIO_SHIFT) / memory);
        if (ratio == c.receiveRatio) {
            return;
        }
        c.receiveRatio = ratio;
        int clamp = Math.max(c.fullReceiveSpace(), c.config.rmemMin / 2);
        if (clamp != c.windowClamp && c.windowClamp != 0) {
            if (clamp < c.windowClamp) {
                c.rcvSsthresh = Math.min(c.rcvSsthresh, clamp);
            } else {
                c.rcvSsthresh = Math.max(Math.min(c.rcvWnd, clamp), c.rcvSsthresh);
            }
            c.windowClamp = clamp;
        }
        c.receiveSpace = Math.min(c.receiveSpace, c.windowClamp);
    }

    /** More came than the buffer is for: it grows as far as the system allows, or the window closes. */
    static void clamp(TcpConnection c) {
        if (!c.settings.receiveBufferLocked && c.settings.receiveBufferBytes < c.config.rmemMax) {
            setBuffer(c, Math.min(c.receiveMemory, c.config.rmemMax));
        }
        if (c.receiveMemory > c.settings.receiveBufferBytes) {
            c.rcvSsthresh = Math.min(c.windowClamp, 2 * c.advertisedMss);
        }
    }

    private static void setBuffer(TcpConnection c, int bytes) {
        if (bytes > c.settings.receiveBufferBytes) {
            c.settings.receiveBufferBytes = bytes;
            TcpSock sock = c.sock;
            if (sock != null) {
                sock.receiveBufferBytes = bytes;
            }
        }
    }

    /** The application read data: once per round trip, sizes the buffer to twice what it took in the last one. */
    static void applicationRead(TcpConnection c) {
        long elapsedUs = (c.nowNs() - c.receiveSpaceNs) / 1000;
        long rttUs = c.receiveRttUs8 >> 3;
        if (c.receiveRttUs8 == 0 || elapsedUs < rttUs) {
            return;
        }
        int copied = c.copiedSeq - c.receiveSpaceSeq;
        if (copied > c.receiveSpace) {
            growBuffer(c, copied);
        }
        c.receiveSpaceSeq = c.copiedSeq;
        c.receiveSpaceNs = c.nowNs();
    }

    /**
     * Sizes the buffer for what is read per round trip: twice that, more while it rises, and room for what waits beyond a
     * hole.
     *
     * @param perRoundTrip bytes
     */
    static void growBuffer(TcpConnection c, int perRoundTrip) {
        int before = Math.max(1, c.receiveSpace);
        c.receiveSpace = perRoundTrip;
        if (!c.config.moderateRcvbuf || c.settings.receiveBufferLocked) {
            return;
        }
        long window = 2L * perRoundTrip;
        window += 2 * (window * (perRoundTrip - before) / before);
        SkBuff last = c.outOfOrder.last();
        if (last != null) {
            window += last.cbEndSeq - c.rcvNxt;
        }
        long buffer = Math.min((window << RATIO_SHIFT) / c.receiveRatio, c.config.rmemMax);
        if (buffer > c.settings.receiveBufferBytes) {
            setBuffer(c, (int) buffer);
            c.windowClamp = c.windowFromSpace((int) buffer);
        }
    }

    /** Measures the round trip as a receiver: from timestamps, or the time a window's worth takes. */
    static void measureRtt(TcpConnection c, int endSeq, int bytes) {
        if (c.timestampsOk && c.receivedTsEcr != 0 && c.sawTimestamp) {
            if (c.receivedTsEcr == c.lastTsEcr || bytes < c.peerMssEstimate) {
                return;
            }
            c.lastTsEcr = c.receivedTsEcr;
            int delta = c.timestamp() - c.receivedTsEcr;
            if (delta >= 0 && delta < 1_000_000) {
                rttSample(c, Math.max(1, delta) * 1000, false);
            }
        } else {
            if (c.receiveRttNs != 0 && c.rcvNxt - c.receiveRttSeq < 0) {
                return;
            }
            if (c.receiveRttNs != 0) {
                rttSample(c, (int) Math.max(1, Math.min((c.nowNs() - c.receiveRttNs) / 1000, 60_000_000)), true);
            }
            c.receiveRttSeq = c.rcvNxt + c.rcvWnd;
            c.receiveRttNs = c.nowNs();
        }
    }

    private static void rttSample(TcpConnection c, int us, boolean windowBased) {
        if (c.receiveRttUs8 == 0) {
            c.receiveRttUs8 = us << 3;
        } else if (windowBased) {
            c.receiveRttUs8 = Math.min(c.receiveRttUs8, us << 3);
        } else {
            c.receiveRttUs8 += us - (c.receiveRttUs8 >> 3);
        }
    }
}
