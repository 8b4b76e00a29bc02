package org.v4vgpu.client.jcuda;

import static org.v4vgpu.client.jcuda.JCudaBridge.mandatory;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.Buffer;
import jcuda.NativePointerObject;
import jcuda.Pointer;
import jcuda.driver.CUfunction;
import jcuda.driver.CUstream;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.client.CudaException;
import org.v4vgpu.client.Dim3;
import org.v4vgpu.client.ParameterLayout;
import org.v4vgpu.client.RemoteFunction;
import org.v4vgpu.client.RemoteStream;
import org.v4vgpu.proto.CudaStatus;

/** Launches of the driver API. Safe for any thread. Parameters are read before the call returns. */
final class DriverLaunches {
    /** Keys of the list {@code extra}. Source: cuda.h, CU_LAUNCH_PARAM_*. */
    private static final long END = 0;

    private static final long BUFFER_POINTER = 1;
    private static final long BUFFER_SIZE = 2;

    private DriverLaunches() {}

    static void cuLaunchKernel(
            CUfunction function,
            int gridX,
            int gridY,
            int gridZ,
            int blockX,
            int blockY,
            int blockZ,
            int sharedBytes,
            @Nullable CUstream stream,
            @Nullable Pointer parameters,
            @Nullable Pointer extra) {
        RemoteFunction kernel = kernel(mandatory(function, "f", "cuLaunchKernel"));
        ParameterLayout layout = kernel.parameters();
        MemorySegment packed;
        if (parameters != null && extra != null) {
            throw new CudaException(CudaStatus.INVALID_VALUE, "a launch with both parameters and extra");
        } else if (extra != null) {
            packed = ofExtra(extra);
        } else if (layout.count() == 0) {
            packed = MemorySegment.NULL;
        } else {
            packed = pack(kernel.name(), layout, mandatory(parameters, "kernelParams", "cuLaunchKernel"));
        }
        launch(kernel, new Dim3(gridX, gridY, gridZ), new Dim3(blockX, blockY, blockZ), sharedBytes, stream, packed);
    }

    static void cuLaunchCooperativeKernel(
            CUfunction function,
            int gridX,
            int gridY,
            int gridZ,
            int blockX,
            int blockY,
            int blockZ,
            int sharedBytes,
            @Nullable CUstream stream,
            @Nullable Pointer parameters) {
        RemoteFunction kernel = kernel(mandatory(function, "f", "cuLaunchCooperativeKernel"));
        ParameterLayout layout = kernel.parameters();
        MemorySegment packed = layout.count() == 0
                ? MemorySegment.NULL
                : pack(kernel.name(), layout, mandatory(parameters, "kernelParams", "cuLaunchCooperativeKernel"));
        Dim3 grid = new Dim3(gridX, gridY, gridZ);
        Dim3 block = new Dim3(blockX, blockY, blockZ);
        launch(kernel, grid, block, sharedBytes, stream, packed, true);
    }

    /** A kernel to be launched, which one of the current context is alone. */
    static RemoteFunction kernel(CUfunction function) {
        RemoteFunction kernel = Handles.find(JCudaFields.handle(function), RemoteFunction.class);
        CurrentContext.require(kernel.module().context(), "kernel " + kernel.name());
        return kernel;
    }

    static void launch(
            RemoteFunction kernel,
            Dim3 grid,
            Dim3 block,
            int sharedBytes,
            @Nullable CUstream stream,
            MemorySegment packed) {
        launch(kernel, grid, block, sharedBytes, stream, packed, false);
    }

    private static void launch(
            RemoteFunction kernel,
            Dim3 grid,
            Dim3 block,
            int sharedBytes,
            @Nullable CUstream stream,
            MemorySegment packed,
            boolean cooperative) {
        RemoteStream queue = Streams.of(stream, kernel.module().context());
        MirroredMemory.beforeLaunch(queue);
        try {
            if (cooperative) {
                kernel.launchCooperatively(grid, block, sharedBytes, queue, packed);
            } else {
                kernel.launchPacked(grid, block, sharedBytes, queue, packed);
            }
        } catch (CudaException e) {
            MirroredMemory.afterWait(); // no kernel runs: the host may go on writing
            throw e;
        }
    }

    /** One host pointer per parameter; each is read for its parameter's size. */
    private static MemorySegment pack(String kernel, ParameterLayout layout, Pointer parameters) {
        @Nullable NativePointerObject @Nullable [] elements = JCudaFields.pointers(parameters);
        if (elements == null || elements.length < layout.count()) {
            throw new CudaException(
                    CudaStatus.INVALID_VALUE,
                    "kernel " + kernel + " takes " + layout.count() + " parameters, not "
                            + (elements == null ? "a pointer to data" : elements.length));
        }
        MemorySegment block = ParameterBlock.ofThread(layout.byteSize());
        for (int i = 0; i < layout.count(); i++) {
            if (!(elements[i] instanceof Pointer element) || !HostPointer.isHost(element)) {
                throw new CudaException(
                        CudaStatus.INVALID_VALUE,
                        "parameter " + i + " of kernel " + kernel
                                + " is no pointer to host memory; use Pointer.to(pointer) for a device pointer");
            }
            put(kernel, i, element, layout, block);
        }
        return block;
    }

    private static void put(String kernel, int i, Pointer element, ParameterLayout layout, MemorySegment block) {
        int size = layout.size(i);
        try {
            @Nullable NativePointerObject @Nullable [] pointers = JCudaFields.pointers(element);
            if (pointers != null
                    && pointers.length == 1
                    && size == Long.BYTES
                    && JCudaFields.byteOffset(element) == 0) {
                block.set(ValueLayout.JAVA_LONG_UNALIGNED, layout.offset(i), HostPointer.address(pointers[0]));
            } else if (pointers != null || !putElement(element, size, block, layout.offset(i))) {
                MemorySegment.copy(HostPointer.of(element).bytesForDevice(size), 0, block, layout.offset(i), size);
            }
        } catch (CudaException e) {
            throw new CudaException(
                    e.status(),
                    "parameter " + i + " of kernel " + kernel + ", of " + size + " bytes: " + e.getMessage(),
                    e);
        }
    }

    /** The first element of an array of primitives, which most parameters are. False if it is something else. */
    private static boolean putElement(Pointer element, int size, MemorySegment block, int at) {
        Buffer buffer = JCudaFields.buffer(element);
        if (buffer == null || !buffer.hasArray() || JCudaFields.byteOffset(element) != 0) {
            return false;
        }
        switch (buffer.array()) {
            case int[] array
            when size == Integer.BYTES && array.length > 0 -> block.set(ValueLayout.JAVA_INT_UNALIGNED, at, array[0]);
            case float[] array
            when size == Float.BYTES && array.length > 0 -> block.set(ValueLayout.JAVA_FLOAT_UNALIGNED, at, array[0]);
            case long[] array
            when size == Long.BYTES && array.length > 0 -> block.set(ValueLayout.JAVA_LONG_UNALIGNED, at, array[0]);
            case double[] array
            when size == Double.BYTES && array.length > 0 -> block.set(ValueLayout.JAVA_DOUBLE_UNALIGNED, at, array[0]);
            default -> {
                return false;
            }
        }
        return true;
    }

    /** The list of keys and values, which names one buffer with all parameters and its size. */
    private static MemorySegment ofExtra(Pointer extra) {
        @Nullable NativePointerObject @Nullable [] elements = JCudaFields.pointers(extra);
        Pointer buffer = null;
        long size = -1;
        for (int i = 0; elements != null && i + 1 < elements.length; i += 2) {
            long key = JCudaFields.handle(elements[i]);
            NativePointerObject value = elements[i + 1];
            if (key == END) {
                break;
            } else if (key == BUFFER_POINTER && value instanceof Pointer pointer) {
                buffer = pointer;
            } else if (key == BUFFER_SIZE && value instanceof Pointer pointer) {
                size = number(HostPointer.of(pointer).bytes());
            } else {
                throw new CudaException(CudaStatus.INVALID_VALUE, "extra holds the key " + key);
            }
        }
        if (buffer == null || size < 0) {
            throw new CudaException(CudaStatus.INVALID_VALUE, "extra names no buffer or no size");
        }
        return HostPointer.of(buffer).bytesForDevice(size);
    }

    /** A size_t, which programs write as long[] or int[]. */
    private static long number(MemorySegment bytes) {
        return bytes.byteSize() >= Long.BYTES
                ? bytes.get(ValueLayout.JAVA_LONG_UNALIGNED, 0)
                : bytes.byteSize() >= Integer.BYTES ? bytes.get(ValueLayout.JAVA_INT_UNALIGNED, 0) : -1;
    }
}
