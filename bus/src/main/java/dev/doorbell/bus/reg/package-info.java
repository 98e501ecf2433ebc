/**
 * The register DSL: a register block as data, its state as one int array.
 *
 * <p>A map is shared and frozen; a file belongs to one device instance.
 */
@NullMarked
package dev.doorbell.bus.reg;

import org.jspecify.annotations.NullMarked;
