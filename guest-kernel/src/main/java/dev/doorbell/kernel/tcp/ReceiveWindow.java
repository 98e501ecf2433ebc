package dev.doorbell.kernel.tcp;

/**
 * How much the peer may send: the window's choice (RFC 9293 §3.8.6.2.2), its growth while data flows, and the tuning of
 * the receive buffer to twice what the application reads per round trip.
 */
final class ReceiveWindow {
    private static final int MAX_UNSCALED = 65_535;

    private ReceiveWindow() {}

    /** The shift that can express the largest buffer this socket may get. */
    static int scaleFor(TcpSettings settings, TcpConfig config) {
        if (!config.windowScaling) {
            return 0;
        }
        int space = settings.receiveBufferBytes;
        if (!settings.receiveBufferLocked) {
            space = Math.max(space, Math.max(config.rmemMax, config.coreRmemMax));
        }
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
        int space = TcpConnection.windowFromSpace(settings.receiveBufferBytes);
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
        int full = Math.min(c.windowClamp, c.fullReceiveSpace());
        if (mss > full) {
            mss = full;
            if (mss <= 0) {
                return 0;
            }
        }
        if (free < full >> 1) {
            c.rcvSsthresh = Math.min(c.rcvSsthresh, Math.max(4 * c.advertisedMss, 0));
            if (free < 0) {
                return 0;
            }
            int unit = 1 << c.rcvWscale;
            free = free / unit * unit;
            // Nothing worth saying: less than a sixteenth of the buffer, or than a segment.
            if (free < full >> 4 || free < mss) {
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

    /** In-order data came in: the window may open further while packets are large. */
    static void grow(TcpConnection c, int bytes) {
        int room = Math.min(c.windowClamp, c.freeReceiveSpace()) - c.rcvSsthresh;
        if (room > 0) {
            int step = bytes >= 128 ? Math.max(2 * c.advertisedMss, 2 * bytes) : 2 * bytes;
            c.rcvSsthresh += Math.min(room, step);
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
            if (c.config.moderateRcvbuf && !c.settings.receiveBufferLocked) {
                long wanted = 2L * copied + 16L * c.advertisedMss;
                long grow = wanted * (copied - c.receiveSpace) / Math.max(1, c.receiveSpace);
                wanted += grow << 1;
                long buffer = Math.min(2 * wanted, c.config.rmemMax);
                if (buffer > c.settings.receiveBufferBytes) {
                    c.settings.receiveBufferBytes = (int) buffer;
                    c.windowClamp = TcpConnection.windowFromSpace((int) buffer);
                    TcpSock sock = c.sock;
                    if (sock != null) {
                        sock.receiveBufferBytes = (int) buffer;
                    }
                }
            }
            c.receiveSpace = copied;
        }
        c.receiveSpaceSeq = c.copiedSeq;
        c.receiveSpaceNs = c.nowNs();
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
