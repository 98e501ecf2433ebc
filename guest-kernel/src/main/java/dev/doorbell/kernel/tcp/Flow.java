package dev.doorbell.kernel.tcp;

import dev.doorbell.kernel.inet.Endpoints;

/**
 * What the established table holds: something with two ends of its own, which do not change. A connection, a request
 * that is not one yet, or what is left of one in TIME-WAIT.
 */
abstract class Flow extends Endpoints {
    Flow(Endpoints ends) {
        super(ends);
    }

    /** What the peer takes that sent no MSS option: RFC 9293 §3.7.1. */
    final int defaultMss() {
        return isV4() ? 536 : 1220;
    }

    abstract TcpState state();
}
