package dev.doorbell.bus.pci;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

class ConfigSpaceTest {
    private final ConfigSpace config = TestFunction.configSpace();

    private String hex(int offset, int bytes) {
        return HexFormat.ofDelimiter(" ").formatHex(config.dump(), offset, offset + bytes);
    }

    @Test
    void headerOfAn82574lReadsAsOnTheCard() {
        assertThat(hex(0x00, 16)).isEqualTo("86 80 d3 10 00 00 10 00 00 00 00 02 00 00 00 00");
        assertThat(hex(0x10, 16)).isEqualTo("00 00 00 00 00 00 00 00 01 00 00 00 00 00 00 00");
        assertThat(hex(0x20, 16)).isEqualTo("00 00 00 00 00 00 00 00 00 00 00 00 86 80 1f a0");
        assertThat(hex(0x30, 16)).isEqualTo("00 00 00 00 c8 00 00 00 00 00 00 00 00 01 00 00");
    }

    @Test
    void capabilitiesOfAn82574lReadAsOnTheCard() {
        assertThat(hex(0xC8, 8)).isEqualTo("01 d0 22 c8 00 20 00 00");
        assertThat(hex(0xD0, 16)).isEqualTo("05 e0 80 00 00 00 00 00 00 00 00 00 00 00 00 00");
        assertThat(hex(0xE0, 20)).isEqualTo("10 a0 01 00 c1 8c 00 00 10 28 00 00 11 1c 03 00 00 00 11 00");
        assertThat(hex(0xA0, 12)).isEqualTo("11 00 04 00 03 00 00 00 03 20 00 00");
        assertThat(hex(0x100, 16)).isEqualTo("01 00 01 14 00 00 00 00 00 00 00 00 10 20 06 00");
        assertThat(hex(0x110, 8)).isEqualTo("00 00 00 00 00 20 00 00");
        assertThat(hex(0x140, 12)).isEqualTo("03 00 01 00 33 22 11 ff ff 21 1b 00");
    }

    @Test
    void allOnesWrittenToABarReadBackAsItsSize() {
        config.write(0x10, 4, -1);
        config.write(0x14, 4, -1);
        config.write(0x18, 4, -1);
        config.write(0x1C, 4, -1);
        config.write(0x30, 4, -1);
        assertThat(config.read(0x10, 4)).isEqualTo(0xFFFE_0000);
        assertThat(config.read(0x14, 4)).isZero();
        assertThat(config.read(0x18, 4)).isEqualTo(0xFFFF_FFE1);
        assertThat(config.read(0x1C, 4)).isEqualTo(0xFFFF_C000);
        assertThat(config.read(0x30, 4)).isEqualTo(0xFFFF_0001);
    }

    @Test
    void wideBarSpansTwoRegisters() {
        ConfigSpace wide = ConfigSpace.builder(1, 2)
                .memoryBar64(2, 1L << 33, true)
                .memoryBar(4, 16)
                .build();
        wide.write(0x18, 4, -1);
        wide.write(0x1C, 4, -1);
        assertThat(wide.read(0x18, 4)).isEqualTo(0xC);
        assertThat(wide.read(0x1C, 4)).isEqualTo(0xFFFF_FFFE);
        wide.write(0x1C, 4, 0x12);
        assertThat(wide.bar(2).base()).isEqualTo(0x12_0000_0000L);
    }

    @Test
    void bytewiseWritesObeyTheMaskOfEachByte() {
        config.write(0x12, 1, 0xFF);
        assertThat(config.read(0x10, 4)).isEqualTo(0x00FE_0000);
        config.write(0x05, 1, 0xFF);
        assertThat(config.read(0x04, 2)).isEqualTo(0x0500);
        config.write(0x3C, 1, 11);
        assertThat(config.read(0x3C, 2)).isEqualTo(0x010B);
    }

    @Test
    void readOnlyBytesAndUnimplementedOnesIgnoreWrites() {
        byte[] before = config.dump();
        for (int offset : new int[] {0x00, 0x02, 0x08, 0x0A, 0x0E, 0x2C, 0x34, 0x40, 0xC8, 0xE4, 0x140, 0x144, 0xFFC}) {
            config.write(offset, 2, 0xFFFF);
        }
        assertThat(config.dump()).isEqualTo(before);
    }

    @Test
    void accessBeyondTheEndReadsAllOnesAndWritesNothing() {
        assertThat(config.read(4094, 4)).isEqualTo(-1);
        assertThat(config.read(-1, 1)).isEqualTo(-1);
        config.write(4095, 2, 0xFFFF);
        assertThat(config.read(4095, 1)).isZero();
    }

    @Test
    void statusErrorBitsAreClearedByWritingOne() {
        config.set16(ConfigSpace.STATUS, 0x3010);
        config.write(ConfigSpace.STATUS, 2, 0x1000);
        assertThat(config.read(ConfigSpace.STATUS, 2)).isEqualTo(0x2010);
    }

    @Test
    void commandGatesDecodingAndBusMaster() {
        assertThat(config.bar(0).isDecoded()).isFalse();
        config.write(ConfigSpace.COMMAND, 2, 0x2);
        assertThat(config.bar(0).isDecoded()).isTrue();
        assertThat(config.bar(2).isDecoded()).isFalse();
        assertThat(config.busMaster()).isFalse();
        config.write(ConfigSpace.COMMAND, 2, 0x5);
        assertThat(config.bar(0).isDecoded()).isFalse();
        assertThat(config.bar(2).isDecoded()).isTrue();
        assertThat(config.busMaster()).isTrue();
    }

    @Test
    void romDecodesOnlyWithBothEnables() {
        config.write(ConfigSpace.COMMAND, 2, 0x2);
        assertThat(config.bar(Bar.ROM_INDEX).isDecoded()).isFalse();
        config.write(0x30, 4, 0xE001_0001);
        assertThat(config.bar(Bar.ROM_INDEX).isDecoded()).isTrue();
        assertThat(config.bar(Bar.ROM_INDEX).base()).isEqualTo(0xE001_0000L);
        config.write(ConfigSpace.COMMAND, 2, 0);
        assertThat(config.bar(Bar.ROM_INDEX).isDecoded()).isFalse();
    }

    @Test
    void d3hotSwitchesOffAllButConfigurationSpace() {
        config.write(ConfigSpace.COMMAND, 2, 0x7);
        config.write(0xCC, 2, 0x3);
        assertThat(config.powerState()).isEqualTo(3);
        assertThat(config.memoryDecoded()).isFalse();
        assertThat(config.ioDecoded()).isFalse();
        assertThat(config.busMaster()).isFalse();
        assertThat(config.read(ConfigSpace.COMMAND, 2)).isEqualTo(0x7);
        config.write(0xCC, 2, 0);
        assertThat(config.memoryDecoded()).isTrue();
    }

    @Test
    void unsupportedPowerStateIsNotEntered() {
        config.write(0xCC, 2, 0x1);
        assertThat(config.powerState()).isZero();
        assertThat(config.read(0xCC, 2) & 3).isZero();
    }

    @Test
    void returnFromD3hotResetsAFunctionWithoutNoSoftReset() {
        TestFunction card = new TestFunction();
        card.configWrite(0x10, 4, 0xE000_0000);
        card.configWrite(0x04, 2, 0x6);
        card.configWrite(0xCC, 2, 0x3);
        card.configWrite(0xCC, 2, 0x0);
        assertThat(card.resets).isEqualTo(1);
        assertThat(card.configRead(0x10, 4)).isZero();
        assertThat(card.configRead(0x04, 2)).isZero();
        assertThat(card.config.busMaster()).isFalse();
    }

    @Test
    void hotResetKeepsStickyErrorBitsAndPowerOnDoesNot() {
        AdvancedErrorReporting errors = config.capability(AdvancedErrorReporting.class);
        errors.uncorrectable(AdvancedErrorReporting.POISONED_TLP, 1, 2, 3, 4);
        config.write(0x10, 4, 0xE000_0000);
        config.reset(ResetReason.HOT);
        assertThat(config.read(0x104, 4)).isEqualTo(AdvancedErrorReporting.POISONED_TLP);
        assertThat(config.read(0x11C, 4)).isEqualTo(1);
        assertThat(config.read(0x10, 4)).isZero();
        config.reset(ResetReason.POWER_ON);
        assertThat(config.read(0x104, 4)).isZero();
    }

    @Test
    void firstUncorrectableErrorKeepsTheHeaderLog() {
        AdvancedErrorReporting errors = config.capability(AdvancedErrorReporting.class);
        errors.uncorrectable(AdvancedErrorReporting.COMPLETION_TIMEOUT, 1, 2, 3, 4);
        errors.uncorrectable(AdvancedErrorReporting.POISONED_TLP, 9, 9, 9, 9);
        assertThat(config.read(0x118, 4) & 0x1F).isEqualTo(14);
        assertThat(config.read(0x128, 4)).isEqualTo(4);
        config.write(0x104, 4, -1);
        assertThat(config.read(0x104, 4)).isZero();
    }

    @Test
    void listenersHearWhatChangedAfterItChanged() {
        List<String> heard = new ArrayList<>();
        config.addListener(new ConfigSpace.Listener() {
            @Override
            public void commandChanged(int before, int now) {
                heard.add("command " + before + ">" + now + " master " + config.busMaster());
            }

            @Override
            public void barsChanged() {
                heard.add("bars");
            }

            @Override
            public void messagesChanged() {
                heard.add("messages");
            }

            @Override
            public void powerStateChanged(int before, int now) {
                heard.add("power " + before + ">" + now);
            }
        });
        config.write(0x04, 2, 0x4);
        config.write(0x04, 2, 0x4);
        config.write(0x10, 4, 0xE000_0000);
        config.write(0xD2, 2, 1);
        config.write(0xA2, 2, 0x8000);
        config.write(0xCC, 2, 3);
        assertThat(heard).containsExactly("command 0>4 master true", "bars", "messages", "messages", "power 0>3");
    }

    @Test
    void layoutMistakesAreRefusedWithTheReason() {
        ConfigSpaceBuilder builder = ConfigSpace.builder(1, 2).memoryBar64(0, 4096, false);
        assertThatThrownBy(() -> builder.memoryBar(1, 4096)).hasMessageContaining("BAR 1: already taken");
        assertThatThrownBy(() -> builder.memoryBar(2, 5000)).hasMessageContaining("power of two");
        builder.capability(0x50, new PowerManagement(0, 0));
        assertThatThrownBy(() -> builder.capability(0x54, new MsiCapability(1, true, false)))
                .hasMessageContaining("already taken");
        assertThatThrownBy(() -> builder.capability(0x140, new AdvancedErrorReporting()))
                .hasMessageContaining("must be at 0x100");
        assertThatThrownBy(() -> builder.capability(0x61, new MsiCapability(1, true, false)))
                .hasMessageContaining("multiple of 4");
    }

    @Test
    void payloadAndReadRequestSizesFollowDeviceControl() {
        PciExpress express = config.capability(PciExpress.class);
        assertThat(express.maxPayloadBytes()).isEqualTo(128);
        assertThat(express.maxReadRequestBytes()).isEqualTo(512);
        config.write(0xE8, 2, 0x5 << 12 | 0x7 << 5);
        assertThat(express.maxPayloadBytes()).isEqualTo(256);
        assertThat(express.maxReadRequestBytes()).isEqualTo(4096);
        express.setDeviceStatus(PciExpress.NON_FATAL_DETECTED);
        config.write(0xEA, 2, PciExpress.NON_FATAL_DETECTED);
        assertThat(config.read(0xEA, 2)).isZero();
    }

    @Test
    void msiGrantsVectorsAndHoldsMaskedOnesPending() {
        MsiCapability msi = new MsiCapability(4, false, true);
        ConfigSpace function = ConfigSpace.builder(1, 2).capability(0x50, msi).build();
        int[] told = {0};
        msi.onUnmask(() -> told[0]++);
        assertThat(function.read(0x52, 2)).isEqualTo(0x0104);
        function.write(0x54, 4, 0xFEE0_0003);
        function.write(0x58, 2, 0x47);
        function.write(0x52, 2, 1 | 1 << 4);
        assertThat(msi.address()).isEqualTo(0xFEE0_0000L);
        assertThat(msi.enabledVectors()).isEqualTo(2);
        assertThat(msi.data(0)).isEqualTo(0x46);
        assertThat(msi.data(1)).isEqualTo(0x47);
        function.write(0x5C, 4, 0x2);
        assertThat(msi.isMasked(1)).isTrue();
        msi.pending(1, true);
        assertThat(function.read(0x60, 4)).isEqualTo(0x2);
        assertThat(told[0]).isEqualTo(4);
    }
}
