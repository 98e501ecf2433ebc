package dev.doorbell.kernel.tcp;

import dev.doorbell.kernel.inet.Endpoints;

/**
 * One line of the list of TCP sockets, inet_diag's view: listeners, requests, connections and what is left of them.
 *
 * @param state as it is
 * @param ends a copy; a listener has no remote end, all zero
 * @param six whether the socket is of AF_INET6, with mapped addresses perhaps
 * @param receiveQueue bytes that wait for the application; of a listener, connections that do
 * @param sendQueue bytes not acknowledged yet; of a listener, its backlog
 */
public record SocketEntry(TcpState state, Endpoints ends, boolean six, int receiveQueue, int sendQueue) {}
