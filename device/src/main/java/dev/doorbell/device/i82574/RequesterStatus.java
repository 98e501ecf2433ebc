package dev.doorbell.device.i82574;

import dev.doorbell.bus.dma.DmaPort;
import dev.doorbell.bus.dma.DmaResult;
import dev.doorbell.bus.mem.GuestMemory;
import dev.doorbell.bus.pci.AdvancedErrorReporting;
import dev.doorbell.bus.pci.PciErrors;

/**
 * Shows in configuration space what became of the card's reads: an unsupported request sets Received Master Abort, a
 * poisoned completion goes to Advanced Error Reporting (PCI Express Base §6.2, §7.5.1.2). Writes are posted: the card
 * never learns.
 */
final class RequesterStatus implements DmaPort {
    /** First header dword of a 4-dword memory read request: what the log shows of the failed request. */
    private static final int MEMORY_READ_64 = 0x2000_0000;

    private final DmaPort port;
    private final PciErrors errors;

    RequesterStatus(DmaPort port, PciErrors errors) {
        this.port = port;
        this.errors = errors;
    }

    @Override
    public DmaResult read(long iova, GuestMemory into, long offset, int bytes) {
        DmaResult result = port.read(iova, into, offset, bytes);
        if (result != DmaResult.OK) {
            record(result, iova, bytes);
        }
        return result;
    }

    @Override
    public DmaResult write(long iova, GuestMemory from, long offset, int bytes) {
        return port.write(iova, from, offset, bytes);
    }

    private void record(DmaResult result, long iova, int bytes) {
        switch (result) {
            case OK, BUS_MASTER_OFF -> {} // nothing was on the bus, or nothing went wrong there
            case UNMAPPED, PERMISSION -> errors.receivedMasterAbort();
            case POISONED -> {
                int header = MEMORY_READ_64 | bytes >>> 2 & 0x3FF;
                errors.uncorrectable(AdvancedErrorReporting.POISONED_TLP, header, 0, (int) (iova >>> 32), (int) iova);
            }
        }
    }
}
