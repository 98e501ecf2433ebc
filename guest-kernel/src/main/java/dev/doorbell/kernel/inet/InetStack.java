package dev.doorbell.kernel.inet;

import dev.doorbell.kernel.ipv4.Ipv4;
import dev.doorbell.kernel.ipv6.Ipv6;

/** The two network layers below the sockets of one kernel. */
public record InetStack(Ipv4 ipv4, Ipv6 ipv6) {}
