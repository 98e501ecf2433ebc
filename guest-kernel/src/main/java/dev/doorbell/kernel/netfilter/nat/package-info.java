/**
 * Network address translation on top of connection tracking: decided for the first packet of a connection, done to all.
 * Behaves as Linux's nf_nat.
 *
 * <p>Mappings belong to their connection.
 */
@NullMarked
package dev.doorbell.kernel.netfilter.nat;

import org.jspecify.annotations.NullMarked;
