package dev.doorbell.device.spi;

import dev.doorbell.bus.dma.DmaPort;
import dev.doorbell.bus.irq.InterruptPort;
import dev.doorbell.bus.time.Scheduler;
import dev.doorbell.bus.trace.Tracer;
import java.util.SplittableRandom;

/**
 * Everything a card is plugged into.
 *
 * @param name of this instance, for traces and seeds: "nic0"
 * @param nvm the card's non-volatile memory; the model loads and stores it through this port
 * @param timing when its internal steps happen
 * @param random the card's own stream, split from the world's seed by name
 * @param negotiationNs how long the card and its partner negotiate their link; {@link #AS_TIMED}: as long as the timing
 *     profile has it
 */
public record DeviceContext(
        String name,
        Scheduler scheduler,
        DmaPort dma,
        InterruptPort interrupts,
        LinkPort link,
        NvmStore nvm,
        Timing timing,
        SplittableRandom random,
        Tracer tracer,
        long negotiationNs) {
    /** For {@link #negotiationNs}: the timing profile says it. */
    public static final long AS_TIMED = -1;

    /** With a link that takes as long to come up as the timing profile has it. */
    public DeviceContext(
            String name,
            Scheduler scheduler,
            DmaPort dma,
            InterruptPort interrupts,
            LinkPort link,
            NvmStore nvm,
            Timing timing,
            SplittableRandom random,
            Tracer tracer) {
        this(name, scheduler, dma, interrupts, link, nvm, timing, random, tracer, AS_TIMED);
    }
}
