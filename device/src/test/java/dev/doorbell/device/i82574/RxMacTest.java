package dev.doorbell.device.i82574;

import static dev.doorbell.device.i82574.MacRegisters.*;
import static dev.doorbell.device.i82574.RxStatus.*;
import static org.assertj.core.api.Assertions.assertThat;

import dev.doorbell.bus.reg.Register;
import java.util.HexFormat;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RxMacTest {
    private static final int EN = 1 << 1, SBP = 1 << 2, UPE = 1 << 3, MPE = 1 << 4, LPE = 1 << 5, BAM = 1 << 15;
    private static final int VFE = 1 << 18, CFIEN = 1 << 19, CFI = 1 << 20, DPF = 1 << 22, PMCF = 1 << 23;
    private static final int SECRC = 1 << 26;
    private static final int SLU = 1 << 6, RFCE = 1 << 27, VME = 1 << 30;
    private static final byte[] BROADCAST = HexFormat.of().parseHex("ffffffffffff");
    private static final byte[] MULTICAST = HexFormat.of().parseHex("01aa00123456");
    private static final byte[] OTHER = HexFormat.of().parseHex("020000000099");
    private static final byte[] PAUSE_ADDRESS = HexFormat.of().parseHex("0180c2000001");

    private final RxBed bed = new RxBed();

    private boolean delivers(byte[] frame) {
        long before = bed.rx.truth().delivered;
        bed.sendAndRun(frame);
        return bed.rx.truth().delivered > before;
    }

    // ---- gates

    @Test
    void receiverOffLosesFramesWithoutCounting() {
        bed.up(8).write(RCTL, SECRC).sendAndRun(RxBed.frame(64));
        assertThat(bed.drops(RxDrop.RECEIVER_OFF)).isEqualTo(1);
        assertThat(bed.read(TPR)).isZero();
    }

    @Test
    void linkDownLosesFramesUnlessLoopedBack() {
        bed.up(8).regs.set(STATUS_LU, 0);
        assertThat(delivers(RxBed.frame(64))).isFalse();
        assertThat(bed.drops(RxDrop.LINK_DOWN)).isEqualTo(1);
        bed.write(RCTL, EN | SECRC | 1 << 6);
        assertThat(delivers(RxBed.frame(64))).isTrue();
    }

    // ---- length and FCS: bytes without FCS, good FCS, LPE -> counter, reason

    @ParameterizedTest
    @CsvSource({
        "59, true, false, RUC, RUNT",
        "14, true, false, RUC, RUNT",
        "0, true, false, RUC, RUNT",
        "59, false, false, RFC, FRAGMENT",
        "13, false, true, RFC, FRAGMENT",
        "1519, true, false, ROC, OVERSIZE",
        "9000, true, false, ROC, OVERSIZE",
        "16381, true, true, ROC, OVERSIZE",
        "1519, false, false, RJC, JABBER",
        "16381, false, true, RJC, JABBER",
        "60, false, false, CRCERRS, BAD_FCS",
        "1518, false, false, CRCERRS, BAD_FCS",
        "1519, false, true, CRCERRS, BAD_FCS",
    })
    void badFrameIsCountedAndLost(int bytes, boolean fcsGood, boolean lpe, String counter, RxDrop reason) {
        bed.up(64, SECRC | (lpe ? LPE : 0));
        bed.rx.receive(bed.on(RxBed.frame(bytes)).fcsGood(fcsGood).exactLength(true));
        bed.run();
        assertThat(bed.drops(reason)).isEqualTo(1);
        for (Register r : new Register[] {RUC, RFC, ROC, RJC, CRCERRS}) {
            assertThat(bed.read(r)).as(r.name()).isEqualTo(r.name().equals(counter) ? 1 : 0);
        }
        assertThat(bed.read(RLEC)).isEqualTo(reason == RxDrop.BAD_FCS ? 0 : 1);
        assertThat(bed.read(GPRC)).isZero();
        assertThat(bed.read(TPR)).isEqualTo(1);
        assertThat(bed.read(TOR.low())).isEqualTo(bytes + 4);
        assertThat(bed.accesses).isZero();
    }

    @ParameterizedTest
    @CsvSource({"60, false", "1518, false", "1519, true", "9018, true", "16380, true"})
    void frameWithinTheLimitsIsGood(int bytes, boolean lpe) {
        bed.write(PBA, 40);
        bed.rx.reset();
        bed.up(64, SECRC | (lpe ? LPE : 0));
        assertThat(delivers(RxBed.frame(bytes))).isTrue();
        assertThat(bed.read(GPRC)).isEqualTo(1);
        assertThat(bed.read(GORC.low())).isEqualTo(bytes + 4);
    }

    @ParameterizedTest
    @CsvSource({"40, true, 0", "1600, true, 0", "100, false, 1", "40, false, 1"})
    void storeBadPacketsDeliversThemMarked(int bytes, boolean fcsGood, int errors) {
        bed.up(64, SECRC | SBP);
        bed.rx.receive(bed.on(RxBed.frame(bytes)).fcsGood(fcsGood).exactLength(true));
        bed.run();
        assertThat(bed.legacyLength(0)).isEqualTo(bytes);
        assertThat(bed.legacyErrors(0)).isEqualTo(errors);
        assertThat(bed.legacyStatus(0)).isEqualTo(DD | EOP | IXSM);
        assertThat(bed.read(GPRC)).isZero();
    }

    @Test
    void storedBadFrameKeepsItsBadFcs() {
        bed.up(64, SBP);
        byte[] sent = RxBed.frame(60);
        bed.rx.receive(bed.on(sent).fcsGood(false));
        bed.run();
        CRC32 crc = new CRC32();
        crc.update(sent);
        assertThat(bed.ram.readInt(RxBed.buffer(0) + 60)).isNotEqualTo((int) crc.getValue());
    }

    @Test
    void everyTruncatedLengthIsHandled() {
        bed.up(64, SECRC | SBP | UPE | MPE);
        byte[] whole = RxBed.tagged(RxBed.frame(60), 5);
        for (int bytes = 0; bytes <= whole.length; bytes++) {
            bed.rx.receive(bed.on(java.util.Arrays.copyOf(whole, bytes)).exactLength(true));
        }
        bed.run();
        assertThat(bed.rx.truth().seen)
                .isEqualTo(bed.rx.truth().delivered + bed.rx.truth().allDrops());
        assertThat(bed.rx.truth().delivered).isEqualTo(whole.length - 13);
    }

    @ParameterizedTest
    @ValueSource(ints = {14, 42, 59})
    void shortFrameOfASoftwareNetworkIsPaddedWithZeros(int bytes) {
        bed.ram.fill(RxBed.buffer(0), 2048, 0xA5);
        bed.up(8).sendAndRun(RxBed.frame(bytes));
        assertThat(bed.legacyLength(0)).isEqualTo(60);
        assertThat(bed.bufferBytes(0, 60)).isEqualTo(java.util.Arrays.copyOf(RxBed.frame(bytes), 60));
        assertThat(bed.read(PRC64)).isEqualTo(1);
    }

    // ---- statistics

    @ParameterizedTest
    @CsvSource({
        "60, PRC64",
        "61, PRC127",
        "123, PRC127",
        "124, PRC255",
        "251, PRC255",
        "252, PRC511",
        "507, PRC511",
        "508, PRC1023",
        "1019, PRC1023",
        "1020, PRC1522",
        "1518, PRC1522"
    })
    void sizeBinsIncludeTheFcs(int bytes, String bin) {
        bed.up(8).sendAndRun(RxBed.frame(bytes));
        assertThat(bed.regs.peek(bin)).isEqualTo(1);
    }

    @Test
    void broadcastAndMulticastAreCountedApart() {
        bed.up(8, SECRC | BAM | MPE).send(RxBed.frame(BROADCAST, 60)).send(RxBed.frame(MULTICAST, 60));
        bed.sendAndRun(RxBed.frame(60));
        assertThat(bed.read(BPRC)).isEqualTo(1);
        assertThat(bed.read(MPRC)).isEqualTo(1);
        assertThat(bed.read(GPRC)).isEqualTo(3);
        assertThat(bed.read(GPRC)).as("cleared by reading").isZero();
    }

    // ---- address filter

    @Test
    void promiscuousBitsOpenTheFilterForTheirKindOnly() {
        assertThat(accepted(0)).isEqualTo("station");
        assertThat(accepted(BAM)).isEqualTo("station broadcast");
        assertThat(accepted(UPE)).isEqualTo("station unicast");
        assertThat(accepted(MPE)).isEqualTo("station multicast");
    }

    private String accepted(int rctl) {
        bed.up(64, SECRC | rctl);
        StringBuilder names = new StringBuilder();
        if (delivers(RxBed.frame(60))) names.append("station");
        if (delivers(RxBed.frame(BROADCAST, 60))) names.append(" broadcast");
        if (delivers(RxBed.frame(OTHER, 60))) names.append(" unicast");
        if (delivers(RxBed.frame(MULTICAST, 60))) names.append(" multicast");
        return names.toString();
    }

    @Test
    void anyValidReceiveAddressMatchesExactly() {
        bed.up(64);
        bed.regs.set(RAL, 14, 0x0000_0002);
        bed.regs.set(RAH, 14, 0x0000_9900);
        assertThat(delivers(RxBed.frame(OTHER, 60))).as("AV clear").isFalse();
        bed.regs.set(RAH, 14, 0x8001_9900);
        assertThat(delivers(RxBed.frame(OTHER, 60))).as("ASEL not destination").isFalse();
        bed.regs.set(RAH, 14, 0x8000_9900);
        assertThat(delivers(RxBed.frame(OTHER, 60))).isTrue();
    }

    @ParameterizedTest
    @CsvSource({"0, 0x563", "1, 0xAC6", "2, 0x58D", "3, 0x634"}) // of 0x5634: shifted by 4, 3, 2, 0
    void multicastHashIsChosenByMo(int offset, String hash) {
        int expected = Integer.decode(hash);
        assertThat(AddressFilter.multicastHash(0x5634, offset)).isEqualTo(expected);
        bed.up(8, SECRC | offset << 12);
        assertThat(delivers(RxBed.frame(MULTICAST, 60))).isFalse();
        bed.regs.set(MTA, expected >>> 5, 1 << (expected & 31));
        bed.sendAndRun(RxBed.frame(MULTICAST, 60));
        assertThat(bed.legacyStatus(0)).as("inexact").isEqualTo(DD | EOP | IXSM | PIF);
    }

    @Test
    void hashTableDoesNotAcceptUnicastOrBroadcast() {
        bed.up(8, SECRC);
        for (int i = 0; i < 128; i++) {
            bed.regs.set(MTA, i, -1);
        }
        assertThat(delivers(RxBed.frame(OTHER, 60))).isFalse();
        assertThat(delivers(RxBed.frame(BROADCAST, 60))).isFalse();
    }

    // ---- VLAN

    @Test
    void tagIsStrippedIntoTheDescriptor() {
        byte[] inner = RxBed.frame(96);
        bed.write(CTRL, SLU | VME).up(8).sendAndRun(RxBed.tagged(inner, 0xA123));
        assertThat(bed.bufferBytes(0, 96)).isEqualTo(inner);
        assertThat(bed.legacyLength(0)).isEqualTo(96);
        assertThat(bed.legacyTag(0)).isEqualTo(0xA123);
        assertThat(bed.legacyStatus(0)).isEqualTo(DD | EOP | IXSM | VP);
        assertThat(bed.read(GORC.low())).as("as on the wire").isEqualTo(104);
    }

    @Test
    void strippedFrameKeepsTheFcsOfTheWire() {
        byte[] onWire = RxBed.tagged(RxBed.frame(96), 7);
        bed.write(CTRL, SLU | VME).up(8, 0).sendAndRun(onWire);
        CRC32 crc = new CRC32();
        crc.update(onWire);
        assertThat(bed.ram.readInt(RxBed.buffer(0) + 96)).isEqualTo((int) crc.getValue());
    }

    @Test
    void tagStaysInlineWithoutVme() {
        byte[] onWire = RxBed.tagged(RxBed.frame(96), 7);
        bed.up(8).sendAndRun(onWire);
        assertThat(bed.bufferBytes(0, 100)).isEqualTo(onWire);
        assertThat(bed.legacyTag(0)).isZero();
        assertThat(bed.legacyStatus(0) & VP).isZero();
    }

    @Test
    void otherTagTypeIsNoTag() {
        bed.write(CTRL, SLU | VME).write(VET, 0x88A8).up(8).sendAndRun(RxBed.tagged(RxBed.frame(96), 7));
        assertThat(bed.legacyLength(0)).isEqualTo(100);
        assertThat(bed.legacyStatus(0) & VP).isZero();
    }

    @Test
    void vlanFilterPassesTheIdsOfItsTableAndUntaggedFrames() {
        bed.up(64, SECRC | VFE).regs.set(VFTA, 3, 1 << 4); // id 100
        assertThat(delivers(RxBed.tagged(RxBed.frame(60), 100))).isTrue();
        assertThat(delivers(RxBed.tagged(RxBed.frame(60), 0xE000 | 100))).isTrue();
        assertThat(delivers(RxBed.tagged(RxBed.frame(60), 101))).isFalse();
        assertThat(delivers(RxBed.frame(60))).isTrue();
        assertThat(bed.drops(RxDrop.VLAN_FILTER)).isEqualTo(1);
    }

    @Test
    void cfiIsComparedOnDemand() {
        bed.up(64, SECRC | VFE | CFIEN).regs.set(VFTA, 0, 1 << 5);
        assertThat(delivers(RxBed.tagged(RxBed.frame(60), 0x0005))).isTrue();
        assertThat(delivers(RxBed.tagged(RxBed.frame(60), 0x1005))).isFalse();
        bed.write(RCTL, EN | SECRC | VFE | CFIEN | CFI);
        assertThat(delivers(RxBed.tagged(RxBed.frame(60), 0x1005))).isTrue();
    }

    // ---- MAC control

    private static byte[] macControl(byte[] destination, int opcode, int quanta) {
        byte[] f = RxBed.frame(destination, 60);
        f[12] = (byte) 0x88;
        f[13] = 8;
        f[14] = (byte) (opcode >>> 8);
        f[15] = (byte) opcode;
        f[16] = (byte) (quanta >>> 8);
        f[17] = (byte) quanta;
        return f;
    }

    private void flowControl(int ctrl, int rctl) {
        bed.write(FCAL, 0x00C2_8001).write(FCAH, 0x0100).write(FCT, 0x8808).write(CTRL, SLU | ctrl);
        bed.up(64, SECRC | rctl);
    }

    @Test
    void pauseIsObeyedAndCounted() {
        flowControl(RFCE, 0);
        bed.sendAndRun(macControl(PAUSE_ADDRESS, 1, 0x1234));
        bed.sendAndRun(macControl(RxBed.STATION, 1, 0));
        assertThat(bed.pauses).containsExactly(0x1234, 0);
        assertThat(bed.read(XOFFRXC)).isEqualTo(1);
        assertThat(bed.read(XONRXC)).isEqualTo(1);
    }

    @Test
    void pauseIsIgnoredWithoutRfce() {
        flowControl(0, 0);
        bed.sendAndRun(macControl(PAUSE_ADDRESS, 1, 9));
        assertThat(bed.pauses).isEmpty();
        assertThat(bed.read(XOFFRXC)).isZero();
        assertThat(bed.drops(RxDrop.MAC_CONTROL)).isEqualTo(1);
    }

    @Test
    void dpfAndPmcfDecideWhatTheHostSees() {
        flowControl(RFCE, MPE);
        assertThat(delivers(macControl(PAUSE_ADDRESS, 1, 9))).isFalse();
        assertThat(delivers(macControl(RxBed.STATION, 1, 9))).isTrue();
        assertThat(delivers(macControl(PAUSE_ADDRESS, 2, 9))).isFalse();
        assertThat(bed.read(FCRUC)).isEqualTo(1);
        bed.write(RCTL, EN | SECRC | MPE | PMCF);
        assertThat(delivers(macControl(PAUSE_ADDRESS, 1, 9))).isTrue();
        assertThat(delivers(macControl(PAUSE_ADDRESS, 2, 9))).isTrue();
        bed.write(RCTL, EN | SECRC | MPE | PMCF | DPF);
        assertThat(delivers(macControl(RxBed.STATION, 1, 9))).isFalse();
        assertThat(delivers(macControl(PAUSE_ADDRESS, 1, 9))).isFalse();
    }
}
