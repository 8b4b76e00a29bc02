package org.v4vgpu.client.jcuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.v4vgpu.client.CudaException;
import org.v4vgpu.proto.CudaStatus;

/**
 * What a link of several inputs gives the program in the place of a cubin: the inputs themselves, for the server to link them when the
 * image is loaded. Stateless.
 *
 * <pre>
 *  0 u64 magic
 *  8 u64 count
 * 16 u64 length[count]
 *    bytes of the inputs, one behind the other
 * </pre>
 *
 * <p>Little endian. Only this process reads what it wrote; a program may hand in anything all the same.
 */
final class LinkedImage {
    private static final long MAGIC = 0x314b_4e49_4c56_3456L; // "V4VLINK1"
    private static final long LENGTHS = 16;
    private static final int MOST = 256;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private LinkedImage() {}

    /** An image, in memory that lives as long as somebody knows it. */
    static MemorySegment of(List<MemorySegment> inputs) {
        long at = LENGTHS + (long) inputs.size() * Long.BYTES;
        long bytes = at + inputs.stream().mapToLong(MemorySegment::byteSize).sum();
        MemorySegment image = Arena.ofAuto().allocate(bytes, Long.BYTES);
        image.set(LONG, 0, MAGIC);
        image.set(LONG, 8, inputs.size());
        for (int i = 0; i < inputs.size(); i++) {
            MemorySegment input = inputs.get(i);
            image.set(LONG, LENGTHS + (long) i * Long.BYTES, input.byteSize());
            image.asSlice(at, input.byteSize()).copyFrom(input);
            at += input.byteSize();
        }
        return image;
    }

    static boolean is(MemorySegment image) {
        return image.byteSize() >= LENGTHS && image.get(LONG, 0) == MAGIC;
    }

    /** The inputs of an image. @throws CudaException INVALID_IMAGE if it is cut off */
    static List<MemorySegment> inputs(MemorySegment image) {
        long count = image.get(LONG, 8);
        long at = LENGTHS + count * Long.BYTES;
        if (count < 1 || count > MOST || at > image.byteSize()) {
            throw new CudaException(CudaStatus.INVALID_IMAGE, "a linked image of " + count + " inputs");
        }
        List<MemorySegment> inputs = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            long bytes = image.get(LONG, LENGTHS + (long) i * Long.BYTES);
            if (bytes <= 0 || bytes > image.byteSize() - at) {
                throw new CudaException(CudaStatus.INVALID_IMAGE, "a linked image that is cut off");
            }
            inputs.add(image.asSlice(at, bytes));
            at += bytes;
        }
        return inputs;
    }
}
