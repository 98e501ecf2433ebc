package dev.doorbell.bus.trace;

/**
 * Receives what happens in a world, one call per event, on the world's clock. Components ask {@link #isOn()} first, so
 * a world without a listener pays one predictable branch.
 */
public interface Tracer {
    /** Listens to nothing. */
    Tracer OFF = new Tracer() {
        @Override
        public boolean isOn() {
            return false;
        }

        @Override
        public void event(String source, String what, String details) {}
    };

    boolean isOn();

    /**
     * @param source the component: "82574L", "iommu", "e1000e", "tcp"
     * @param what the event, short and constant: "rx.writeback"
     * @param details values, in the field's notation; built only when {@link #isOn()}
     */
    void event(String source, String what, String details);
}
