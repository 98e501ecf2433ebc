/**
 * The five packet hooks and their verdicts.
 *
 * <p>Hooks belong to the network stack of one kernel.
 */
@NullMarked
package dev.doorbell.kernel.netfilter;

import org.jspecify.annotations.NullMarked;
