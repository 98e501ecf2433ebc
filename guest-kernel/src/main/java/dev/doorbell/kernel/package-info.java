/**
 * The kernel, assembled.
 *
 * <p>State belongs to the parts.
 */
@NullMarked
package dev.doorbell.kernel;

import org.jspecify.annotations.NullMarked;
