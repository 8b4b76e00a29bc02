package org.v4vgpu.client;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.List;
import org.v4vgpu.proto.KernelParameter;
import org.v4vgpu.proto.Limits;

/**
 * Where a kernel's parameters lie in the block of bytes that a launch carries. Immutable.
 *
 * <p>Source: CUDA driver API, cuLaunchKernel; the layout comes from the server with the function.
 */
public final class ParameterLayout {
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final int[] offsets;
    private final int[] sizes;
    private final int byteSize;

    private ParameterLayout(int[] offsets, int[] sizes, int byteSize) {
        this.offsets = offsets;
        this.sizes = sizes;
        this.byteSize = byteSize;
    }

    /**
     * Checks what a server says.
     *
     * @throws IllegalArgumentException if the parameters overlap, go back, or are more than CUDA allows
     */
    static ParameterLayout of(List<KernelParameter> parameters) {
        int[] offsets = new int[parameters.size()];
        int[] sizes = new int[parameters.size()];
        int end = 0;
        for (int i = 0; i < offsets.length; i++) {
            offsets[i] = parameters.get(i).getOffset();
            sizes[i] = parameters.get(i).getBytes();
            if (offsets[i] < end || sizes[i] < 0 || sizes[i] > Limits.MAXIMUM_PARAMETER_BYTES - offsets[i]) {
                throw new IllegalArgumentException(
                        "kernel parameter " + i + " of " + sizes[i] + " bytes at " + offsets[i] + " is out of order");
            }
            end = offsets[i] + sizes[i];
        }
        return new ParameterLayout(offsets, sizes, end);
    }

    /** How many parameters there are. */
    public int count() {
        return offsets.length;
    }

    public int offset(int parameter) {
        return offsets[parameter];
    }

    public int size(int parameter) {
        return sizes[parameter];
    }

    /** Length of the block: the end of the last parameter. */
    public int byteSize() {
        return byteSize;
    }

    MemorySegment pack(String kernel, Object[] arguments) {
        if (arguments.length != offsets.length) {
            throw CudaException.invalidValue(
                    "kernel " + kernel + " takes " + offsets.length + " arguments, not " + arguments.length);
        }
        MemorySegment block = MemorySegment.ofArray(new byte[byteSize]);
        for (int i = 0; i < arguments.length; i++) {
            put(kernel, i, arguments[i], block);
        }
        return block;
    }

    private void put(String kernel, int i, Object argument, MemorySegment block) {
        int at = offsets[i];
        switch (argument) {
            case DeviceMemory memory -> {
                requireSize(kernel, i, Long.BYTES);
                block.set(LONG, at, memory.address());
            }
            case Integer value -> {
                requireSize(kernel, i, Integer.BYTES);
                block.set(INT, at, value);
            }
            case Long value -> {
                requireSize(kernel, i, Long.BYTES);
                block.set(LONG, at, value);
            }
            case Float value -> {
                requireSize(kernel, i, Float.BYTES);
                block.set(INT, at, Float.floatToRawIntBits(value));
            }
            case Double value -> {
                requireSize(kernel, i, Double.BYTES);
                block.set(LONG, at, Double.doubleToRawLongBits(value));
            }
            case Short value -> {
                requireSize(kernel, i, Short.BYTES);
                block.set(SHORT, at, value);
            }
            case Character value -> {
                requireSize(kernel, i, Character.BYTES);
                block.set(SHORT, at, (short) value.charValue());
            }
            case Byte value -> {
                requireSize(kernel, i, Byte.BYTES);
                block.set(ValueLayout.JAVA_BYTE, at, value);
            }
            case Boolean value -> {
                requireSize(kernel, i, Byte.BYTES);
                block.set(ValueLayout.JAVA_BYTE, at, (byte) (value ? 1 : 0));
            }
            case MemorySegment value -> {
                requireSize(kernel, i, value.byteSize());
                MemorySegment.copy(value, 0, block, at, value.byteSize());
            }
            default ->
                throw CudaException.invalidValue("argument " + i + " of kernel " + kernel + " is a "
                        + argument.getClass().getName()
                        + "; boxed primitives, DeviceMemory and MemorySegment can be passed");
        }
    }

    private void requireSize(String kernel, int i, long bytes) {
        if (bytes != sizes[i]) {
            throw CudaException.invalidValue(
                    "argument " + i + " of kernel " + kernel + " has " + bytes + " bytes, its parameter " + sizes[i]);
        }
    }
}
