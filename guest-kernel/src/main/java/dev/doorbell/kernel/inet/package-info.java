/**
 * What sockets over IPv4 and IPv6 share: the two ends of a flow, options of both levels, the receive queue of datagrams.
 * The protocols above own the state; everything runs on the world's thread.
 */
@NullMarked
package dev.doorbell.kernel.inet;

import org.jspecify.annotations.NullMarked;
