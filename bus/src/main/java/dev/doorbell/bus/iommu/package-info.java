/**
 * I/O virtual addresses to guest physical addresses: page tables, IOTLB, faults.
 *
 * <p>Page tables live in guest memory and belong to the kernel; IOTLB and fault log belong to the IOMMU.
 */
@NullMarked
package dev.doorbell.bus.iommu;

import org.jspecify.annotations.NullMarked;
