package dev.doorbell.device.i82574;

import static org.assertj.core.api.Assertions.assertThat;

import dev.doorbell.bus.reg.Register;
import dev.doorbell.bus.reg.RegisterFile;
import org.junit.jupiter.api.Test;

class MacRegistersTest {
    private final RegisterFile regs = MacRegisters.newFile();

    @Test
    void everyBlockIsDeclared() {
        for (String name : new String[] {"CTRL", "ICR", "RDT0", "TDT1", "RAH[15]", "GPRC", "SWSM", "SYSTIMH"}) {
            assertThat(MacRegisters.map().find(name)).as(name).isNotNull();
        }
    }

    @Test
    void registersStartAtTheirResetValues() {
        for (Register r : MacRegisters.map().registers()) {
            assertThat(regs.get(r)).as(r.name()).isEqualTo(MacRegisters.map().resetValue(r));
        }
        assertThat(regs.read(0x1000)).isEqualTo(0x0014_0014);
        assertThat(regs.read(0x2828)).isEqualTo(0x0001_0000);
    }
}
