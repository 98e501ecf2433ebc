package dev.doorbell.kernel.netdev;

import dev.doorbell.kernel.core.Errno;
import dev.doorbell.kernel.core.ErrnoException;

/** What ethtool asks a driver; anything not implemented answers EOPNOTSUPP. Task context. */
public interface EthtoolOps {
    /** ethtool -i. */
    record DrvInfo(String driver, String version, String firmware, String busInfo) {}

    /** ethtool DEV. {@code advertising} and {@code supported} are ETHTOOL_LINK_MODE bits; speed in Mb/s, -1 unknown. */
    record LinkSettings(
            int speed, boolean fullDuplex, boolean autoneg, int supported, int advertising, int phyAddress) {}

    /** ethtool -g, entries. */
    record RingParam(int rxMax, int txMax, int rx, int tx) {}

    /** ethtool -c, microseconds; in e1000e rx 1 is "dynamic", 3 "dynamic conservative". */
    record Coalesce(int rxUsecs, int txUsecs) {}

    /** ethtool -a. */
    record PauseParam(boolean autoneg, boolean rx, boolean tx) {}

    /** ethtool -t: one result per test, 0 passed. */
    record SelfTest(String[] names, long[] results, boolean failed) {}

    /** ethtool -s wol: WAKE_* bits. */
    record WakeOnLan(int supported, int options) {}

    DrvInfo getDrvinfo();

    default boolean getLink(NetDevice dev) {
        return dev.netifCarrierOk();
    }

    default LinkSettings getLinkKsettings() throws ErrnoException {
        throw unsupported("get_link_ksettings");
    }

    default void setLinkKsettings(LinkSettings settings) throws ErrnoException {
        throw unsupported("set_link_ksettings");
    }

    default RingParam getRingparam() throws ErrnoException {
        throw unsupported("get_ringparam");
    }

    default void setRingparam(RingParam rings) throws ErrnoException {
        throw unsupported("set_ringparam");
    }

    default Coalesce getCoalesce() throws ErrnoException {
        throw unsupported("get_coalesce");
    }

    default void setCoalesce(Coalesce coalesce) throws ErrnoException {
        throw unsupported("set_coalesce");
    }

    default PauseParam getPauseparam() throws ErrnoException {
        throw unsupported("get_pauseparam");
    }

    default void setPauseparam(PauseParam pause) throws ErrnoException {
        throw unsupported("set_pauseparam");
    }

    /** Names of {@link #getEthtoolStats}. */
    default String[] getStrings() {
        return new String[0];
    }

    default long[] getEthtoolStats() {
        return new long[0];
    }

    /** @param offline whether the interface may be taken out of service for it */
    default SelfTest selfTest(boolean offline) throws ErrnoException {
        throw unsupported("self_test");
    }

    default void nwayReset() throws ErrnoException {
        throw unsupported("nway_reset");
    }

    default int[] getRegs() throws ErrnoException {
        throw unsupported("get_regs");
    }

    default byte[] getEeprom(int offset, int bytes) throws ErrnoException {
        throw unsupported("get_eeprom");
    }

    default void setEeprom(int offset, byte[] data) throws ErrnoException {
        throw unsupported("set_eeprom");
    }

    default WakeOnLan getWol() throws ErrnoException {
        throw unsupported("get_wol");
    }

    default void setWol(int options) throws ErrnoException {
        throw unsupported("set_wol");
    }

    /** Blinks the identification LED, or stops doing so. */
    default void setPhysId(boolean on) throws ErrnoException {
        throw unsupported("set_phys_id");
    }

    private static ErrnoException unsupported(String operation) {
        return new ErrnoException(operation, Errno.EOPNOTSUPP);
    }
}
