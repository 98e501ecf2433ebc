package dev.doorbell.kernel.netfilter;

import dev.doorbell.bus.wire.IpProtocol;
import dev.doorbell.bus.wire.Ipv4Address;
import dev.doorbell.bus.wire.Ipv6Address;

/**
 * The two versions of IP, and how their addresses are written. Everywhere in the packet filter an address is two longs, the
 * first eight octets in the high one; an IPv4 address is ::ffff:a.b.c.d.
 */
public enum IpFamily {
    V4("iptables", 32, IpProtocol.ICMP),
    V6("ip6tables", 128, IpProtocol.ICMPV6);

    private final String program;
    private final int addressBits;
    private final int icmp;

    IpFamily(String program, int addressBits, int icmp) {
        this.program = program;
        this.addressBits = addressBits;
        this.icmp = icmp;
    }

    /** Whose words the rules are in: iptables or ip6tables. */
    public String program() {
        return program;
    }

    /** Bits of an address. */
    public int addressBits() {
        return addressBits;
    }

    /** The protocol number of ICMP. */
    public int icmp() {
        return icmp;
    }

    /**
     * Reads an address.
     *
     * @param option named in what is thrown
     * @return its high and low half
     */
    public long[] parse(String option, String text) throws RulesException {
        try {
            return this == V4 ? new long[] {0, Ipv6Address.ofV4(Ipv4Address.parse(text))} : Ipv6Address.parse(text);
        } catch (IllegalArgumentException e) {
            String example = this == V4 ? "an IPv4 address such as 192.168.7.2" : "an IPv6 address such as 2001:db8::2";
            throw new RulesException(option + " \"" + text + "\": must be " + example);
        }
    }

    /**
     * The mask of a prefix.
     *
     * @param bits 0 to {@link #addressBits}
     * @return its high and low half
     */
    public long[] mask(int bits) {
        int mapped = bits + Long.SIZE * 2 - addressBits;
        return new long[] {Ipv6Address.maskHigh(mapped), Ipv6Address.maskLow(mapped)};
    }

    public String format(long high, long low) {
        return this == V4 ? Ipv4Address.format((int) low) : Ipv6Address.format(high, low);
    }
}
