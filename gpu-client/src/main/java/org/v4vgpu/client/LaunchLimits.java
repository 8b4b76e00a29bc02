package org.v4vgpu.client;

import org.jspecify.annotations.Nullable;
import org.v4vgpu.proto.CudaStatus;

/**
 * What a launch of one function may be at most, from the device's and the function's attributes. Immutable. An attribute that
 * the server does not tell is no limit here: the server checks again.
 *
 * <p>Source: CUDA driver API, CUdevice_attribute.
 */
record LaunchLimits(
        Dim3 grid, Dim3 block, int threads, int functionThreads, int staticSharedBytes, int dynamicSharedBytes) {
    private static final int MAX_THREADS_PER_BLOCK = 1;
    private static final int MAX_BLOCK_DIM_X = 2;
    private static final int MAX_GRID_DIM_X = 5;
    private static final int MAX_SHARED_MEMORY_PER_BLOCK = 8;

    /** @param dynamicSharedBytes as the function's attribute says; null if the server does not tell */
    static LaunchLimits of(
            RemoteDevice device, int functionThreads, int staticSharedBytes, @Nullable Integer dynamicSharedBytes) {
        return new LaunchLimits(
                dimensions(device, MAX_GRID_DIM_X),
                dimensions(device, MAX_BLOCK_DIM_X),
                device.attribute(MAX_THREADS_PER_BLOCK, Integer.MAX_VALUE),
                functionThreads,
                staticSharedBytes,
                dynamicSharedBytes != null
                        ? dynamicSharedBytes
                        : device.attribute(MAX_SHARED_MEMORY_PER_BLOCK, Integer.MAX_VALUE) - staticSharedBytes);
    }

    /** The same with another limit of dynamic shared memory. */
    LaunchLimits withDynamicShared(int bytes) {
        return new LaunchLimits(grid, block, threads, functionThreads, staticSharedBytes, bytes);
    }

    private static Dim3 dimensions(RemoteDevice device, int first) {
        return new Dim3(
                device.attribute(first, Integer.MAX_VALUE),
                device.attribute(first + 1, Integer.MAX_VALUE),
                device.attribute(first + 2, Integer.MAX_VALUE));
    }

    void check(String kernel, Dim3 launchGrid, Dim3 launchBlock, int launchShared) {
        checkDimensions(kernel, "grid", launchGrid, grid);
        checkDimensions(kernel, "block", launchBlock, block);
        long launchThreads = (long) launchBlock.x() * launchBlock.y() * launchBlock.z();
        if (launchThreads > threads) {
            throw CudaException.invalidValue("launch of " + kernel + " with " + launchThreads
                    + " threads per block; the device has up to " + threads);
        }
        if (launchThreads > functionThreads) {
            throw new CudaException(
                    CudaStatus.LAUNCH_OUT_OF_RESOURCES,
                    "launch of " + kernel + " with " + launchThreads + " threads per block; the kernel allows "
                            + functionThreads);
        }
        if (launchShared < 0 || launchShared > dynamicSharedBytes) {
            throw CudaException.invalidValue("launch of " + kernel + " with " + launchShared
                    + " bytes of dynamic shared memory; it may have " + dynamicSharedBytes + " beside the "
                    + staticSharedBytes + " of its own, unless cuFuncSetAttribute grants it more");
        }
    }

    private static void checkDimensions(String kernel, String what, Dim3 launch, Dim3 limit) {
        if (launch.x() <= 0 || launch.y() <= 0 || launch.z() <= 0) {
            throw CudaException.invalidValue("launch of " + kernel + " with an empty " + what + " " + text(launch));
        }
        if (launch.x() > limit.x() || launch.y() > limit.y() || launch.z() > limit.z()) {
            throw CudaException.invalidValue(
                    "launch of " + kernel + " with " + what + " " + text(launch) + "; the limit is " + text(limit));
        }
    }

    private static String text(Dim3 dim) {
        return dim.x() + "x" + dim.y() + "x" + dim.z();
    }
}
