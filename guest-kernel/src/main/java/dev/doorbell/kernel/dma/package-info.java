/**
 * The DMA API: coherent and streaming mappings, IOMMU page tables, the mapping ledger.
 *
 * <p>Mappings belong to the driver that made them; page tables to the domain.
 */
@NullMarked
package dev.doorbell.kernel.dma;

import org.jspecify.annotations.NullMarked;
