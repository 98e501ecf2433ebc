/**
 * The driver of the Intel 82574L.
 *
 * <p>All state belongs to one adapter, from probe to remove.
 */
@NullMarked
package dev.doorbell.kernel.driver.e1000e;

import org.jspecify.annotations.NullMarked;
