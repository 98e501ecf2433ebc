package dev.doorbell.bus.pci;

import dev.doorbell.bus.dma.PostedWrites;
import dev.doorbell.bus.irq.InterruptController;
import dev.doorbell.bus.irq.InterruptPort;
import dev.doorbell.bus.irq.MessageTarget;
import org.jspecify.annotations.Nullable;

/**
 * The interrupts of one function: INTx, MSI and MSI-X as its configuration space allows at this moment. Messages and
 * level changes take the queue of posted writes, so none overtakes the DMA before it.
 */
public final class FunctionInterrupts implements InterruptPort, PostedWrites.InterruptCompleter {
    private final int requesterId;
    private final MessageTarget target;
    private final InterruptController controller;
    private final PostedWrites posted;
    private final Changes changes = new Changes();
    private @Nullable ConfigSpace config;
    private boolean wanted;
    private boolean signalled;
    private boolean driven;
    private int line;
    private long messagesDropped;

    /** @param target takes messages, after the interrupt remapping check */
    public FunctionInterrupts(
            int requesterId, MessageTarget target, InterruptController controller, PostedWrites posted) {
        this.requesterId = requesterId;
        this.target = target;
        this.controller = controller;
        this.posted = posted;
        posted.completer(this);
    }

    void attach(ConfigSpace functionConfig) {
        config = functionConfig;
        line = Math.floorMod(
                Bdf.device(requesterId) + functionConfig.interruptPin() - 1, InterruptController.INTX_LINES);
        functionConfig.addListener(changes);
        MsixCapability msix = functionConfig.msix();
        if (msix != null) {
            msix.table().onUnmask(this::sendMsix);
        }
        MsiCapability msi = functionConfig.msi();
        if (msi != null) {
            msi.onUnmask(this::sendPendingMsi);
        }
        intx(wanted);
    }

    void detach() {
        if (config != null) {
            config.removeListener(changes);
            config = null;
        }
        signalled = false;
        completeIntx(false);
    }

    @Override
    public void intx(boolean asserted) {
        wanted = asserted;
        ConfigSpace now = config;
        if (now == null) {
            return;
        }
        now.interruptStatus(asserted);
        MsiCapability msi = now.msi();
        MsixCapability msix = now.msix();
        boolean allowed = now.interruptPin() != 0
                && !now.intxDisabled()
                && now.powerState() == 0
                && (msi == null || !msi.isEnabled())
                && (msix == null || !msix.isEnabled());
        boolean level = asserted && allowed;
        if (level != signalled) {
            signalled = level;
            posted.intx(level);
        }
    }

    @Override
    public void msi(int vector) {
        MsiCapability msi = config == null ? null : config.msi();
        if (msi == null || !msi.isEnabled() || vector < 0 || vector >= msi.vectors()) {
            messagesDropped++;
        } else if (msi.isMasked(vector)) {
            msi.pending(vector, true);
        } else {
            send(msi.address(), msi.data(vector));
        }
    }

    @Override
    public void msix(int vector) {
        MsixCapability msix = config == null ? null : config.msix();
        if (msix == null
                || !msix.isEnabled()
                || vector < 0
                || vector >= msix.table().size()) {
            messagesDropped++;
        } else if (msix.table().isMasked(vector)) {
            msix.table().pending(vector, true);
        } else {
            send(msix.table().address(vector), msix.table().data(vector));
        }
    }

    private void sendMsix(int vector) {
        msix(vector);
    }

    private void sendPendingMsi() {
        MsiCapability msi = config == null ? null : config.msi();
        if (msi == null || !msi.isEnabled()) {
            return;
        }
        for (int vector = 0; vector < msi.vectors(); vector++) {
            if (msi.isPending(vector) && !msi.isMasked(vector)) {
                msi.pending(vector, false);
                msi(vector);
            }
        }
    }

    private void send(long address, int data) {
        if (config == null || !config.busMaster()) {
            messagesDropped++;
            return;
        }
        posted.message(address, data);
    }

    @Override
    public void completeMessage(long address, int data) {
        if (!target.message(requesterId, address, data)) {
            messagesDropped++;
        }
    }

    @Override
    public void completeIntx(boolean asserted) {
        if (asserted != driven) {
            driven = asserted;
            controller.intx(line, asserted);
        }
    }

    /** Not enabled, no bus master, no such vector, or refused by remapping or controller. */
    public long messagesDropped() {
        return messagesDropped;
    }

    private final class Changes implements ConfigSpace.Listener {
        @Override
        public void commandChanged(int before, int now) {
            intx(wanted);
        }

        @Override
        public void messagesChanged() {
            intx(wanted);
        }

        @Override
        public void powerStateChanged(int before, int now) {
            intx(wanted);
        }
    }
}
