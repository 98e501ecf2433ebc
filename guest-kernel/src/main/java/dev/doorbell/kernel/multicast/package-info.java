/**
 * Multicast membership of either IP version: what sockets want of a group, what their interface wants of it, and how routers
 * are told (RFC 3376, RFC 3810). The tables are owned by the network layers, the reports by {@code igmp} and {@code mld}.
 */
@NullMarked
package dev.doorbell.kernel.multicast;

import org.jspecify.annotations.NullMarked;
