package dev.doorbell.kernel.netfilter.match;

import dev.doorbell.kernel.netfilter.RulesException;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** Names of IP protocols, as iptables reads and prints them. */
public final class Protocols {
    private static final Map<String, Integer> NUMBERS = new LinkedHashMap<>();
    private static final String[] NAMES = new String[256];

    static {
        String known = "tcp 6 udp 17 udplite 136 icmp 1 icmpv6 58 esp 50 ah 51 sctp 132 mh 135 igmp 2 ggp 3 ipencap 4 "
                + "st 5 egp 8 igp 9 pup 12 hmp 20 xns-idp 22 rdp 27 iso-tp4 29 dccp 33 xtp 36 ddp 37 idpr-cmtp 38 "
                + "ipv6 41 ipv6-route 43 ipv6-frag 44 idrp 45 rsvp 46 gre 47 skip 57 ipv6-nonxt 59 ipv6-opts 60 "
                + "rspf 73 vmtp 81 eigrp 88 ospf 89 ax.25 93 ipip 94 etherip 97 encap 98 pim 103 ipcomp 108 "
                + "vrrp 112 l2tp 115 isis 124 fc 133 mpls-in-ip 137 manet 138 hip 139 shim6 140 wesp 141 rohc 142 "
                + "ethernet 143 ipv6-icmp 58 ipv6-mh 135 mobility-header 135 all 0";
        String[] words = known.split(" ", -1);
        for (int i = 0; i < words.length; i += 2) {
            int number = Integer.parseInt(words[i + 1]);
            NUMBERS.put(words[i], number);
            if (NAMES[number] == null && number != 0) {
                NAMES[number] = words[i];
            }
        }
        NAMES[58] = "ipv6-icmp";
    }

    private Protocols() {}

    /** By number or name; 0 stands for all. */
    public static int parse(String option, String text) throws RulesException {
        Integer known = NUMBERS.get(text.toLowerCase(Locale.ROOT));
        if (known != null) {
            return known;
        }
        try {
            return (int) Values.number(option, text, 0, 255);
        } catch (RulesException e) {
            throw new RulesException(
                    option + " \"" + text + "\": must be the name of an IP protocol or a number from 0 to 255");
        }
    }

    /** Its name, or its number when it has none. */
    public static String name(int number) {
        return NAMES[number] == null ? Integer.toString(number) : NAMES[number];
    }
}
