/**
 * Connection tracking: which packets belong together, and what state their conversation is in. Behaves as Linux's
 * nf_conntrack with its default settings.
 *
 * <p>The table belongs to one {@link dev.doorbell.kernel.netfilter.conntrack.Conntrack}; connections to the table.
 */
@NullMarked
package dev.doorbell.kernel.netfilter.conntrack;

import org.jspecify.annotations.NullMarked;
