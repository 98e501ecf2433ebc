/**
 * Parts other Intel models will share: PHY, NVM, descriptor ring.
 *
 * <p>State belongs to the device instance that creates it.
 */
@NullMarked
package dev.doorbell.device.intel;

import org.jspecify.annotations.NullMarked;
