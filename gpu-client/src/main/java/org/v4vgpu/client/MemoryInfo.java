package org.v4vgpu.client;

/** Free and total bytes of a device, as far as this client may use them. Source: cuMemGetInfo. */
public record MemoryInfo(long freeBytes, long totalBytes) {}
