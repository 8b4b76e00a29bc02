package org.v4vgpu.client.jcuda;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import jcuda.driver.CUdevice_attribute;
import jcuda.runtime.cudaDeviceProp;
import org.v4vgpu.client.RemoteDevice;

/** What cudaGetDeviceProperties tells of a device: its {@link DeviceAttributes}. Stateless, safe for any thread. */
final class RuntimeProperties {
    private static final Logger LOG = System.getLogger(RuntimeProperties.class.getName());

    private RuntimeProperties() {}

    /** What is 0 there and not told here is of arrays, textures and surfaces, which the bridge does not have. */
    @SuppressWarnings("deprecation") // programs still read these fields
    static void fill(cudaDeviceProp out, RemoteDevice device) {
        byte[] name = device.name().getBytes(StandardCharsets.UTF_8);
        out.name = new byte[256];
        System.arraycopy(name, 0, out.name, 0, Math.min(name.length, out.name.length - 1));
        out.uuid.bytes = DriverDevices.bytes(device.uuid());
        out.totalGlobalMem = device.totalBytes();
        out.sharedMemPerBlock = of(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK);
        out.regsPerBlock = of(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_REGISTERS_PER_BLOCK);
        out.warpSize = of(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_WARP_SIZE);
        out.memPitch = of(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_PITCH);
        out.maxThreadsPerBlock = of(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK);
        for (int i = 0; i < 3; i++) {
            out.maxThreadsDim[i] = of(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_X + i);
            out.maxGridSize[i] = of(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_X + i);
        }
        out.clockRate = of(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_CLOCK_RATE);
        out.totalConstMem = of(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_TOTAL_CONSTANT_MEMORY);
        out.major = of(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR);
        out.minor = of(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR);
        out.textureAlignment = of(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_TEXTURE_ALIGNMENT);
        out.texturePitchAlignment = of(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_TEXTURE_PITCH_ALIGNMENT);
        out.multiProcessorCount = of(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT);
        out.kernelExecTimeoutEnabled = of(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_KERNEL_EXEC_TIMEOUT);
        out.integrated = of(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_INTEGRATED);
        out.canMapHostMemory = of(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_CAN_MAP_HOST_MEMORY);
        out.computeMode = of(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_MODE);
        out.concurrentKernels = of(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_CONCURRENT_KERNELS);
        out.ECCEnabled = of(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_ECC_ENABLED);
        out.pciBusID = of(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_PCI_BUS_ID);
        out.pciDeviceID = of(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_PCI_DEVICE_ID);
        out.pciDomainID = of(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_PCI_DOMAIN_ID);
        out.tccDriver = of(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_TCC_DRIVER);
        out.asyncEngineCount = of(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_ASYNC_ENGINE_COUNT);
        out.unifiedAddressing = of(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_UNIFIED_ADDRESSING);
        out.memoryClockRate = of(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MEMORY_CLOCK_RATE);
        out.memoryBusWidth = of(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_GLOBAL_MEMORY_BUS_WIDTH);
        out.l2CacheSize = of(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE);
        out.maxThreadsPerMultiProcessor =
                of(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_MULTIPROCESSOR);
        out.streamPrioritiesSupported = of(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_STREAM_PRIORITIES_SUPPORTED);
        out.sharedMemPerMultiprocessor =
                of(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_MULTIPROCESSOR);
        out.regsPerMultiprocessor = of(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_REGISTERS_PER_MULTIPROCESSOR);
        out.managedMemory = of(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MANAGED_MEMORY);
        out.sharedMemPerBlockOptin =
                of(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN);
        out.maxBlocksPerMultiProcessor =
                of(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_BLOCKS_PER_MULTIPROCESSOR);
        out.deviceOverlap = of(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_GPU_OVERLAP);
        out.surfaceAlignment = of(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_SURFACE_ALIGNMENT);
        out.globalL1CacheSupported = of(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_GLOBAL_L1_CACHE_SUPPORTED);
        out.localL1CacheSupported = of(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_LOCAL_L1_CACHE_SUPPORTED);
        out.isMultiGpuBoard = of(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MULTI_GPU_BOARD);
        out.multiGpuBoardGroupID = of(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MULTI_GPU_BOARD_GROUP_ID);
        out.singleToDoublePrecisionPerfRatio =
                of(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_SINGLE_TO_DOUBLE_PRECISION_PERF_RATIO);
        out.computePreemptionSupported =
                of(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_PREEMPTION_SUPPORTED);
        out.cooperativeLaunch = of(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COOPERATIVE_LAUNCH);
        out.persistingL2CacheMaxSize = of(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_PERSISTING_L2_CACHE_SIZE);
        out.accessPolicyMaxWindowSize =
                of(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_ACCESS_POLICY_WINDOW_SIZE);
        out.reservedSharedMemPerBlock =
                of(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_RESERVED_SHARED_MEMORY_PER_BLOCK);
        try {
            out.hostRegisterSupported = of(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_HOST_REGISTER_SUPPORTED);
            out.hostRegisterReadOnlySupported =
                    of(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_READ_ONLY_HOST_REGISTER_SUPPORTED);
            out.memoryPoolsSupported = of(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MEMORY_POOLS_SUPPORTED);
        } catch (NoSuchFieldError e) {
            LOG.log(Level.DEBUG, "an older JCuda, without {0}", e.getMessage());
        }
    }

    private static int of(RemoteDevice device, int attribute) {
        return DeviceAttributes.of(device, attribute);
    }
}
