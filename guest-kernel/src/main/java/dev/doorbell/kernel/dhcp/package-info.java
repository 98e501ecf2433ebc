/**
 * DHCP client, RFC 2131 and 2132: gets an address for an interface, keeps it renewed, gives it back.
 *
 * <p>A client belongs to its interface; what it has configured there it removes itself.
 */
@NullMarked
package dev.doorbell.kernel.dhcp;

import org.jspecify.annotations.NullMarked;
