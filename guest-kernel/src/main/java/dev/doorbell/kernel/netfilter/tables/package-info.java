/**
 * Tables, chains and rules of iptables: read and written as iptables-save text, evaluated for every packet.
 *
 * <p>A loaded table is replaced as a whole; its counters belong to its rules.
 */
@NullMarked
package dev.doorbell.kernel.netfilter.tables;

import org.jspecify.annotations.NullMarked;
