package dev.doorbell.device.spi;

/**
 * The seam between a card's MAC and the wire. The link calls the receiver back on the world's thread, never from inside
 * {@link #send}.
 */
public interface LinkPort {
    /** Connects the card. Called once, at power-on. */
    void attach(Receiver receiver);

    /**
     * Card to wire. The frame is valid during the call only.
     *
     * <p>A frame with {@link Frame#segmentBytes()} other than 0 stands for the train of segments it will be cut into; a
     * card hands one over only when its length is at most {@link #maxTrainBytes()}.
     */
    void send(Frame frame);

    /** The longest segment train the link takes, in bytes; 0 when the card must cut frames itself. */
    int maxTrainBytes();

    /**
     * Whether the partner advertises symmetric PAUSE (IEEE 802.3 annex 28B), so that flow control may be negotiated. A
     * partner that does not is sent no PAUSE frames by a card that negotiates.
     */
    default boolean advertisesPause() {
        return true;
    }

    /** True while the cable is plugged and the partner is there. */
    boolean carrier();

    /** Room in the card appeared: the link may call {@link Receiver#receive} again. Never calls back synchronously. */
    void receiverReady();

    /** The card's side. */
    interface Receiver {
        /**
         * A frame arrives at the MAC; valid during the call only. A frame that the card has no room for is lost there,
         * as on a wire (MPC).
         */
        void receive(Frame frame);

        /**
         * Whether the packet buffer takes a frame of this length now. A real wire never asks; a TAP may, so as to leave
         * frames in the host's queue rather than have them dropped.
         */
        boolean hasRoom(int frameBytes);

        void carrierChanged(boolean up);
    }
}
