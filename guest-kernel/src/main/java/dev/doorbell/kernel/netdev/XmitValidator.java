package dev.doorbell.kernel.netdev;

import dev.doorbell.bus.wire.EtherType;
import dev.doorbell.bus.wire.EthernetHeader;
import dev.doorbell.bus.wire.VlanTag;
import dev.doorbell.kernel.skb.DropReason;
import dev.doorbell.kernel.skb.SkBuff;
import dev.doorbell.kernel.skb.SkbChecksum;
import dev.doorbell.kernel.skb.SkbSegmenter;
import org.jspecify.annotations.Nullable;

/** Does in software what a packet needs and its device cannot do, validate_xmit_skb. */
final class XmitValidator {
    private final SkbSegmenter segmenter = new SkbSegmenter();

    /**
     * Makes {@code skb} fit for the device.
     *
     * @return what to send, linked by next; null: it was dropped and counted
     */
    @Nullable
    SkBuff validate(SkBuff skb, NetDevice dev) {
        int checksums = checksumFeature(skb);
        if (skb.vlanPresent && !dev.hasFeature(Features.VLAN_TX) && !insertVlan(skb)) {
            return dropped(skb, dev, DropReason.NOMEM);
        }
        if (skb.gsoSize != 0) {
            if (hardwareSegments(skb, dev)) {
                return fitFragments(skb, dev) ? skb : dropped(skb, dev, DropReason.NOMEM);
            }
            return segment(skb, dev, checksums);
        }
        return finish(skb, dev, checksums);
    }

    private static boolean hardwareSegments(SkBuff skb, NetDevice dev) {
        int needed = skb.gsoType == SkBuff.GSO_TCPV4 ? Features.TSO : Features.TSO6;
        return dev.hasFeature(needed) && skb.length() <= dev.gsoMaxSize && skb.gsoSegments <= dev.gsoMaxSegs;
    }

    private @Nullable SkBuff segment(SkBuff skb, NetDevice dev, int checksums) {
        SkBuff first = segmenter.segment(skb, EthernetHeader.LENGTH + VlanTag.LENGTH + dev.neededHeadroom);
        if (first == null) {
            return dropped(skb, dev, DropReason.SKB_GSO_SEG);
        }
        SkBuff sent = null;
        SkBuff last = null;
        SkBuff segment = first;
        while (segment != null) {
            SkBuff following = segment.next;
            segment.next = null;
            SkBuff ready = finish(segment, dev, checksums);
            if (ready != null) {
                if (last == null) {
                    sent = ready;
                } else {
                    last.next = ready;
                }
                last = ready;
            }
            segment = following;
        }
        return sent;
    }

    /** A packet of wire size. */
    private @Nullable SkBuff finish(SkBuff skb, NetDevice dev, int checksums) {
        if (!fitFragments(skb, dev)) {
            return dropped(skb, dev, DropReason.NOMEM);
        }
        if (skb.ipSummed == SkBuff.CHECKSUM_PARTIAL && !dev.hasFeature(checksums) && !SkbChecksum.help(skb)) {
            return dropped(skb, dev, DropReason.SKB_CSUM);
        }
        return skb;
    }

    /** No driver here takes fragment lists; some take no fragments either. */
    private static boolean fitFragments(SkBuff skb, NetDevice dev) {
        if (skb.fragList == null && (skb.fragCount() == 0 || dev.hasFeature(Features.SG))) {
            return true;
        }
        return skb.linearize();
    }

    /** The features of which one must be there to checksum this packet in hardware. */
    private static int checksumFeature(SkBuff skb) {
        return switch (skb.protocol) {
            case EtherType.IPV4 -> Features.HW_CSUM | Features.IP_CSUM;
            case EtherType.IPV6 -> Features.HW_CSUM | Features.IPV6_CSUM;
            default -> Features.HW_CSUM;
        };
    }

    private static boolean insertVlan(SkBuff skb) {
        if (!skb.cow(VlanTag.LENGTH)) {
            return false;
        }
        VlanTags.insert(skb, skb.vlanTci);
        return true;
    }

    private static @Nullable SkBuff dropped(SkBuff skb, NetDevice dev, DropReason reason) {
        dev.stats.txDropped++;
        skb.drop(reason);
        return null;
    }
}
