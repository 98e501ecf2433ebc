package dev.doorbell.bus.irq;

/** Where message-signalled interrupts land: a memory write into the interrupt controller's address window. */
@FunctionalInterface
public interface MessageTarget {
    /**
     * @param requesterId bus 15:8, device 7:3, function 2:0 of the sender, for interrupt remapping
     * @param address message address, as programmed by the kernel
     * @param data message data
     * @return false when nothing decodes the address, or remapping refused it
     */
    boolean message(int requesterId, long address, int data);
}
