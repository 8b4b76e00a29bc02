package org.v4vgpu.client.jcuda;

import static org.v4vgpu.client.jcuda.JCudaBridge.mandatory;

import jcuda.driver.CUdevice_attribute;
import jcuda.driver.CUfunction;
import jcuda.driver.CUfunction_attribute;
import jcuda.driver.CUoccupancyB2DSize;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.client.CudaException;
import org.v4vgpu.client.RemoteDevice;
import org.v4vgpu.client.RemoteFunction;
import org.v4vgpu.proto.CudaStatus;

/**
 * How many blocks of a kernel fit on a multiprocessor, from what the server tells of the device and of the kernel. Safe for any
 * thread; costs no call.
 *
 * <p>Source: CUDA driver API, occupancy; the limits by threads, blocks, registers and shared memory, and their granules: cuda_occupancy.h of
 * CUDA 13.0 (cudaOccMaxBlocksPerSM...Limit), compute capability 7 and up. Two things of it are no attributes, and are not looked at: a
 * preferred split of shared memory and cache, a hint that goes no further than this client, and how many named barriers a kernel uses.
 */
final class DriverOccupancy {
    private static final int WARP = 32;
    private static final int REGISTERS_GRANULE = 256;
    private static final int WARPS_GRANULE = 4;

    /** Since compute capability 8. */
    private static final int SHARED_GRANULE = 128;

    private static final int OLDER_SHARED_GRANULE = 256;

    /** CU_OCCUPANCY_DISABLE_CACHING_OVERRIDE, which says nothing here. */
    private static final int KNOWN_FLAGS = 1;

    private DriverOccupancy() {}

    static void cuOccupancyMaxActiveBlocksPerMultiprocessor(
            int[] blocks, CUfunction function, int blockSize, long sharedBytes) {
        fitting(blocks, function, blockSize, sharedBytes, 0, "cuOccupancyMaxActiveBlocksPerMultiprocessor");
    }

    static void cuOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(
            int[] blocks, CUfunction function, int blockSize, long sharedBytes, int flags) {
        String call = "cuOccupancyMaxActiveBlocksPerMultiprocessorWithFlags";
        fitting(blocks, function, blockSize, sharedBytes, flags, call);
    }

    private static void fitting(
            int[] blocks, CUfunction function, int blockSize, long sharedBytes, int flags, String call) {
        mandatory(blocks, "numBlocks", call);
        RemoteFunction kernel = kernel(function, call);
        requireFlags(flags);
        if (blockSize <= 0 || sharedBytes < 0) {
            throw new CudaException(
                    CudaStatus.INVALID_VALUE, "blocks of " + blockSize + " threads and " + sharedBytes + " bytes");
        }
        blocks[0] = blocks(kernel, blockSize, sharedBytes);
    }

    static void cuOccupancyAvailableDynamicSMemPerBlock(
            long[] sharedBytes, CUfunction function, int blocks, int blockSize) {
        mandatory(sharedBytes, "dynamicSmemSize", "cuOccupancyAvailableDynamicSMemPerBlock");
        RemoteFunction kernel = kernel(function, "cuOccupancyAvailableDynamicSMemPerBlock");
        if (blocks <= 0 || blockSize <= 0 || blocks > blocks(kernel, blockSize, 0)) {
            throw new CudaException(
                    CudaStatus.INVALID_VALUE, blocks + " blocks of " + blockSize + " threads do not fit");
        }
        RemoteDevice device = kernel.module().context().device();
        long each =
                attribute(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_MULTIPROCESSOR) / blocks;
        each -= each % sharedGranule(device);
        each -= attribute(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_RESERVED_SHARED_MEMORY_PER_BLOCK);
        long own = attribute(kernel, CUfunction_attribute.CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES);
        sharedBytes[0] = Math.max(0, Math.min(each - own, mostDynamicShared(kernel)));
    }

    static void cuOccupancyMaxPotentialBlockSize(
            int[] minimumGrid,
            int[] blockSize,
            CUfunction function,
            @Nullable CUoccupancyB2DSize sharedOfBlock,
            long sharedBytes,
            int limit) {
        potential(
                minimumGrid,
                blockSize,
                function,
                sharedOfBlock,
                sharedBytes,
                limit,
                0,
                "cuOccupancyMaxPotentialBlockSize");
    }

    static void cuOccupancyMaxPotentialBlockSizeWithFlags(
            int[] minimumGrid,
            int[] blockSize,
            CUfunction function,
            @Nullable CUoccupancyB2DSize sharedOfBlock,
            long sharedBytes,
            int limit,
            int flags) {
        potential(
                minimumGrid,
                blockSize,
                function,
                sharedOfBlock,
                sharedBytes,
                limit,
                flags,
                "cuOccupancyMaxPotentialBlockSizeWithFlags");
    }

    /** The largest block among those that keep most threads at work. */
    private static void potential(
            int[] minimumGrid,
            int[] blockSize,
            CUfunction function,
            @Nullable CUoccupancyB2DSize sharedOfBlock,
            long sharedBytes,
            int limit,
            int flags,
            String call) {
        mandatory(minimumGrid, "minGridSize", call);
        mandatory(blockSize, "minBlockSize", call);
        RemoteFunction kernel = kernel(function, call);
        requireFlags(flags);
        RemoteDevice device = kernel.module().context().device();
        int most = Math.min(
                attribute(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK),
                attribute(kernel, CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK));
        if (limit > 0) {
            most = Math.min(most, limit);
        }
        int bestThreads = 0;
        for (int size = most; size > 0; size = (size - 1) / WARP * WARP) {
            int fitting = blocks(kernel, size, sharedOfBlock == null ? sharedBytes : sharedOfBlock.call(size));
            if (fitting * size > bestThreads) {
                bestThreads = fitting * size;
                blockSize[0] = size;
                minimumGrid[0] =
                        fitting * attribute(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT);
            }
        }
        if (bestThreads == 0) {
            throw new CudaException(CudaStatus.INVALID_VALUE, "no block of kernel " + kernel.name() + " fits");
        }
    }

    private static int blocks(RemoteFunction kernel, int blockSize, long dynamicShared) {
        RemoteDevice device = kernel.module().context().device();
        if (blockSize > attribute(kernel, CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK)) {
            return 0;
        }
        int warps = Math.ceilDiv(blockSize, WARP);
        int most =
                attribute(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_MULTIPROCESSOR) / WARP / warps;
        most = Math.min(most, attribute(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_BLOCKS_PER_MULTIPROCESSOR));
        int registers = attribute(kernel, CUfunction_attribute.CU_FUNC_ATTRIBUTE_NUM_REGS) * WARP;
        if (registers > 0) {
            int ofWarp = Math.ceilDiv(registers, REGISTERS_GRANULE) * REGISTERS_GRANULE;
            if (ofWarp * (Math.ceilDiv(warps, WARPS_GRANULE) * WARPS_GRANULE)
                    > attribute(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_REGISTERS_PER_BLOCK)) {
                return 0;
            }
            int fitting =
                    attribute(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_REGISTERS_PER_MULTIPROCESSOR) / ofWarp;
            most = Math.min(most, fitting / WARPS_GRANULE * WARPS_GRANULE / warps);
        }
        long shared = dynamicShared + attribute(kernel, CUfunction_attribute.CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES);
        if (dynamicShared > mostDynamicShared(kernel)) {
            return 0;
        }
        shared += attribute(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_RESERVED_SHARED_MEMORY_PER_BLOCK);
        if (shared > 0) {
            int granule = sharedGranule(device);
            long ofBlock = Math.ceilDiv(shared, granule) * granule;
            most = (int) Math.min(
                    most,
                    attribute(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_MULTIPROCESSOR)
                            / ofBlock);
        }
        return most;
    }

    private static int sharedGranule(RemoteDevice device) {
        return attribute(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR) < 8
                ? OLDER_SHARED_GRANULE
                : SHARED_GRANULE;
    }

    /** What cuFuncSetAttribute has granted the kernel, or what all have anyway. */
    private static long mostDynamicShared(RemoteFunction kernel) {
        Integer granted = kernel.attribute(CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES);
        return granted != null
                ? granted
                : attribute(
                                kernel.module().context().device(),
                                CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK)
                        - attribute(kernel, CUfunction_attribute.CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES);
    }

    private static void requireFlags(int flags) {
        if ((flags & ~KNOWN_FLAGS) != 0) {
            throw new CudaException(CudaStatus.INVALID_VALUE, "occupancy flags " + flags);
        }
    }

    private static RemoteFunction kernel(CUfunction function, String call) {
        return Handles.find(JCudaFields.handle(mandatory(function, "func", call)), RemoteFunction.class);
    }

    private static int attribute(RemoteDevice device, int attribute) {
        return DeviceAttributes.of(device, attribute);
    }

    private static int attribute(RemoteFunction kernel, int attribute) {
        Integer value = kernel.attribute(attribute);
        if (value == null) {
            throw new CudaException(
                    CudaStatus.NOT_SUPPORTED, "the server does not tell function attribute " + attribute);
        }
        return value;
    }
}
