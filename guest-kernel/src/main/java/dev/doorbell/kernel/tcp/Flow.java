package dev.doorbell.kernel.tcp;

/**
 * What the established table holds: something with four values of its own. A connection, a request that is not one yet,
 * or what is left of one in TIME-WAIT. Addresses have their first octet in the top byte, ports are in host order.
 */
abstract class Flow {
    final int localAddress, localPort, remoteAddress, remotePort;

    Flow(int localAddress, int localPort, int remoteAddress, int remotePort) {
        this.localAddress = localAddress;
        this.localPort = localPort;
        this.remoteAddress = remoteAddress;
        this.remotePort = remotePort;
    }

    abstract TcpState state();
}
