package dev.doorbell.device.i82574;

import dev.doorbell.bus.reg.Counter64;
import dev.doorbell.bus.reg.Register;

/**
 * Statistics: datasheet §10.2.7. All are cleared by reading and stick at all ones; a 64-bit pair is cleared by reading
 * its high half. Size bins and octets count the four FCS bytes, whether or not they are delivered.
 */
class StatisticsRegisters extends FilterRegisters {
    static final Register CRCERRS = MAP.get("CRCERRS");
    static final Register ALGNERRC = MAP.get("ALGNERRC");
    static final Register SYMERRS = MAP.get("SYMERRS");
    static final Register RXERRC = MAP.get("RXERRC");
    static final Register MPC = MAP.get("MPC");
    static final Register DC = MAP.get("DC");
    static final Register RLEC = MAP.get("RLEC");
    static final Register XONRXC = MAP.get("XONRXC");
    static final Register XONTXC = MAP.get("XONTXC");
    static final Register XOFFRXC = MAP.get("XOFFRXC");
    static final Register XOFFTXC = MAP.get("XOFFTXC");
    static final Register FCRUC = MAP.get("FCRUC");
    static final Register PRC64 = MAP.get("PRC64");
    static final Register PRC127 = MAP.get("PRC127");
    static final Register PRC255 = MAP.get("PRC255");
    static final Register PRC511 = MAP.get("PRC511");
    static final Register PRC1023 = MAP.get("PRC1023");
    static final Register PRC1522 = MAP.get("PRC1522");
    static final Register GPRC = MAP.get("GPRC");
    static final Register BPRC = MAP.get("BPRC");
    static final Register MPRC = MAP.get("MPRC");
    static final Register GPTC = MAP.get("GPTC");
    static final Counter64 GORC = MAP.getCounter64("GORCL", "GORCH");
    static final Counter64 GOTC = MAP.getCounter64("GOTCL", "GOTCH");
    static final Register RNBC = MAP.get("RNBC");
    static final Register RUC = MAP.get("RUC");
    static final Register RFC = MAP.get("RFC");
    static final Register ROC = MAP.get("ROC");
    static final Register RJC = MAP.get("RJC");
    static final Counter64 TOR = MAP.getCounter64("TORL", "TORH");
    static final Counter64 TOT = MAP.getCounter64("TOTL", "TOTH");
    static final Register TPR = MAP.get("TPR");
    static final Register TPT = MAP.get("TPT");
    static final Register PTC64 = MAP.get("PTC64");
    static final Register PTC127 = MAP.get("PTC127");
    static final Register PTC255 = MAP.get("PTC255");
    static final Register PTC511 = MAP.get("PTC511");
    static final Register PTC1023 = MAP.get("PTC1023");
    static final Register PTC1522 = MAP.get("PTC1522");
    static final Register MPTC = MAP.get("MPTC");
    static final Register BPTC = MAP.get("BPTC");
    static final Register TSCTC = MAP.get("TSCTC");
    static final Register TSCTFC = MAP.get("TSCTFC");
    static final Register IAC = MAP.get("IAC");
    static final Register ICRXPTC = MAP.get("ICRXPTC");
    static final Register ICRXATC = MAP.get("ICRXATC");
    static final Register ICTXPTC = MAP.get("ICTXPTC");
    static final Register ICTXATC = MAP.get("ICTXATC");
    static final Register ICTXQEC = MAP.get("ICTXQEC");
    static final Register ICTXQMTC = MAP.get("ICTXQMTC");
    static final Register ICRXDMTC = MAP.get("ICRXDMTC");
    static final Register ICRXOC = MAP.get("ICRXOC");
}
