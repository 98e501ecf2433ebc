package dev.doorbell.kernel.probe;

/**
 * Told what drivers do with the kernel's contracts. Every method does nothing by default; a kernel without a probe pays
 * one predictable branch per point.
 *
 * <p>Objects are the kernel's own and only stand for themselves: an {@code SkBuff}, a {@code Napi}, a {@code PciDev}; they
 * are not typed here because every package of the kernel stands above this one. {@code device} is the name of an interface
 * or of a PCI function. Unless said otherwise a point is reached before the call has its effect, so that a call which is
 * going to fail is seen, too. A probe must neither keep a packet alive nor call back, but where a point hands it something
 * to run.
 */
public interface KernelProbe {
    // ---- activities: what the processor runs; they nest

    /** A hard interrupt handler, or its thread when interrupts are threaded. */
    default void handlerBegins(int irq, String name) {}

    default void handlerEnds(int irq, String name, boolean handled) {}

    /** An item of a work queue, a timer's function. */
    default void taskBegins(String name) {}

    default void taskEnds(String name) {}

    // ---- context

    /** A task is about to sleep; may it or not. */
    default void sleeps(String caller) {}

    /** A call that may sleep was made where sleeping is forbidden. */
    default void sleepsInAtomic(String caller, String context, int preemptCount) {}

    /** smp_mb. */
    default void smpMb() {}

    // ---- locks

    /** @param heldByCaller the caller has it already: it would wait for itself */
    default void lockTaken(Object lock, String name, boolean sleeping, boolean irqsOff, boolean heldByCaller) {}

    default void lockReleased(Object lock, String name) {}

    // ---- NAPI

    default void napiEnabled(Object napi, String device, boolean wasEnabled) {}

    default void napiDisabled(Object napi, String device, boolean wasEnabled) {}

    /** @param irqsOff hard interrupts are off, as napi_schedule_irqoff demands */
    default void napiScheduled(Object napi, String device, boolean enabled, boolean wantsIrqsOff, boolean irqsOff) {}

    default void napiCompleted(Object napi, String device, int work, boolean wasScheduled) {}

    default void pollBegins(Object napi, String device, int budget) {}

    /** @param scheduled it is still on the poll list */
    default void pollEnds(Object napi, String device, int budget, int work, boolean scheduled) {}

    // ---- transmit queue

    default void xmitBegins(Object skb, String device) {}

    /** @param busy the driver has refused the packet: it is still the caller's */
    default void xmitEnds(Object skb, String device, boolean busy) {}

    /**
     * The driver has asked whether the doorbell may wait for another packet.
     *
     * @param wanted it may not
     */
    default void doorbellWanted(String device, boolean wanted) {}

    /** @param inFlight bytes sent and not completed, before this */
    default void queueSent(String device, int bytes, long inFlight) {}

    default void queueCompleted(String device, int packets, int bytes, long inFlight) {}

    default void queueReset(String device, long inFlight) {}

    /**
     * netif_stop_queue; packets are still accepted when this is called.
     *
     * @param stall holds this processor up right here while the card and other processors go on, if it runs a task that may
     *     be held up; for a model of several processors
     */
    default void queueStops(String device, Runnable stall) {}

    /** netif_stop_queue has been done: from now on no packet comes until the queue is started. */
    default void queueStopped(String device) {}

    /** netif_start_queue, netif_wake_queue. */
    default void queueStarts(String device) {}

    // ---- packets

    default void skbAllocated(Object skb) {}

    /** @param alreadyFree nobody has it any more */
    default void skbReleased(Object skb, boolean alreadyFree) {}

    /**
     * A packet that was freed, or that a probe watches, is looked at.
     *
     * @param call as Linux would write it
     */
    default void skbTouched(Object skb, String call) {}

    /** The driver hands a packet to the stack. */
    default void skbReceived(Object skb, String device) {}

    // ---- interrupts

    /** The handler is about to be installed: nothing fails any more. */
    default void irqRequested(int irq, String name, Object device) {}

    /** @param found there was such a handler */
    default void irqFreed(int irq, Object device, boolean found) {}

    /**
     * @param waits until the handler does not run: free_irq, disable_irq, synchronize_irq
     * @param inHandler in that handler, or anywhere else with interrupts off
     */
    default void irqDisabled(int irq, String call, boolean waits, boolean inHandler) {}

    /** @param balanced it had been disabled */
    default void irqEnabled(int irq, boolean balanced) {}

    default void vectorsAllocated(String device, int type, int count, int firstIrq) {}

    /** @param handled some of them still have a handler */
    default void vectorsFreed(String device, int count, boolean handled) {}

    // ---- devices

    default void deviceEnabled(String device, boolean wasEnabled) {}

    default void deviceDisabled(String device, boolean wasEnabled) {}

    /** A driver's probe is about to run. */
    default void driverBinds(String device, String driver) {}

    /** The driver's probe has succeeded: the device is its own. */
    default void driverBound(String device, String driver) {}

    /** The driver's remove has returned, or its probe has failed: nothing of it may be left. */
    default void driverLeft(String device, String driver) {}

    /**
     * register_netdev has succeeded.
     *
     * @param netdev the interface itself
     */
    default void interfaceRegistered(Object netdev, String device) {}

    default void interfaceUnregistered(String device) {}

    /** The driver of {@code device} has been told that this VLAN is used on it. */
    default void vlanAdded(String device, int vid) {}

    /** The driver has been told that it is not any more. */
    default void vlanKilled(String device, int vid) {}

    default void openBegins(String device) {}

    /** @param ok the interface is up */
    default void openEnds(String device, boolean ok) {}

    default void stopBegins(String device) {}

    default void stopEnds(String device, long bytesInFlight) {}

    // ---- timers and work

    /** Made; it belongs to whoever runs now. */
    default void timerMade(Object timer, String name) {}

    default void timerArmed(Object timer, String name) {}

    /** Expired or deleted. */
    default void timerDone(Object timer) {}

    default void workMade(Object work, String name) {}

    default void workQueued(Object work, String name) {}

    /** Has run, or was cancelled. */
    default void workDone(Object work) {}

    /** Somebody waits until it does not run, and it may be running. */
    default void workAwaited(Object work, String name) {}
}
