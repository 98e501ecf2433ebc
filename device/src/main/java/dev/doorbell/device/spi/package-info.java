/**
 * What a device model gets and gives: the seams on the device side.
 *
 * <p>A context belongs to one device instance.
 */
@NullMarked
package dev.doorbell.device.spi;

import org.jspecify.annotations.NullMarked;
