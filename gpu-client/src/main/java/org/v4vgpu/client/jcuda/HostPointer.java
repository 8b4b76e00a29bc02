package org.v4vgpu.client.jcuda;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.Buffer;
import java.util.Arrays;
import jcuda.NativePointerObject;
import jcuda.Pointer;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.client.CudaException;
import org.v4vgpu.proto.CudaStatus;

/**
 * The host memory that a JCuda pointer means. Used by one thread, for one call.
 *
 * <p>JCuda has four kinds of pointers, told apart in this order: an array of pointers, which native code sees as an array of 8-byte
 * addresses; a direct buffer, that is its address; a buffer on an array, that is the <em>array's</em> beginning; and a plain address.
 * The offset is added in all kinds. A plain address that v4vgpu did not allocate is never followed.
 */
final class HostPointer {
    private final Pointer pointer;

    /** The elements as native code would see them, if this is an array of pointers. */
    private final long @Nullable [] addresses;

    private final MemorySegment memory;

    private HostPointer(Pointer pointer, long @Nullable [] addresses, MemorySegment memory) {
        this.pointer = pointer;
        this.addresses = addresses;
        this.memory = memory;
    }

    /** @throws CudaException INVALID_VALUE if the pointer names no host memory */
    static HostPointer of(Pointer pointer) {
        @Nullable NativePointerObject @Nullable [] pointers = JCudaFields.pointers(pointer);
        if (pointers != null) {
            long[] addresses = new long[pointers.length];
            for (int i = 0; i < addresses.length; i++) {
                addresses[i] = number(pointers[i]);
            }
            return new HostPointer(pointer, addresses, MemorySegment.ofArray(addresses));
        }
        Buffer buffer = JCudaFields.buffer(pointer);
        if (buffer == null) {
            throw new CudaException(
                    CudaStatus.INVALID_VALUE,
                    "0x" + Long.toHexString(JCudaFields.nativePointer(pointer)) + " is no host memory");
        }
        return new HostPointer(pointer, null, memory(buffer));
    }

    /** Whether the pointer names host memory at all. */
    static boolean isHost(Pointer pointer) {
        return JCudaFields.pointers(pointer) != null || JCudaFields.buffer(pointer) != null;
    }

    /**
     * The pointer's number as the device knows it. Memory of this process has none: its address would be a wild one over there, where
     * a fault can end the server, and would tell where this process has its memory.
     *
     * @throws CudaException INVALID_VALUE if it points to host memory that the device does not see
     */
    static long address(@Nullable NativePointerObject object) {
        long address = number(object);
        if (object instanceof Pointer pointer && isHost(pointer) && MirroredMemory.of(pointer) == null) {
            throw new CudaException(
                    CudaStatus.INVALID_VALUE,
                    "host memory that the device does not see: neither managed nor CU_MEMHOSTALLOC_DEVICEMAP, or freed");
        }
        return address;
    }

    /** As {@link #address}, but memory that the device does not see has its number in this process. */
    private static long number(@Nullable NativePointerObject object) {
        MirroredMemory mirrored = object instanceof Pointer pointer ? MirroredMemory.of(pointer) : null;
        long address = rawAddress(object);
        return mirrored == null ? address : mirrored.deviceAddress(address);
    }

    /** The pointer's number as this process knows it. */
    static long rawAddress(@Nullable NativePointerObject object) {
        if (object == null) {
            return 0;
        }
        if (!(object instanceof Pointer pointer)) {
            return JCudaFields.nativePointer(object);
        }
        Buffer buffer = JCudaFields.buffer(pointer);
        if (JCudaFields.pointers(pointer) != null || (buffer != null && !buffer.isDirect())) {
            throw new CudaException(CudaStatus.INVALID_VALUE, "a Java array has no address that a device could use");
        }
        long base = buffer != null ? memory(buffer).address() : JCudaFields.nativePointer(pointer);
        return base + JCudaFields.byteOffset(pointer);
    }

    /** The first {@code bytes} bytes. @throws CudaException INVALID_VALUE if there are fewer, or the memory was freed */
    MemorySegment bytes(long bytes) {
        if (!memory.scope().isAlive()) {
            throw new CudaException(CudaStatus.INVALID_VALUE, "the host memory was freed");
        }
        long offset = JCudaFields.byteOffset(pointer);
        if (bytes < 0 || offset < 0 || offset > memory.byteSize() || bytes > memory.byteSize() - offset) {
            throw new CudaException(
                    CudaStatus.INVALID_VALUE,
                    bytes + " bytes from " + offset + " on leave the " + memory.byteSize() + " bytes of host memory");
        }
        return memory.asSlice(offset, bytes);
    }

    /** As {@link #bytes(long)}, to be written. @throws CudaException INVALID_VALUE also if the program's buffer is read-only */
    MemorySegment room(long bytes) {
        MemorySegment room = bytes(bytes);
        if (room.isReadOnly()) {
            throw new CudaException(CudaStatus.INVALID_VALUE, "the buffer to be written is read-only");
        }
        return room;
    }

    /**
     * The first {@code bytes} bytes, to be sent to the device.
     *
     * @throws CudaException INVALID_VALUE if there are fewer, or among them is a pointer to host memory that the device does not see
     */
    MemorySegment bytesForDevice(long bytes) {
        MemorySegment sent = bytes(bytes);
        @Nullable NativePointerObject @Nullable [] pointers = JCudaFields.pointers(pointer);
        if (pointers != null && bytes > 0) {
            long begin = JCudaFields.byteOffset(pointer);
            for (long i = begin / Long.BYTES; i <= (begin + bytes - 1) / Long.BYTES; i++) {
                address(pointers[(int) i]);
            }
        }
        return sent;
    }

    /** All bytes from the offset on. */
    MemorySegment bytes() {
        return bytes(memory.byteSize() - JCudaFields.byteOffset(pointer));
    }

    /** After something was written here: changed elements of an array of pointers go back into the Java objects. */
    void written() {
        long[] changed = addresses;
        @Nullable NativePointerObject @Nullable [] pointers = JCudaFields.pointers(pointer);
        if (changed == null || pointers == null) {
            return;
        }
        for (int i = 0; i < pointers.length; i++) {
            NativePointerObject element = pointers[i];
            if (element == null) {
                if (changed[i] != 0) {
                    throw new CudaException(CudaStatus.INVALID_VALUE, "element " + i + " of the pointer array is null");
                }
            } else if (number(element) != changed[i]) {
                if (element instanceof Pointer target) {
                    JCudaFields.setAddress(target, changed[i]);
                } else {
                    JCudaFields.setNativePointer(element, changed[i]);
                }
            }
        }
    }

    /** The bytes up to the first 0, or all. */
    static MemorySegment upToNul(MemorySegment bytes) {
        for (long i = 0; i < bytes.byteSize(); i++) {
            if (bytes.get(ValueLayout.JAVA_BYTE, i) == 0) {
                return bytes.asSlice(0, i);
            }
        }
        return bytes;
    }

    private static MemorySegment memory(Buffer buffer) {
        if (!buffer.isDirect() && buffer.hasArray()) {
            return arrayOf(buffer);
        }
        return MemorySegment.ofBuffer(buffer.duplicate().clear());
    }

    private static MemorySegment arrayOf(Buffer buffer) {
        return switch (buffer.array()) {
            case byte[] array -> MemorySegment.ofArray(array);
            case char[] array -> MemorySegment.ofArray(array);
            case short[] array -> MemorySegment.ofArray(array);
            case int[] array -> MemorySegment.ofArray(array);
            case long[] array -> MemorySegment.ofArray(array);
            case float[] array -> MemorySegment.ofArray(array);
            case double[] array -> MemorySegment.ofArray(array);
            default ->
                throw new IllegalArgumentException(
                        "a buffer on " + buffer.array().getClass());
        };
    }

    @Override
    public String toString() {
        return memory.byteSize() + " bytes of host memory" + (addresses == null ? "" : Arrays.toString(addresses));
    }
}
