package dev.doorbell.kernel.tcp;

import java.nio.ByteBuffer;

/** A client's fast open under way: the data that its SYN may take along, and the option that goes with it. */
final class FastOpenRequest {
    /** From position to limit; the position moves by what was taken. */
    final ByteBuffer data;

    final FastOpenCookie cookie = new FastOpenCookie();
    /** Bytes that went with the SYN. */
    int copied;

    FastOpenRequest(ByteBuffer data) {
        this.data = data;
    }
}
