package dev.doorbell.bus.iommu;

/** Knows the past of an address: asked once per recorded fault. */
@FunctionalInterface
public interface FaultAnnotator {
    /** One line about who mapped and unmapped the address and when; empty when nothing is known. */
    String note(int requester, long iova);
}
