package org.v4vgpu.device.software;

import java.util.Map;
import java.util.TreeMap;

/**
 * The attributes of the software device: CUdevice_attribute to value. What the device can't do says 0, so that programs that ask do
 * not try; limits are those that the PTX compiler and the launches hold to.
 *
 * <p>Source: CUDA driver API, CUdevice_attribute.
 */
final class SoftwareAttributes {
    static final int COMPUTE_CAPABILITY_MAJOR = 7;
    static final int COMPUTE_CAPABILITY_MINOR = 5;

    private static final int HIGHEST_KNOWN = 135;
    private static final int MEMORY_CLOCK_KHZ = 1_600_000;

    private SoftwareAttributes() {}

    static Map<Integer, Integer> of(int cores, int clockKilohertz) {
        Map<Integer, Integer> table = new TreeMap<>();
        for (int attribute = 1; attribute <= HIGHEST_KNOWN; attribute++) {
            // Textures, surfaces, peer access, managed memory, pools, clusters and their kind: not here.
            table.put(attribute, 0);
        }
        launchLimits(table);
        processors(table, cores, clockKilohertz);
        memory(table);
        return Map.copyOf(table);
    }

    private static void launchLimits(Map<Integer, Integer> table) {
        table.put(1, 1024); // MAX_THREADS_PER_BLOCK
        table.put(2, 1024); // MAX_BLOCK_DIM_X
        table.put(3, 1024); // MAX_BLOCK_DIM_Y
        table.put(4, 64); // MAX_BLOCK_DIM_Z
        table.put(5, Integer.MAX_VALUE); // MAX_GRID_DIM_X
        table.put(6, 65535); // MAX_GRID_DIM_Y
        table.put(7, 65535); // MAX_GRID_DIM_Z
        table.put(8, 48 * 1024); // MAX_SHARED_MEMORY_PER_BLOCK
        table.put(10, 32); // WARP_SIZE
        table.put(12, 65536); // MAX_REGISTERS_PER_BLOCK
        table.put(97, 48 * 1024); // MAX_SHARED_MEMORY_PER_BLOCK_OPTIN
    }

    private static void processors(Map<Integer, Integer> table, int cores, int clockKilohertz) {
        table.put(13, clockKilohertz); // CLOCK_RATE
        table.put(16, cores); // MULTIPROCESSOR_COUNT
        table.put(31, 1); // CONCURRENT_KERNELS
        table.put(39, 1024); // MAX_THREADS_PER_MULTIPROCESSOR
        table.put(75, COMPUTE_CAPABILITY_MAJOR);
        table.put(76, COMPUTE_CAPABILITY_MINOR);
        table.put(81, 64 * 1024); // MAX_SHARED_MEMORY_PER_MULTIPROCESSOR
        table.put(82, 65536); // MAX_REGISTERS_PER_MULTIPROCESSOR
        table.put(87, 2); // SINGLE_TO_DOUBLE_PRECISION_PERF_RATIO: vector lanes of a CPU
        table.put(90, 1); // COMPUTE_PREEMPTION_SUPPORTED: kernels share the cores with everything else
        table.put(95, 1); // COOPERATIVE_LAUNCH
        table.put(106, 16); // MAX_BLOCKS_PER_MULTIPROCESSOR
    }

    private static void memory(Map<Integer, Integer> table) {
        table.put(9, 64 * 1024); // TOTAL_CONSTANT_MEMORY
        table.put(11, Integer.MAX_VALUE); // MAX_PITCH
        table.put(14, 512); // TEXTURE_ALIGNMENT: pitches are multiples of it
        table.put(15, 1); // GPU_OVERLAP: copies run beside kernels
        table.put(30, 512); // SURFACE_ALIGNMENT
        table.put(36, MEMORY_CLOCK_KHZ); // MEMORY_CLOCK_RATE: with the width, 25.6 GB/s as of one DDR4 channel pair
        table.put(37, 64); // GLOBAL_MEMORY_BUS_WIDTH, bits
        table.put(38, 1 << 20); // L2_CACHE_SIZE
        table.put(40, 2); // ASYNC_ENGINE_COUNT: copies in and out side by side
        table.put(51, 32); // TEXTURE_PITCH_ALIGNMENT
        table.put(79, 1); // GLOBAL_L1_CACHE_SUPPORTED
        table.put(80, 1); // LOCAL_L1_CACHE_SUPPORTED
        table.put(84, 0); // MULTI_GPU_BOARD
    }
}
