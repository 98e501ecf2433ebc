package dev.doorbell.kernel.driver.small;

import dev.doorbell.kernel.GuestKernel;
import dev.doorbell.kernel.core.Errno;
import dev.doorbell.kernel.core.ErrnoException;
import dev.doorbell.kernel.core.Work;
import dev.doorbell.kernel.irq.IrqReturn;
import dev.doorbell.kernel.netdev.Napi;
import dev.doorbell.kernel.netdev.NetDevice;
import dev.doorbell.kernel.netdev.NetDeviceOps;
import dev.doorbell.kernel.netdev.NetdevTx;
import dev.doorbell.kernel.pci.IrqTypes;
import dev.doorbell.kernel.pci.Mmio;
import dev.doorbell.kernel.pci.PciDev;
import dev.doorbell.kernel.skb.SkBuff;

/** One card: reset, interrupts, poll loop, and the calls that the network stack makes. Sections are of the datasheet. */
final class SmallNic implements NetDeviceOps {
    // §10.2: device control, interrupts, receive, transmit, address
    static final int CTRL = 0x0000, STATUS = 0x0008, EECD = 0x0010, ICR = 0x00C0, IMS = 0x00D0, IMC = 0x00D8;
    static final int RCTL = 0x0100, TCTL = 0x0400, TIPG = 0x0410, MTA = 0x5200, RAL = 0x5400, RAH = 0x5404;
    private static final int CTRL_SLU = 1 << 6,
            CTRL_RST = 1 << 26,
            AUTO_READ = 1 << 9,
            STATUS_LU = 1 << 1,
            MTA_WORDS = 128;
    private static final int RCTL_EN = 1 << 1,
            RCTL_UPE = 1 << 3,
            RCTL_MPE = 1 << 4,
            RCTL_BAM = 1 << 15,
            RCTL_SECRC = 1 << 26;
    private static final int TCTL_EN = 1 << 1, TCTL_PSP = 1 << 3, TCTL_CT = 0x0F << 4, TCTL_COLD = 0x3F << 12;
    /** §7.4: descriptor written back, link status change, receive descriptors low, overrun, receive timer. */
    private static final int INTERRUPTS = 1 << 0 | 1 << 2 | 1 << 4 | 1 << 6 | 1 << 7;

    private static final int LINK_CHANGE = 1 << 2;
    /** §10.2.6.3: 8, 8 and 6 for full duplex. */
    private static final int TIPG_VALUE = 8 | 8 << 10 | 6 << 20;

    private static final long RESET_NS = 1_000_000, QUIET_NS = 10_000_000;
    private static final int RESET_TRIES = 50;

    private final GuestKernel kernel;
    private final PciDev dev;
    private final Mmio regs;
    private final NetDevice net;
    private final Napi napi;
    private final Work reset;
    private final SmallRx rx;
    private final SmallTx tx;

    SmallNic(GuestKernel kernel, PciDev dev) throws ErrnoException {
        this.kernel = kernel;
        this.dev = dev;
        regs = dev.pciIomap(0);
        net = NetDevice.allocEtherdev(kernel.net(), this, "eth%d");
        napi = net.netifNapiAdd(this::poll, Napi.NAPI_POLL_WEIGHT);
        reset = new Work(kernel.context().workqueue(), "small reset", this::restart);
        rx = new SmallRx(dev, regs, net, kernel.context().ram());
        tx = new SmallTx(dev, regs, net);
    }

    // ---- probe and remove

    void register() throws ErrnoException {
        resetCard();
        net.initAddress(address());
        dev.pciAllocIrqVectors(1, 1, IrqTypes.PCI_IRQ_MSI);
        try {
            net.registerNetdev();
        } catch (ErrnoException e) {
            dev.pciFreeIrqVectors();
            throw e;
        }
    }

    void unregister() {
        net.unregisterNetdev(); // closes it, if need be
        kernel.context().workqueue().cancelSync(reset, "small remove"); // one that is under way finds it closed
        net.netifNapiDel(napi);
        dev.pciFreeIrqVectors();
    }

    /** §4.6: after a reset every register has to be written anew, but the address, which the card reads from its NVM. */
    private void resetCard() throws ErrnoException {
        regs.write32(IMC, -1);
        int control = regs.read32(CTRL);
        if (control == -1) {
            throw new ErrnoException("reset", Errno.EIO); // the card is gone
        }
        regs.write32(CTRL, control | CTRL_RST);
        regs.read32(STATUS); // the write has arrived when this is answered
        for (int i = 0; i < RESET_TRIES; i++) {
            kernel.context().sleep(RESET_NS, "small reset");
            if ((regs.read32(CTRL) & CTRL_RST) == 0 && (regs.read32(EECD) & AUTO_READ) != 0) {
                regs.write32(IMC, -1);
                regs.read32(ICR);
                return;
            }
        }
        throw new ErrnoException("reset", Errno.EIO);
    }

    /** The card has loaded it from its NVM into the first receive address register. */
    private long address() {
        int low = regs.read32(RAL);
        int high = regs.read32(RAH);
        return Long.reverseBytes((high & 0xFFFFL) << 32 | low & 0xFFFF_FFFFL) >>> 16;
    }

    // ---- up and down

    @Override
    public void ndoOpen() throws ErrnoException {
        resetCard();
        rx.allocate();
        try {
            tx.allocate();
            dev.requestIrq(0, this::interrupt, net.name());
        } catch (ErrnoException e) {
            tx.free();
            rx.free();
            throw e;
        }
        for (int i = 0; i < MTA_WORDS; i++) {
            regs.write32(MTA + 4 * i, 0);
        }
        rx.start();
        tx.start();
        regs.write32(TIPG, TIPG_VALUE);
        regs.write32(TCTL, TCTL_EN | TCTL_PSP | TCTL_CT | TCTL_COLD);
        regs.write32(RCTL, receiveControl());
        rx.refill(); // the tail moves only while the receiver is on: §7.1.9
        napi.enable();
        net.netifStartQueue();
        regs.write32(CTRL, regs.read32(CTRL) | CTRL_SLU);
        regs.write32(IMS, INTERRUPTS);
        checkLink();
    }

    @Override
    public void ndoStop() {
        net.netifCarrierOff();
        net.netifStopQueue();
        regs.write32(IMC, -1);
        regs.read32(STATUS); // the mask has arrived when this is answered
        dev.synchronizeIrq(0);
        napi.disable();
        regs.write32(RCTL, 0);
        regs.write32(TCTL, 0);
        regs.read32(STATUS);
        kernel.context().sleep(QUIET_NS, "small stop"); // what is under way comes to its end
        dev.freeIrq(0);
        tx.free();
        rx.free();
    }

    /** Flags or address lists have changed: there is no table of groups here, the card takes all of them or none. */
    @Override
    public void ndoSetRxMode() {
        if (net.netifRunning()) {
            regs.write32(RCTL, receiveControl());
        }
    }

    private int receiveControl() {
        boolean groups = net.isAllMulticast() || net.multicast().size() > 0;
        return RCTL_EN
                | RCTL_BAM
                | RCTL_SECRC
                | (net.isPromiscuous() ? RCTL_UPE | RCTL_MPE : 0)
                | (groups ? RCTL_MPE : 0);
    }

    @Override
    public void ndoTxTimeout() {
        reset.schedule(); // this is a softirq, and stopping sleeps
    }

    private void restart() {
        net.net().rtnl().lock(); // not while the interface is opened or closed
        try {
            if (net.netifRunning()) {
                ndoStop();
                ndoOpen();
            }
        } catch (ErrnoException e) {
            net.netifDeviceDetach();
        } finally {
            net.net().rtnl().unlock();
        }
    }

    // ---- data

    @Override
    public NetdevTx ndoStartXmit(SkBuff skb, NetDevice from) {
        return tx.send(skb);
    }

    /** Hard IRQ: sees what it is, silences the card, leaves the work to the poll. */
    private IrqReturn interrupt() {
        int cause = regs.read32(ICR);
        if (cause == 0 || cause == -1) {
            return IrqReturn.NONE; // not ours, or the card is gone
        }
        regs.write32(IMC, -1);
        if ((cause & LINK_CHANGE) != 0) {
            checkLink();
        }
        napi.schedule();
        return IrqReturn.HANDLED;
    }

    private int poll(int budget) {
        tx.clean();
        int received = rx.clean(napi, budget);
        if (received == budget) {
            return budget; // more to do: called again, still silent; or netpoll, which calls with 0
        }
        if (napi.completeDone(received)) {
            regs.write32(IMS, INTERRUPTS);
        }
        return received;
    }

    private void checkLink() {
        int status = regs.read32(STATUS);
        if (status != -1 && (status & STATUS_LU) != 0) {
            net.netifCarrierOn();
        } else {
            net.netifCarrierOff();
        }
    }
}
