package dev.doorbell.device.i82574;

import dev.doorbell.device.spi.Frame;

/** Stands in for the receive engine until it is wired in: every frame is lost at the MAC. */
final class NoReceiver implements ReceiveSide {
    @Override
    public void receive(Frame frame) {}

    @Override
    public boolean hasRoom(int frameBytes) {
        return true;
    }

    @Override
    public void carrierChanged(boolean up) {}

    @Override
    public void kick() {}

    @Override
    public boolean isBusy() {
        return false;
    }

    @Override
    public void reset() {}
}
