package dev.doorbell.kernel.probe;

/** A probe that passes every point on to another one; to be subclassed by who wants to be told of some of them as well. */
public abstract class ForwardingProbe implements KernelProbe {
    private final KernelProbe inner;

    protected ForwardingProbe(KernelProbe inner) {
        this.inner = inner;
    }

    @Override
    public void handlerBegins(int irq, String name) {
        inner.handlerBegins(irq, name);
    }

    @Override
    public void handlerEnds(int irq, String name, boolean handled) {
        inner.handlerEnds(irq, name, handled);
    }

    @Override
    public void taskBegins(String name) {
        inner.taskBegins(name);
    }

    @Override
    public void taskEnds(String name) {
        inner.taskEnds(name);
    }

    @Override
    public void sleeps(String caller) {
        inner.sleeps(caller);
    }

    @Override
    public void sleepsInAtomic(String caller, String context, int preemptCount) {
        inner.sleepsInAtomic(caller, context, preemptCount);
    }

    @Override
    public void smpMb() {
        inner.smpMb();
    }

    @Override
    public void lockTaken(Object lock, String name, boolean sleeping, boolean irqsOff, boolean heldByCaller) {
        inner.lockTaken(lock, name, sleeping, irqsOff, heldByCaller);
    }

    @Override
    public void lockReleased(Object lock, String name) {
        inner.lockReleased(lock, name);
    }

    @Override
    public void napiEnabled(Object napi, String device, boolean wasEnabled) {
        inner.napiEnabled(napi, device, wasEnabled);
    }

    @Override
    public void napiDisabled(Object napi, String device, boolean wasEnabled) {
        inner.napiDisabled(napi, device, wasEnabled);
    }

    @Override
    public void napiScheduled(Object napi, String device, boolean enabled, boolean wantsIrqsOff, boolean irqsOff) {
        inner.napiScheduled(napi, device, enabled, wantsIrqsOff, irqsOff);
    }

    @Override
    public void napiCompleted(Object napi, String device, int work, boolean wasScheduled) {
        inner.napiCompleted(napi, device, work, wasScheduled);
    }

    @Override
    public void pollBegins(Object napi, String device, int budget) {
        inner.pollBegins(napi, device, budget);
    }

    @Override
    public void pollEnds(Object napi, String device, int budget, int work, boolean scheduled) {
        inner.pollEnds(napi, device, budget, work, scheduled);
    }

    @Override
    public void xmitBegins(Object skb, String device) {
        inner.xmitBegins(skb, device);
    }

    @Override
    public void xmitEnds(Object skb, String device, boolean busy) {
        inner.xmitEnds(skb, device, busy);
    }

    @Override
    public void doorbellWanted(String device, boolean wanted) {
        inner.doorbellWanted(device, wanted);
    }

    @Override
    public void queueSent(String device, int bytes, long inFlight) {
        inner.queueSent(device, bytes, inFlight);
    }

    @Override
    public void queueCompleted(String device, int packets, int bytes, long inFlight) {
        inner.queueCompleted(device, packets, bytes, inFlight);
    }

    @Override
    public void queueReset(String device, long inFlight) {
        inner.queueReset(device, inFlight);
    }

    @Override
    public void queueStops(String device, Runnable stall) {
        inner.queueStops(device, stall);
    }

    @Override
    public void queueStopped(String device) {
        inner.queueStopped(device);
    }

    @Override
    public void queueStarts(String device) {
        inner.queueStarts(device);
    }

    @Override
    public void skbAllocated(Object skb) {
        inner.skbAllocated(skb);
    }

    @Override
    public void skbReleased(Object skb, boolean alreadyFree) {
        inner.skbReleased(skb, alreadyFree);
    }

    @Override
    public void skbTouched(Object skb, String call) {
        inner.skbTouched(skb, call);
    }

    @Override
    public void skbReceived(Object skb, String device) {
        inner.skbReceived(skb, device);
    }

    @Override
    public void irqRequested(int irq, String name, Object device) {
        inner.irqRequested(irq, name, device);
    }

    @Override
    public void irqFreed(int irq, Object device, boolean found) {
        inner.irqFreed(irq, device, found);
    }

    @Override
    public void irqDisabled(int irq, String call, boolean waits, boolean inHandler) {
        inner.irqDisabled(irq, call, waits, inHandler);
    }

    @Override
    public void irqEnabled(int irq, boolean balanced) {
        inner.irqEnabled(irq, balanced);
    }

    @Override
    public void vectorsAllocated(String device, int type, int count, int firstIrq) {
        inner.vectorsAllocated(device, type, count, firstIrq);
    }

    @Override
    public void vectorsFreed(String device, int count, boolean handled) {
        inner.vectorsFreed(device, count, handled);
    }

    @Override
    public void deviceEnabled(String device, boolean wasEnabled) {
        inner.deviceEnabled(device, wasEnabled);
    }

    @Override
    public void deviceDisabled(String device, boolean wasEnabled) {
        inner.deviceDisabled(device, wasEnabled);
    }

    @Override
    public void driverBinds(String device, String driver) {
        inner.driverBinds(device, driver);
    }

    @Override
    public void driverBound(String device, String driver) {
        inner.driverBound(device, driver);
    }

    @Override
    public void interfaceRegistered(Object netdev, String device) {
        inner.interfaceRegistered(netdev, device);
    }

    @Override
    public void interfaceUnregistered(String device) {
        inner.interfaceUnregistered(device);
    }

    @Override
    public void vlanAdded(String device, int vid) {
        inner.vlanAdded(device, vid);
    }

    @Override
    public void vlanKilled(String device, int vid) {
        inner.vlanKilled(device, vid);
    }

    @Override
    public void driverLeft(String device, String driver) {
        inner.driverLeft(device, driver);
    }

    @Override
    public void openBegins(String device) {
        inner.openBegins(device);
    }

    @Override
    public void openEnds(String device, boolean ok) {
        inner.openEnds(device, ok);
    }

    @Override
    public void stopBegins(String device) {
        inner.stopBegins(device);
    }

    @Override
    public void stopEnds(String device, long bytesInFlight) {
        inner.stopEnds(device, bytesInFlight);
    }

    @Override
    public void timerMade(Object timer, String name) {
        inner.timerMade(timer, name);
    }

    @Override
    public void timerArmed(Object timer, String name) {
        inner.timerArmed(timer, name);
    }

    @Override
    public void timerDone(Object timer) {
        inner.timerDone(timer);
    }

    @Override
    public void workMade(Object work, String name) {
        inner.workMade(work, name);
    }

    @Override
    public void workQueued(Object work, String name) {
        inner.workQueued(work, name);
    }

    @Override
    public void workDone(Object work) {
        inner.workDone(work);
    }

    @Override
    public void workAwaited(Object work, String name) {
        inner.workAwaited(work, name);
    }
}
