package org.v4vgpu.device;

/** A module's global or constant variable: device address and length in bytes. */
public record DeviceGlobal(long address, long bytes) {}
