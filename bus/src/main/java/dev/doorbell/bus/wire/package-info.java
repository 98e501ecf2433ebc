/**
 * Packet header views and the Internet checksum, shared by offloads, stack and tests.
 *
 * <p>Views hold no packet state; each belongs to the component that reuses it.
 */
@NullMarked
package dev.doorbell.bus.wire;

import org.jspecify.annotations.NullMarked;
