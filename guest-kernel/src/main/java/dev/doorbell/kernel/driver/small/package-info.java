/**
 * The smallest complete driver of the 82574L: a beginning for one's own. Legacy descriptors, one queue each way, one MSI,
 * NAPI. {@code fixtures/docs/lab/first-driver.md} goes through it step by step. A {@code SmallNic} owns card and rings.
 */
@NullMarked
package dev.doorbell.kernel.driver.small;

import org.jspecify.annotations.NullMarked;
