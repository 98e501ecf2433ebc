/**
 * What rules do with a packet, and how the options of each action are read and printed.
 *
 * <p>Targets belong to the rule that names them.
 */
@NullMarked
package dev.doorbell.kernel.netfilter.target;

import org.jspecify.annotations.NullMarked;
