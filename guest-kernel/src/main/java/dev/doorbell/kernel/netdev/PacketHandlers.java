package dev.doorbell.kernel.netdev;

import dev.doorbell.kernel.skb.SkBuff;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Who gets received packets: one handler per Ethertype, and taps that see all of them. */
public final class PacketHandlers {
    private final @Nullable PacketHandler[] byType = new @Nullable PacketHandler[1 << 16];
    private PacketTap[] taps = new PacketTap[0];
    private @Nullable NetDevice[] tapDevices = new @Nullable NetDevice[0];

    /** Registers the handler of an Ethertype, host byte order; a second one for the same type is a bug. */
    public void add(int etherType, PacketHandler handler) {
        if (byType[etherType] != null) {
            throw new IllegalStateException("Ethertype 0x" + Integer.toHexString(etherType) + " has a handler already");
        }
        byType[etherType] = handler;
    }

    public void remove(int etherType) {
        byType[etherType] = null;
    }

    @Nullable
    PacketHandler of(int etherType) {
        return byType[etherType & 0xFFFF];
    }

    /** Lets {@code tap} see the packets of {@code dev}, or of all devices when null; in both directions. */
    public void addTap(@Nullable NetDevice dev, PacketTap tap) {
        int count = taps.length;
        taps = Arrays.copyOf(taps, count + 1);
        tapDevices = Arrays.copyOf(tapDevices, count + 1);
        taps[count] = tap;
        tapDevices[count] = dev;
    }

    /** Takes a tap out wherever it was added. */
    public void removeTap(PacketTap tap) {
        PacketTap[] oldTaps = taps;
        @Nullable NetDevice[] oldDevices = tapDevices;
        taps = new PacketTap[0];
        tapDevices = new @Nullable NetDevice[0];
        for (int i = 0; i < oldTaps.length; i++) {
            if (oldTaps[i] != tap) {
                addTap(oldDevices[i], oldTaps[i]);
            }
        }
    }

    boolean hasTaps() {
        return taps.length != 0;
    }

    void tap(SkBuff skb, NetDevice dev, boolean outgoing) {
        PacketTap[] listeners = taps;
        @Nullable NetDevice[] devices = tapDevices;
        for (int i = 0; i < listeners.length; i++) {
            if (devices[i] == null || devices[i] == dev) {
                listeners[i].packet(skb, dev, outgoing);
            }
        }
    }
}
