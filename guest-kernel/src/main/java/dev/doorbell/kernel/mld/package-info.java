/**
 * Multicast Listener Discovery, RFC 3810 and RFC 2710: tells routers which groups the interfaces are members of.
 *
 * <p>State belongs to the network stack of one kernel.
 */
@NullMarked
package dev.doorbell.kernel.mld;

import org.jspecify.annotations.NullMarked;
