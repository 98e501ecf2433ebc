package dev.doorbell.device.i82574;

import dev.doorbell.bus.reg.Counter64;
import dev.doorbell.bus.reg.Register;

/**
 * Statistics: datasheet §10.2.7. All are cleared by reading and stick at all ones; a 64-bit pair is cleared by reading
 * its high half. Size bins and octets count the four FCS bytes, whether or not they are delivered.
 */
class StatisticsRegisters extends FilterRegisters {
    static final Register CRCERRS = MAP.counter("CRCERRS", 0x04000); // FCS errors
    static final Register ALGNERRC = MAP.counter("ALGNERRC", 0x04004); // alignment errors
    static final Register SYMERRS = MAP.counter("SYMERRS", 0x04008); // symbol errors
    static final Register RXERRC = MAP.counter("RXERRC", 0x0400C); // RX_ER asserted
    static final Register MPC = MAP.counter("MPC", 0x04010); // missed: the FIFO was full
    static final Register SCC = MAP.counter("SCC", 0x04014); // single collisions
    static final Register ECOL = MAP.counter("ECOL", 0x04018); // excessive collisions
    static final Register MCC = MAP.counter("MCC", 0x0401C); // multiple collisions
    static final Register LATECOL = MAP.counter("LATECOL", 0x04020); // late collisions
    static final Register COLC = MAP.counter("COLC", 0x04028); // collisions
    static final Register DC = MAP.counter("DC", 0x04030); // deferrals
    static final Register TNCRS = MAP.counter("TNCRS", 0x04034); // sent without carrier sense
    static final Register SEC = MAP.counter("SEC", 0x04038); // sequence errors
    static final Register CEXTERR = MAP.counter("CEXTERR", 0x0403C); // carrier extension errors
    static final Register RLEC = MAP.counter("RLEC", 0x04040); // length field disagrees with the frame
    static final Register XONRXC = MAP.counter("XONRXC", 0x04048); // XON received
    static final Register XONTXC = MAP.counter("XONTXC", 0x0404C); // XON sent
    static final Register XOFFRXC = MAP.counter("XOFFRXC", 0x04050); // XOFF received
    static final Register XOFFTXC = MAP.counter("XOFFTXC", 0x04054); // XOFF sent
    static final Register FCRUC = MAP.counter("FCRUC", 0x04058); // unsupported flow control received
    static final Register PRC64 = MAP.counter("PRC64", 0x0405C); // received, 64 bytes with FCS
    static final Register PRC127 = MAP.counter("PRC127", 0x04060); // 65 to 127
    static final Register PRC255 = MAP.counter("PRC255", 0x04064); // 128 to 255
    static final Register PRC511 = MAP.counter("PRC511", 0x04068); // 256 to 511
    static final Register PRC1023 = MAP.counter("PRC1023", 0x0406C); // 512 to 1023
    static final Register PRC1522 = MAP.counter("PRC1522", 0x04070); // 1024 and more
    static final Register GPRC = MAP.counter("GPRC", 0x04074); // good packets received
    static final Register BPRC = MAP.counter("BPRC", 0x04078); // broadcast received
    static final Register MPRC = MAP.counter("MPRC", 0x0407C); // multicast received
    static final Register GPTC = MAP.counter("GPTC", 0x04080); // good packets sent
    static final Counter64 GORC = MAP.counter64("GORCL", "GORCH", 0x04088); // octets of good packets received
    static final Counter64 GOTC = MAP.counter64("GOTCL", "GOTCH", 0x04090); // octets of good packets sent
    static final Register RNBC = MAP.counter("RNBC", 0x040A0); // no host buffer: the frame had to wait
    static final Register RUC = MAP.counter("RUC", 0x040A4); // undersize, good FCS
    static final Register RFC = MAP.counter("RFC", 0x040A8); // fragments: short, bad FCS
    static final Register ROC = MAP.counter("ROC", 0x040AC); // oversize, good FCS
    static final Register RJC = MAP.counter("RJC", 0x040B0); // jabber: oversize, bad FCS
    static final Register MGTPRC = MAP.counter("MGTPRC", 0x040B4); // management packets received
    static final Register MGTPDC = MAP.counter("MGTPDC", 0x040B8); // management packets dropped
    static final Register MGTPTC = MAP.counter("MGTPTC", 0x040BC); // management packets sent
    static final Counter64 TOR = MAP.counter64("TORL", "TORH", 0x040C0); // octets received in all packets
    static final Counter64 TOT = MAP.counter64("TOTL", "TOTH", 0x040C8); // octets sent in all packets
    static final Register TPR = MAP.counter("TPR", 0x040D0); // all packets received
    static final Register TPT = MAP.counter("TPT", 0x040D4); // all packets sent
    static final Register PTC64 = MAP.counter("PTC64", 0x040D8); // sent, 64 bytes with FCS
    static final Register PTC127 = MAP.counter("PTC127", 0x040DC); // 65 to 127
    static final Register PTC255 = MAP.counter("PTC255", 0x040E0); // 128 to 255
    static final Register PTC511 = MAP.counter("PTC511", 0x040E4); // 256 to 511
    static final Register PTC1023 = MAP.counter("PTC1023", 0x040E8); // 512 to 1023
    static final Register PTC1522 = MAP.counter("PTC1522", 0x040EC); // 1024 and more
    static final Register MPTC = MAP.counter("MPTC", 0x040F0); // multicast sent
    static final Register BPTC = MAP.counter("BPTC", 0x040F4); // broadcast sent
    static final Register TSCTC = MAP.counter("TSCTC", 0x040F8); // TSO contexts completed
    static final Register TSCTFC = MAP.counter("TSCTFC", 0x040FC); // TSO contexts failed
    static final Register IAC = MAP.counter("IAC", 0x04100); // interrupt assertions
    static final Register ICRXPTC = MAP.counter("ICRXPTC", 0x04104); // interrupts by RX packet timer
    static final Register ICRXATC = MAP.counter("ICRXATC", 0x04108); // by RX absolute timer
    static final Register ICTXPTC = MAP.counter("ICTXPTC", 0x0410C); // by TX packet timer
    static final Register ICTXATC = MAP.counter("ICTXATC", 0x04110); // by TX absolute timer
    static final Register ICTXQEC = MAP.counter("ICTXQEC", 0x04118); // by TX queue empty
    static final Register ICTXQMTC = MAP.counter("ICTXQMTC", 0x0411C); // by TX queue low
    static final Register ICRXDMTC = MAP.counter("ICRXDMTC", 0x04120); // by RX minimum threshold
    static final Register ICRXOC = MAP.counter("ICRXOC", 0x04124); // by RX overrun
}
