package org.v4vgpu.client.jcuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.v4vgpu.client.DeviceMemory;

/**
 * The bytes of a block as the device got them, so that what it changed can be told from what the host wrote meanwhile. Confined to
 * whoever holds the block's lock. Takes memory when it is first used, and gives it back some time after it is no longer known.
 */
final class MirroredBytes {
    /** What is fetched and compared at a time. */
    private static final long CHUNK_BYTES = 1 << 20;

    /** What is compared at once; a difference in it is looked for byte by byte. */
    private static final long STEP_BYTES = 256;

    private MemorySegment bytes = MemorySegment.NULL;

    /** Copies the host's bytes, for the device to get them. */
    MemorySegment take(MemorySegment host) {
        if (bytes.byteSize() == 0) {
            bytes = Arena.ofAuto().allocate(host.byteSize(), Long.BYTES);
        }
        return bytes.copyFrom(host);
    }

    /** Brings to the host what the device has changed since. */
    void takeChanges(DeviceMemory device, MemorySegment host) {
        long total = bytes.byteSize();
        MemorySegment fetched = MemorySegment.ofArray(new byte[(int) Math.min(total, CHUNK_BYTES)]);
        for (long offset = 0; offset < total; offset += CHUNK_BYTES) {
            long length = Math.min(CHUNK_BYTES, total - offset);
            MemorySegment now = fetched.asSlice(0, length);
            device.slice(offset, length).copyTo(now);
            merge(now, bytes.asSlice(offset, length), host.asSlice(offset, length));
        }
    }

    /** Writes the bytes of {@code now} that are not those of {@code before}. */
    static void merge(MemorySegment now, MemorySegment before, MemorySegment host) {
        long total = now.byteSize();
        long at = 0;
        while (at < total) {
            long same = MemorySegment.mismatch(now, at, total, before, at, total);
            if (same < 0) {
                return;
            }
            at += same;
            long end = Math.min(at + STEP_BYTES, total);
            for (; at < end; at++) {
                byte changed = now.get(ValueLayout.JAVA_BYTE, at);
                if (changed != before.get(ValueLayout.JAVA_BYTE, at)) {
                    host.set(ValueLayout.JAVA_BYTE, at, changed);
                }
            }
        }
    }
}
