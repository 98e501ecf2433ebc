/**
 * The host's libc through JNR-FFI: descriptors, memory mappings, device control.
 *
 * <p>Each descriptor has one owner, which closes it.
 */
@NullMarked
package dev.doorbell.bus.os;

import org.jspecify.annotations.NullMarked;
