/**
 * Guest memory on Chronicle Bytes: the only bounds check and the only user of Chronicle.
 *
 * <p>A region belongs to whoever allocated it; the world's thread reads and writes it.
 */
@NullMarked
package dev.doorbell.bus.mem;

import org.jspecify.annotations.NullMarked;
