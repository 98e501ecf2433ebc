/**
 * SkBuff: a packet inside the kernel, its buffers in guest memory, and their pools.
 *
 * <p>Whoever holds a buffer frees it or hands it on; pools count.
 */
@NullMarked
package dev.doorbell.kernel.skb;

import org.jspecify.annotations.NullMarked;
