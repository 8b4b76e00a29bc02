package org.v4vgpu.client.jcuda;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** A module image as CUDA takes it, which does not say its length. Stateless. */
final class ModuleImage {
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final int ELF = 0x464C457F;
    private static final int FATBIN = 0xBA55ED50;

    private ModuleImage() {}

    /** PTX ends at its first NUL; cubins and fatbins know their own end, so all there is is sent. */
    static MemorySegment of(MemorySegment bytes) {
        if (bytes.byteSize() >= Integer.BYTES) {
            int magic = bytes.get(INT, 0);
            if (magic == ELF || magic == FATBIN) {
                return bytes;
            }
        }
        return HostPointer.upToNul(bytes);
    }
}
