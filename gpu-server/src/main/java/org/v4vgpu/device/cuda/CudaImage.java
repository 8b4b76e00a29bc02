package org.v4vgpu.device.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.proto.CudaStatus;

/**
 * What a program hands to cuModuleLoadData. The driver is told no length: it reads on as far as the image itself says. So an image whose
 * headers lead beyond its end goes no further than this class. What lies between is for the driver to judge.
 */
final class CudaImage {
    private static final int ELF = 0x464c457f;
    private static final int FATBIN = 0xba55ed50;
    private static final int FATBIN_WRAPPER = 0x466243b1;

    private static final int ELF_CLASS_64 = 2;
    private static final int ELF_MACHINE_CUDA = 190;
    private static final int ELF_HEADER_BYTES = 64;
    private static final int PROGRAM_HEADER_BYTES = 56;
    private static final int SECTION_HEADER_BYTES = 64;
    private static final int SECTION_WITHOUT_BYTES = 8; // SHT_NOBITS

    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** What kernels that print call, in PTX and in the symbols of a cubin. */
    private static final byte[] PRINTF = "vprintf".getBytes(StandardCharsets.US_ASCII);

    private CudaImage() {}

    /**
     * A private copy in native memory, checked, with a NUL behind.
     *
     * @throws DeviceException INVALID_IMAGE
     */
    static MemorySegment of(MemorySegment image, Arena arena) throws DeviceException {
        long length = image.byteSize();
        if (length > Integer.MAX_VALUE - 16) {
            throw invalid("has " + length + " bytes");
        }
        MemorySegment copy = arena.allocate(length + 1, 16);
        MemorySegment.copy(image, 0, copy, 0, length);
        MemorySegment body = copy.asSlice(0, length);
        if (length < 4 || body.get(ValueLayout.JAVA_BYTE, 0) == 0) {
            throw invalid("is neither PTX text nor a binary");
        }
        switch (body.get(INT, 0)) {
            case ELF -> checkElf(body);
            case FATBIN -> checkFatbin(body);
            case FATBIN_WRAPPER -> throw invalid("is a fatbin's wrapper, which holds an address of another process");
            default -> {} // text, up to a NUL of its own or ours
        }
        return copy;
    }

    /** The CUjitInputType of a checked image. */
    static int inputType(MemorySegment checked) {
        return switch (checked.byteSize() < Integer.BYTES ? 0 : checked.get(INT, 0)) {
            case ELF -> 0;
            case FATBIN -> 2;
            default -> 1;
        };
    }

    private static void checkFatbin(MemorySegment image) throws DeviceException {
        // struct { uint32 magic; uint16 version; uint16 headerSize; uint64 fatSize; }
        if (image.byteSize() < 16) {
            throw invalid("is a fatbin of " + image.byteSize() + " bytes");
        }
        checkRange(image, Short.toUnsignedLong(image.get(SHORT, 6)), image.get(LONG, 8), "fatbin");
    }

    private static void checkElf(MemorySegment image) throws DeviceException {
        if (image.byteSize() < ELF_HEADER_BYTES
                || image.get(ValueLayout.JAVA_BYTE, 4) != ELF_CLASS_64
                || image.get(SHORT, 18) != ELF_MACHINE_CUDA) {
            throw invalid("is an ELF file, but no 64-bit one for a GPU");
        }
        long programs = image.get(LONG, 32);
        long sections = image.get(LONG, 40);
        long programCount = Short.toUnsignedLong(image.get(SHORT, 56));
        long sectionCount = Short.toUnsignedLong(image.get(SHORT, 60));
        if ((programCount > 0 && image.get(SHORT, 54) != PROGRAM_HEADER_BYTES)
                || (sectionCount > 0 && image.get(SHORT, 58) != SECTION_HEADER_BYTES)) {
            throw invalid("is an ELF file with headers of unknown sizes");
        }
        checkRange(image, programs, programCount * PROGRAM_HEADER_BYTES, "program headers");
        checkRange(image, sections, sectionCount * SECTION_HEADER_BYTES, "section headers");
        for (int i = 0; i < programCount; i++) {
            long header = programs + (long) i * PROGRAM_HEADER_BYTES;
            checkRange(image, image.get(LONG, header + 8), image.get(LONG, header + 32), "segment " + i);
        }
        for (int i = 0; i < sectionCount; i++) {
            long header = sections + (long) i * SECTION_HEADER_BYTES;
            if (image.get(INT, header + 4) != SECTION_WITHOUT_BYTES) {
                checkRange(image, image.get(LONG, header + 24), image.get(LONG, header + 32), "section " + i);
            }
        }
    }

    private static void checkRange(MemorySegment image, long offset, long bytes, String what) throws DeviceException {
        if (offset < 0 || bytes < 0 || offset > image.byteSize() || bytes > image.byteSize() - offset) {
            throw invalid("ends before its " + what + " do");
        }
    }

    private static DeviceException invalid(String what) {
        return new DeviceException(CudaStatus.INVALID_IMAGE, "the image " + what);
    }

    /** Whether an image names CUDA's system call for printf, which a compressed one does not show. */
    static boolean mayPrint(MemorySegment image) {
        for (long at = 0; at <= image.byteSize() - PRINTF.length; at++) {
            int same = 0;
            while (same < PRINTF.length && image.get(ValueLayout.JAVA_BYTE, at + same) == PRINTF[same]) {
                same++;
            }
            if (same == PRINTF.length) {
                return true;
            }
        }
        return false;
    }
}
