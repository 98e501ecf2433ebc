package dev.doorbell.bus.time;

/** Events follow one another without end, and the clock of a world in virtual time does not move. */
public final class StandstillException extends IllegalStateException {
    private static final long serialVersionUID = 1L;

    StandstillException(String message) {
        super(message);
    }
}
