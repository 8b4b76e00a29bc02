package org.v4vgpu.device;

/** What cuMemGetInfo answers, in bytes. */
public record MemoryInfo(long freeBytes, long totalBytes) {}
