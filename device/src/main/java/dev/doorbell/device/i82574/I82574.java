package dev.doorbell.device.i82574;

import static dev.doorbell.device.i82574.MacRegisters.*;

import dev.doorbell.bus.dma.DmaPort;
import dev.doorbell.bus.pci.Bar;
import dev.doorbell.bus.pci.ConfigSpace;
import dev.doorbell.bus.pci.MsiCapability;
import dev.doorbell.bus.pci.MsixCapability;
import dev.doorbell.bus.pci.MsixTable;
import dev.doorbell.bus.pci.PciErrors;
import dev.doorbell.bus.pci.PciFunction;
import dev.doorbell.bus.pci.PowerManagement;
import dev.doorbell.bus.pci.ResetReason;
import dev.doorbell.bus.reg.RegisterFile;
import dev.doorbell.bus.trace.Tracer;
import dev.doorbell.device.i82574.InterruptUnit.Mode;
import dev.doorbell.device.intel.Nvm;
import dev.doorbell.device.intel.Phy;
import dev.doorbell.device.spi.DeviceContext;
import dev.doorbell.device.spi.Frame;
import dev.doorbell.device.spi.Inspectable;
import dev.doorbell.device.spi.LinkPort;
import java.util.Objects;
import java.util.SortedMap;

/**
 * An Intel 82574L Gigabit Ethernet controller: the units and how they are wired, device control, resets, and the PCI
 * Express function around them.
 *
 * <p>Owns all state of the card. Everything happens on the world's thread, in register accesses and in scheduled steps.
 */
public final class I82574 implements PciFunction, LinkPort.Receiver, ConfigSpace.Listener, Inspectable {
    /**
     * Shorter than what a driver does between restarting the PHY and looking at STATUS: a link that comes up between two
     * reads fails the register test of Linux ({@code ethtool -t}), which on copper it never meets.
     */
    private static final long NEGOTIATION_ZERO_NS = 1_000_000L;

    private static final long NEGOTIATION_REALISTIC_NS = 2_500_000_000L;
    /** Drivers wait 4.5 s. */
    private static final long NEGOTIATION_MAX_NS = 4_000_000_000L;

    private static final long ALL_ONES = -1;
    /** Of the first dword of a packet's header: an I/O request, a request with data. */
    private static final int TLP_IO = 0x0200_0000, TLP_WRITE = 0x4000_0000;

    private static final int D3_HOT = 3;

    private final RegisterFile regs = MacRegisters.newFile();
    private final ConfigSpace config;
    private final MsiCapability msi;
    private final MsixCapability msix;
    private final MsixTable vectors;
    private final IoWindow io = new IoWindow(regs);
    private final MasterGate master = new MasterGate(regs);
    private final Phy phy;
    private final NvmUnit nvm;
    private final InterruptUnit interrupts;
    private final LinkUnit link;
    private final LoopbackQueue loopback;
    private final TransmitMac mac;
    private final TransmitEngine transmit;
    private final RxEngine receive;
    private final TimeSyncUnit timeSync;
    private final WakeUnit wake;
    private final PciErrors errors;
    /** The BAR at which the registers answer; none while memory is not decoded. */
    private int registerBar = -1;

    private final Leds leds;
    private final long[] framesAtLook = new long[Leds.COUNT];
    private boolean phyResetHeld;
    private boolean quiesced;

    /** Built, powered on and reset; the cable is looked at at once. */
    public I82574(DeviceContext context) {
        Nvm words = new Nvm(context.nvm(), NvmUnit.defaultImage());
        config = ConfigLayout.build(words);
        msi = Objects.requireNonNull(config.msi());
        msix = Objects.requireNonNull(config.msix());
        vectors = msix.table();
        StepTimer steps = new StepTimer(context.scheduler(), context.timing(), context.random());
        interrupts = new InterruptUnit(regs, context.interrupts(), steps, vectors, context.tracer());
        phy = new Phy(
                PhyRegisters.MAP,
                context.scheduler(),
                negotiationNs(context),
                context.link().advertisesPause(),
                this::phyLinkChanged);
        link = new LinkUnit(regs, interrupts, phy, this::linkChanged);
        nvm = new NvmUnit(regs, words, context.scheduler());
        errors = new PciErrors(config);
        DmaPort dma = new RequesterStatus(context.dma(), errors);
        loopback = new LoopbackQueue(steps, this::receiveLooped, this::receiverMakesRoom);
        leds = new Leds(regs, context.scheduler());
        timeSync = new TimeSyncUnit(regs, context.scheduler());
        mac = new TransmitMac(regs, context.link(), phy, loopback, timeSync, context.tracer());
        transmit =
                new TransmitEngine(regs, dma, interrupts, steps, master, link, context.link(), mac, context.tracer());
        receive = new RxEngine(
                regs,
                dma,
                context.link(),
                interrupts,
                transmit.flowControl(),
                timeSync,
                steps,
                master,
                context.tracer());
        new MdioUnit(regs, interrupts, phy);
        PowerManagement power = Objects.requireNonNull(config.capability(PowerManagement.class));
        wake = new WakeUnit(regs, power, context.tracer());
        regs.onWrite(POEMB, written -> followPower());
        regs.onWrite(CTRL, this::controlWritten);
        regs.onWrite(RCTL, this::receiveControlWritten);
        regs.onWrite(RDTR, this::receiveDelayWritten);
        regs.onWrite(CTRL_EXT, this::extendedControlWritten);
        regs.onRead(STATUS, this::readStatus);
        regs.onWrite(PBACLR, interrupts::clearPending);
        regs.onStray((offset, isWrite, written) -> trace(context.tracer(), offset, isWrite, written));
        config.addListener(this);
        resetUnits();
        context.link().attach(this);
        phy.carrier(context.link().carrier());
        followConfig();
    }

    /** An access that no register takes: harmless, but a driver should not make it. */
    private static void trace(Tracer tracer, int offset, boolean isWrite, int written) {
        if (tracer.isOn()) {
            String at = "offset=0x" + Integer.toHexString(offset);
            tracer.event("82574L", "mmio.stray", isWrite ? at + " written=0x" + Integer.toHexString(written) : at);
        }
    }

    private static long negotiationNs(DeviceContext context) {
        if (context.negotiationNs() != DeviceContext.AS_TIMED) {
            return context.negotiationNs();
        }
        return switch (context.timing()) {
            case ZERO -> NEGOTIATION_ZERO_NS;
            case REALISTIC -> NEGOTIATION_REALISTIC_NS;
            case HOSTILE -> context.random().nextLong(NEGOTIATION_ZERO_NS, NEGOTIATION_MAX_NS);
        };
    }

    @Override
    public RegisterFile registers() {
        return regs;
    }

    /** How the function shows errors on PCI Express; also to inject some. */
    public PciErrors errors() {
        return errors;
    }

    /**
     * Whether a light on the bracket is lit at this moment. Activity is what has passed since the last look at that light.
     *
     * @param led 0 to 2
     */
    public boolean isLedLit(int led) {
        long frames = receive.truth().seen + mac.truth().sent;
        boolean activity = frames != framesAtLook[led];
        framesAtLook[led] = frames;
        return leds.isLit(led, activity);
    }

    /** The part behind MDIC, also for what may happen to its cable. */
    public Phy phy() {
        return phy;
    }

    @Override
    public SortedMap<String, Long> trueCounters() {
        SortedMap<String, Long> all = receive.truth().byName();
        mac.truth().addTo(all);
        all.put("carrier.losses", phy.carrierLosses());
        all.put("wake.ups", wake.wakeUps());
        return all;
    }

    // ---- device control

    private void controlWritten(int written) {
        boolean phyReset = CTRL_PHY_RST.isSet(written);
        if (CTRL_RST.isSet(written)) {
            softReset();
        } else {
            link.update();
            kick();
        }
        if (phyReset && !phyResetHeld) {
            phy.reset();
            regs.set(STATUS_PHYRA, 1);
        }
        phyResetHeld = phyReset;
    }

    /** In place of the receive side's own hook, because RCTL.LBM also lets transmission go on without a link. */
    private void receiveControlWritten(int written) {
        receive.controlWritten(written);
        transmit.kick();
    }

    /** In place of the interrupt unit's own hook: FPD is about descriptors too. */
    private void receiveDelayWritten(int written) {
        receive.delayWritten(written);
        interrupts.flushWritten(written);
    }

    private void extendedControlWritten(int written) {
        if (CTRL_EXT_EE_RST.isSet(written)) {
            nvm.load();
        }
        link.update();
    }

    /** GIO_MASTER_ENABLE: drops when software asks for it and the last outstanding request is done. */
    private int readStatus(int stored) {
        boolean silent = regs.isSet(CTRL_GIO_MASTER_DISABLE) && !transmit.isBusy() && !receive.isBusy();
        return silent ? stored & ~STATUS_GIO_MASTER_ENABLE.mask() : stored;
    }

    /** CTRL.RST: the MAC only. Configuration space, PHY, link and the sticky registers stay as they are. */
    private void softReset() {
        regs.softReset();
        resetUnits();
        followPower();
    }

    private void resetUnits() {
        transmit.reset();
        receive.reset();
        loopback.reset();
        interrupts.reset();
        timeSync.reset();
        nvm.load();
        link.reload();
    }

    /** Every gate that opens comes by here. */
    private void kick() {
        transmit.kick();
        receive.kick();
    }

    // ---- wire

    private void phyLinkChanged(boolean up) {
        link.update();
    }

    private void linkChanged(boolean up) {
        if (wake.isAsleep()) {
            wake.linkChanged();
        }
        kick();
    }

    /** From the wire: deaf while what is sent is looped back; asleep, a frame can only wake. */
    @Override
    public void receive(Frame frame) {
        if (wake.isAsleep()) {
            if (link.isUp()) {
                wake.frame(frame);
            }
            receive.lose(RxDrop.ASLEEP);
        } else if (mac.loopsBack()) {
            receive.lose(RxDrop.LOOPED_BACK);
        } else {
            receive.receive(frame);
        }
    }

    private void receiveLooped(Frame frame) {
        receive.receive(frame);
    }

    private boolean receiverMakesRoom(int frameBytes) {
        return receive.makesRoom(frameBytes);
    }

    @Override
    public boolean hasRoom(int frameBytes) {
        return receive.hasRoom(frameBytes);
    }

    @Override
    public void carrierChanged(boolean up) {
        phy.carrier(up);
    }

    // ---- PCI Express function

    @Override
    public int configRead(int offset, int bytes) {
        return config.read(offset, bytes);
    }

    @Override
    public void configWrite(int offset, int bytes, int value) {
        config.write(offset, bytes, value);
    }

    @Override
    public ConfigSpace config() {
        return config;
    }

    @Override
    public int mmioRead32(int bar, int offset) {
        if (bar == registerBar && (offset & -ConfigLayout.REGISTER_BAR_BYTES) == 0) {
            return regs.read(offset);
        }
        return (int) barRead(bar, offset, 4);
    }

    @Override
    public void mmioWrite32(int bar, int offset, int value) {
        if (bar == registerBar && (offset & -ConfigLayout.REGISTER_BAR_BYTES) == 0) {
            regs.write(offset, value);
        } else {
            barWrite(bar, offset, 4, value & 0xFFFF_FFFFL);
        }
    }

    @Override
    public long barRead(int bar, long offset, int bytes) {
        if (!decodes(bar, offset, bytes)) {
            unsupported(bar, offset, bytes, false);
            return ALL_ONES;
        }
        return switch (bar) {
            case ConfigLayout.REGISTER_BAR -> regs.read((int) offset, bytes);
            case ConfigLayout.IO_BAR -> io.read(offset, bytes) & 0xFFFF_FFFFL;
            case ConfigLayout.MSIX_BAR -> vectors.read(offset, bytes);
            default -> ALL_ONES >>> 64 - 8 * bytes; // the flash is not fitted
        };
    }

    @Override
    public void barWrite(int bar, long offset, int bytes, long value) {
        if (!decodes(bar, offset, bytes)) {
            unsupported(bar, offset, bytes, true);
            return;
        }
        switch (bar) {
            case ConfigLayout.REGISTER_BAR -> regs.write((int) offset, bytes, value);
            case ConfigLayout.IO_BAR -> io.write(offset, bytes, (int) value);
            case ConfigLayout.MSIX_BAR -> {
                vectors.write(offset, bytes, value);
                interrupts.tableWritten();
            }
            default -> {} // the flash is not fitted
        }
    }

    /** The BAR is there, decoded and large enough. */
    private boolean decodes(int bar, long offset, int bytes) {
        return switch (bar) {
            case ConfigLayout.REGISTER_BAR ->
                config.memoryDecoded() && isInside(offset, bytes, ConfigLayout.REGISTER_BAR_BYTES);
            case ConfigLayout.FLASH_BAR ->
                config.memoryDecoded() && isInside(offset, bytes, ConfigLayout.FLASH_BAR_BYTES);
            case ConfigLayout.IO_BAR -> config.ioDecoded() && isInside(offset, bytes, ConfigLayout.IO_BAR_BYTES);
            case ConfigLayout.MSIX_BAR ->
                config.memoryDecoded() && isInside(offset, bytes, ConfigLayout.MSIX_BAR_BYTES);
            default -> false;
        };
    }

    /** Whoever asks for what is not decoded, in D3 for instance, gets the answer of PCI Express §6.2.3.1. */
    private void unsupported(int bar, long offset, int bytes, boolean isWrite) {
        boolean io = bar == ConfigLayout.IO_BAR;
        int header = (io ? TLP_IO : 0) | (isWrite ? TLP_WRITE : 0) | 1;
        Bar window = bar >= 0 && bar <= 5 ? config.bar(bar) : null;
        int address = (int) ((window == null ? 0 : window.base()) + offset);
        errors.unsupportedRequest(isWrite && !io, header, (1 << Math.min(bytes, 4)) - 1, address & ~3);
    }

    private static boolean isInside(long offset, int bytes, int size) {
        return offset >= 0 && offset <= size - bytes;
    }

    @Override
    public void commandChanged(int before, int now) {
        followConfig();
    }

    @Override
    public void messagesChanged() {
        interrupts.tableWritten();
        followConfig();
    }

    @Override
    public void powerStateChanged(int before, int now) {
        wake.powerState(now);
        followConfig();
        followPower();
        if (before == D3_HOT && now == 0) {
            reset(ResetReason.D3_TO_D0);
        }
    }

    /** What the PHY may do in this power state: LPLU and power-down. */
    private void followPower() {
        boolean awake = !wake.isAsleep();
        phy.lowestSpeedOnly(regs.isSet(awake ? POEMB_D0A_LPLU : POEMB_NOND0A_LPLU));
        phy.sleep(!awake && regs.isSet(CTRL_EXT_PHYPDEN) && !wake.needsLink());
    }

    /** Bus mastering, power state and the message enables may have changed. */
    private void followConfig() {
        registerBar = config.memoryDecoded() ? ConfigLayout.REGISTER_BAR : -1;
        Mode mode = Mode.INTX;
        if (msix.isEnabled()) {
            mode = Mode.MSIX;
        } else if (msi.isEnabled()) {
            mode = Mode.MSI;
        }
        boolean masters = config.busMaster() && !quiesced;
        boolean awake = config.powerState() == 0 && !quiesced;
        interrupts.mode(mode, mode == Mode.INTX ? awake : masters);
        if (master.allowed(masters)) {
            kick();
        }
    }

    /** Everything but the cable: there is no function-level reset on this part, so that reason is a hot reset. */
    @Override
    public void reset(ResetReason reason) {
        quiesced = false;
        phyResetHeld = false;
        io.reset();
        phy.reset();
        if (reason == ResetReason.POWER_ON) {
            regs.reset();
        } else {
            regs.busReset();
        }
        resetUnits();
        config.reset(reason);
        followConfig();
        followPower();
    }

    @Override
    public void quiesce() {
        quiesced = true;
        nvm.save();
        transmit.reset();
        receive.reset();
        loopback.reset();
        followConfig();
    }
}
