/**
 * Neighbour Discovery, RFC 4861, and stateless address autoconfiguration, RFC 4862: who is on the link, which routers
 * and prefixes there are, and addresses made from them.
 *
 * <p>State belongs to the network stack of one kernel.
 */
@NullMarked
package dev.doorbell.kernel.ndp;

import org.jspecify.annotations.NullMarked;
