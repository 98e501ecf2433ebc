package dev.doorbell.kernel.netdev;

/** Hears what happens to interfaces, Linux's netdevice notifier chain. */
@FunctionalInterface
public interface NetdevNotifier {
    /** NETDEV_* events. */
    enum Change {
        REGISTER,
        UNREGISTER,
        UP,
        GOING_DOWN,
        DOWN,
        /** Carrier came or went. */
        CHANGE,
        CHANGEMTU,
        CHANGEADDR,
        FEAT_CHANGE
    }

    void changed(NetDevice dev, Change change);
}
