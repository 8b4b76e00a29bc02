package org.v4vgpu.device.software;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.proto.CudaStatus;

/** What a program hands to cuModuleLoadData: PTX text, or binary code for a GPU that this is not. */
final class ModuleImage {
    private static final int ELF = 0x464c457f;
    private static final int FATBIN = 0xba55ed50;
    private static final int FATBIN_WRAPPER = 0x466243b1;
    private static final ValueLayout.OfInt WORD = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private ModuleImage() {}

    /** The PTX of an image, from a private copy: up to the first NUL, if there is one. */
    static String text(MemorySegment image) throws DeviceException {
        if (image.byteSize() > Integer.MAX_VALUE - 8) {
            throw new DeviceException(CudaStatus.INVALID_IMAGE, "an image of " + image.byteSize() + " bytes");
        }
        byte[] bytes = image.toArray(ValueLayout.JAVA_BYTE);
        if (bytes.length >= 4) {
            refuseBinary(MemorySegment.ofArray(bytes).get(WORD, 0));
        }
        int length = 0;
        while (length < bytes.length && bytes[length] != 0) {
            length++;
        }
        if (length == 0) {
            throw new DeviceException(CudaStatus.INVALID_IMAGE, "the image is empty");
        }
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes, 0, length))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new DeviceException(
                    CudaStatus.INVALID_IMAGE, "the image is neither PTX text nor a known binary format", e);
        }
    }

    private static void refuseBinary(int magic) throws DeviceException {
        String format = switch (magic) {
            case ELF -> "a cubin";
            case FATBIN, FATBIN_WRAPPER -> "a fatbin";
            default -> null;
        };
        if (format != null) {
            throw new DeviceException(
                    CudaStatus.NO_BINARY_FOR_GPU,
                    "the image is " + format + ", code for a GPU; the software device takes PTX text (nvcc -ptx)");
        }
    }
}
