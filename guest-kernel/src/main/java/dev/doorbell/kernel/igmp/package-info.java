/**
 * IGMP: tells routers which groups this host is a member of.
 *
 * <p>State belongs to one kernel, written on its world's thread.
 */
@NullMarked
package dev.doorbell.kernel.igmp;

import org.jspecify.annotations.NullMarked;
