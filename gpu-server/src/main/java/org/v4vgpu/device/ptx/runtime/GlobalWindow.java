package org.v4vgpu.device.ptx.runtime;

/**
 * Global memory as the kernels of one launch see it. Immutable, safe for any thread.
 *
 * @param map one byte per granule of 256 bytes, not 0 where memory is live
 * @param base the device address of offset 0
 * @param delta native address minus device address
 */
@SuppressWarnings("ArrayRecordComponent") // Shared, not compared: a carrier, not a value.
public record GlobalWindow(byte[] map, long base, long delta) {}
