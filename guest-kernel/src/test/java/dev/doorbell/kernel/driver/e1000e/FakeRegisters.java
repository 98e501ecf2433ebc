package dev.doorbell.kernel.driver.e1000e;

import static org.mockito.ArgumentMatchers.anyInt;
import static org.mockito.Mockito.doAnswer;
import static org.mockito.Mockito.lenient;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.when;

import dev.doorbell.bus.mem.GuestMemory;
import dev.doorbell.bus.time.VirtualTime;
import dev.doorbell.bus.trace.Tracer;
import dev.doorbell.kernel.core.KernelContext;
import dev.doorbell.kernel.pci.Mmio;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A BAR that stores what is written, remembers the order, and completes MDIC and EERD at once. */
final class FakeRegisters implements AutoCloseable {
    final Map<Integer, Integer> values = new HashMap<>();
    final List<String> writes = new ArrayList<>();
    final int[] phy = new int[32];
    final int[] nvm = new int[64];
    final GuestMemory ram = GuestMemory.allocate(4 << 20);
    final VirtualTime world = new VirtualTime(1);
    final KernelContext kernel = new KernelContext("test", world, ram, Tracer.OFF, 1);
    final Log log = new Log(Tracer.OFF, "eth0");
    final Hw hw;
    boolean mdicHangs, mdioDenied;

    FakeRegisters() {
        Mmio mmio = mock(Mmio.class);
        lenient().when(mmio.read32(anyInt())).thenAnswer(call -> read(call.getArgument(0)));
        doAnswer(call -> {
                    write(call.getArgument(0), call.getArgument(1));
                    return null;
                })
                .when(mmio)
                .write32(anyInt(), anyInt());
        when(mmio.bytes()).thenReturn(0x2_0000L);
        hw = new Hw(kernel, mmio, log);
    }

    int read(int offset) {
        return values.getOrDefault(offset, 0);
    }

    private void write(int offset, int value) {
        writes.add(String.format("%05x=%08x", offset, value));
        switch (offset) {
            case Registers.MDIC -> mdic(value);
            case Registers.EERD -> values.put(offset, nvm[value >>> 2] << 16 | value | Registers.EERD_DONE);
            case Registers.EXTCNF_CTRL ->
                values.put(offset, mdioDenied ? value & ~Registers.EXTCNF_CTRL_MDIO_SW_OWNERSHIP : value);
            default -> values.put(offset, value);
        }
    }

    private void mdic(int value) {
        int register = value >> 16 & 0x1F;
        if (mdicHangs) {
            return;
        }
        if ((value & Registers.MDIC_OP_WRITE) != 0) {
            phy[register] = value & 0xFFFF;
        }
        values.put(Registers.MDIC, value & 0xFFFF_0000 | phy[register] | Registers.MDIC_READY);
    }

    @Override
    public void close() {
        world.close();
        ram.close();
    }
}
