package dev.doorbell.kernel.probe;

/**
 * Asked before the kernel gives something to a driver: whoever answers true makes that request fail, as when memory, I/O
 * addresses or vectors have run out. By default nothing is refused.
 */
public interface KernelGate {
    /** A packet buffer. */
    default boolean refusesPacket(int bytes) {
        return false;
    }

    /** Coherent memory. */
    default boolean refusesCoherent(String device, long bytes) {
        return false;
    }

    /**
     * A streaming mapping.
     *
     * @param call as Linux names it: "dma_map_single"
     */
    default boolean refusesMapping(String device, long gpa, long bytes, String call) {
        return false;
    }

    default boolean refusesIrq(int irq, String name) {
        return false;
    }

    /** @return how many vectors may be had, at most {@code wanted} */
    default int grantsVectors(String device, int wanted, int type) {
        return wanted;
    }
}
