package org.v4vgpu.device.software;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Fills memory with a repeated element, as cuMemsetD8, D16 and D32 do. */
final class Fill {
    /** Written element by element, then copied on: small enough to stay in the first cache level. */
    private static final long PATTERN_BYTES = 4096;

    private Fill() {}

    /** Fills a range that is a multiple of the element, with the element's low bytes of {@code value}. */
    static void run(MemorySegment range, int elementBytes, int value) {
        boolean evenBytes = elementBytes == 1
                || (elementBytes == 2 && (byte) value == (byte) (value >> 8))
                || value == (value & 0xff) * 0x01010101;
        if (evenBytes) {
            range.fill((byte) value);
            return;
        }
        long bytes = range.byteSize();
        long pattern = Math.min(bytes, PATTERN_BYTES);
        for (long offset = 0; offset < pattern; offset += elementBytes) {
            if (elementBytes == 2) {
                range.set(ValueLayout.JAVA_SHORT_UNALIGNED, offset, (short) value);
            } else {
                range.set(ValueLayout.JAVA_INT_UNALIGNED, offset, value);
            }
        }
        for (long offset = pattern; offset < bytes; offset += PATTERN_BYTES) {
            MemorySegment.copy(range, 0, range, offset, Math.min(PATTERN_BYTES, bytes - offset));
        }
    }
}
