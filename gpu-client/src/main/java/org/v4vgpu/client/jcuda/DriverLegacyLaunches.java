package org.v4vgpu.client.jcuda;

import static org.v4vgpu.client.jcuda.JCudaBridge.mandatory;

import java.lang.foreign.MemorySegment;
import java.util.Collections;
import java.util.Map;
import java.util.WeakHashMap;
import jcuda.Pointer;
import jcuda.driver.CUfunction;
import jcuda.driver.CUstream;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.client.CudaException;
import org.v4vgpu.client.Dim3;
import org.v4vgpu.client.RemoteFunction;
import org.v4vgpu.proto.CudaStatus;
import org.v4vgpu.proto.Limits;

/**
 * Launches as they were before cuLaunchKernel: a function keeps its block, its shared memory and its parameters until it is launched
 * with a grid. Safe for any thread; who sets one function up in two threads gets what comes last, as in CUDA.
 */
final class DriverLegacyLaunches {
    private static final Map<RemoteFunction, Setup> SETUPS = Collections.synchronizedMap(new WeakHashMap<>());

    private DriverLegacyLaunches() {}

    /** What the next launch of a function takes. */
    private static final class Setup {
        private Dim3 block = Dim3.of(1);
        private int sharedBytes;
        private int parameterBytes;
        private final byte[] parameters = new byte[Limits.MAXIMUM_PARAMETER_BYTES];
    }

    static void cuFuncSetBlockShape(CUfunction function, int x, int y, int z) {
        Setup setup = of(function, "cuFuncSetBlockShape");
        if (x <= 0 || y <= 0 || z <= 0) {
            throw new CudaException(CudaStatus.INVALID_VALUE, "a block of " + x + "x" + y + "x" + z);
        }
        synchronized (setup) {
            setup.block = new Dim3(x, y, z);
        }
    }

    static void cuFuncSetSharedSize(CUfunction function, int bytes) {
        Setup setup = of(function, "cuFuncSetSharedSize");
        if (bytes < 0) {
            throw new CudaException(CudaStatus.INVALID_VALUE, bytes + " bytes of shared memory");
        }
        synchronized (setup) {
            setup.sharedBytes = bytes;
        }
    }

    static void cuParamSetSize(CUfunction function, int bytes) {
        Setup setup = of(function, "cuParamSetSize");
        requireRoom(0, bytes);
        synchronized (setup) {
            setup.parameterBytes = bytes;
        }
    }

    static void cuParamSeti(CUfunction function, int offset, int value) {
        set(of(function, "cuParamSeti"), offset, MemorySegment.ofArray(new int[] {value}));
    }

    static void cuParamSetf(CUfunction function, int offset, float value) {
        set(of(function, "cuParamSetf"), offset, MemorySegment.ofArray(new float[] {value}));
    }

    static void cuParamSetv(CUfunction function, int offset, Pointer values, int bytes) {
        Setup setup = of(function, "cuParamSetv");
        set(
                setup,
                offset,
                HostPointer.of(mandatory(values, "ptr", "cuParamSetv")).bytesForDevice(bytes));
    }

    static void cuLaunch(CUfunction function) {
        launch(function, Dim3.of(1), null, "cuLaunch");
    }

    static void cuLaunchGrid(CUfunction function, int width, int height) {
        launch(function, new Dim3(width, height, 1), null, "cuLaunchGrid");
    }

    static void cuLaunchGridAsync(CUfunction function, int width, int height, @Nullable CUstream stream) {
        launch(function, new Dim3(width, height, 1), stream, "cuLaunchGridAsync");
    }

    private static void launch(CUfunction function, Dim3 grid, @Nullable CUstream stream, String call) {
        Setup setup = of(function, call);
        RemoteFunction kernel = DriverLaunches.kernel(function);
        int wanted = kernel.parameters().byteSize();
        synchronized (setup) {
            if (setup.parameterBytes < wanted) {
                throw new CudaException(
                        CudaStatus.INVALID_VALUE,
                        "kernel " + kernel.name() + " takes " + wanted + " bytes of parameters, not "
                                + setup.parameterBytes);
            }
            MemorySegment packed = MemorySegment.ofArray(setup.parameters).asSlice(0, wanted);
            DriverLaunches.launch(kernel, grid, setup.block, setup.sharedBytes, stream, packed);
        }
    }

    private static void set(Setup setup, int offset, MemorySegment value) {
        requireRoom(offset, value.byteSize());
        synchronized (setup) {
            MemorySegment.copy(value, 0, MemorySegment.ofArray(setup.parameters), offset, value.byteSize());
        }
    }

    private static void requireRoom(int offset, long bytes) {
        if (offset < 0 || bytes < 0 || bytes > Limits.MAXIMUM_PARAMETER_BYTES - offset) {
            throw new CudaException(
                    CudaStatus.INVALID_VALUE,
                    "parameters of " + bytes + " bytes at " + offset + "; there are up to "
                            + Limits.MAXIMUM_PARAMETER_BYTES);
        }
    }

    private static Setup of(CUfunction function, String call) {
        return SETUPS.computeIfAbsent(kernel(function, call), key -> new Setup());
    }

    private static RemoteFunction kernel(CUfunction function, String call) {
        return Handles.find(
                JCudaFields.handle(mandatory(function, call.startsWith("cuLaunch") ? "f" : "hfunc", call)),
                RemoteFunction.class);
    }
}
