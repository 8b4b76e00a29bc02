package org.v4vgpu.client.jcuda;

import static org.v4vgpu.client.jcuda.JCudaBridge.mandatory;

import java.nio.charset.StandardCharsets;
import java.util.List;
import jcuda.driver.CUdevice_attribute;
import jcuda.runtime.cudaDeviceProp;
import org.v4vgpu.client.RemoteDevice;

/** Devices, versions and errors of the runtime API. Safe for any thread. */
final class RuntimeDevices {
    /** The version that JCuda's own runtime library has. */
    private static final int RUNTIME_VERSION = 12000;

    private RuntimeDevices() {}

    static void cudaGetDeviceCount(int[] count) {
        mandatory(count, "count", "cudaGetDeviceCount")[0] =
                Gpu.open().devices().size();
    }

    static void cudaSetDevice(int device) {
        CurrentContext.selectDevice(device(device));
    }

    static void cudaGetDevice(int[] device) {
        mandatory(device, "device", "cudaGetDevice")[0] =
                CurrentContext.deviceOfRuntime().ordinal();
    }

    static void cudaSetDeviceFlags(int flags) {
        Gpu.primary(CurrentContext.deviceOfRuntime()).setFlags(flags);
    }

    static void cudaGetDeviceFlags(int[] flags) {
        mandatory(flags, "flags", "cudaGetDeviceFlags")[0] =
                Gpu.primary(CurrentContext.deviceOfRuntime()).flags();
    }

    static void cudaDeviceGetAttribute(int[] value, int attribute, int device) {
        mandatory(value, "value", "cudaDeviceGetAttribute")[0] = DeviceAttributes.of(device(device), attribute);
    }

    /** The first device that is at least what is wished for. */
    static void cudaChooseDevice(int[] device, cudaDeviceProp wish) {
        mandatory(device, "device", "cudaChooseDevice");
        mandatory(wish, "prop", "cudaChooseDevice");
        List<RemoteDevice> devices = Gpu.open().devices();
        device[0] = devices.stream()
                .filter(each -> major(each) > wish.major || (major(each) == wish.major && minor(each) >= wish.minor))
                .filter(each -> each.totalBytes() >= wish.totalGlobalMem)
                .mapToInt(RemoteDevice::ordinal)
                .findFirst()
                .orElse(0);
    }

    static void cudaGetDeviceProperties(cudaDeviceProp properties, int device) {
        fill(mandatory(properties, "prop", "cudaGetDeviceProperties"), device(device));
    }

    static void cudaDeviceSynchronize() {
        Streams.synchronize(CurrentContext.ofRuntime());
    }

    static void cudaThreadSynchronize() {
        cudaDeviceSynchronize();
    }

    static void cudaDeviceReset() {
        Gpu.primary(CurrentContext.deviceOfRuntime()).reset();
        CurrentContext.dropDestroyed();
        LastError.forget();
    }

    static void cudaThreadExit() {
        cudaDeviceReset();
    }

    static void cudaDeviceSetCacheConfig(int config) {
        CurrentContext.ofRuntime();
        DriverContexts.requireCacheConfig(config);
    }

    static void cudaDeviceGetCacheConfig(int[] config) {
        CurrentContext.ofRuntime();
        mandatory(config, "pCacheConfig", "cudaDeviceGetCacheConfig")[0] = 0;
    }

    static void cudaThreadSetCacheConfig(int config) {
        cudaDeviceSetCacheConfig(config);
    }

    static void cudaThreadGetCacheConfig(int[] config) {
        cudaDeviceGetCacheConfig(config);
    }

    static void cudaDeviceSetSharedMemConfig(int config) {
        CurrentContext.ofRuntime();
        DriverContexts.requireSharedMemoryConfig(config);
    }

    static void cudaDeviceGetSharedMemConfig(int[] config) {
        CurrentContext.ofRuntime();
        mandatory(config, "pConfig", "cudaDeviceGetSharedMemConfig")[0] = DriverContexts.FOUR_BYTE_BANKS;
    }

    static void cudaDeviceSetLimit(int limit, long value) {
        CurrentContext.ofRuntime().setLimit(limit, value);
    }

    static void cudaDeviceGetLimit(long[] value, int limit) {
        mandatory(value, "pValue", "cudaDeviceGetLimit")[0] =
                CurrentContext.ofRuntime().limit(limit);
    }

    static void cudaThreadSetLimit(int limit, long value) {
        cudaDeviceSetLimit(limit, value);
    }

    static void cudaThreadGetLimit(long[] value, int limit) {
        cudaDeviceGetLimit(value, limit);
    }

    static void cudaDeviceGetPCIBusId(String[] id, int length, int device) {
        PciBusId.write(id, length, device(device));
    }

    static void cudaDeviceGetByPCIBusId(int[] device, String id) {
        Gpu.open();
        mandatory(device, "device", "cudaDeviceGetByPCIBusId")[0] = PciBusId.find(
                        mandatory(id, "pciBusId", "cudaDeviceGetByPCIBusId"))
                .ordinal();
    }

    static void cudaRuntimeGetVersion(int[] version) {
        mandatory(version, "runtimeVersion", "cudaRuntimeGetVersion")[0] = RUNTIME_VERSION;
    }

    static void cudaDriverGetVersion(int[] version) {
        mandatory(version, "driverVersion", "cudaDriverGetVersion")[0] =
                Gpu.open().driverVersion();
    }

    static int cudaGetLastError() {
        return LastError.take();
    }

    static int cudaPeekAtLastError() {
        return LastError.peek();
    }

    static String cudaGetErrorName(int error) {
        return RuntimeErrors.name(error);
    }

    static String cudaGetErrorString(int error) {
        return RuntimeErrors.description(error);
    }

    static RemoteDevice device(int ordinal) {
        Gpu.open();
        return Gpu.device(ordinal);
    }

    private static int major(RemoteDevice device) {
        return DeviceAttributes.of(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR);
    }

    private static int minor(RemoteDevice device) {
        return DeviceAttributes.of(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR);
    }

    @SuppressWarnings("deprecation") // programs still read these fields
    private static void fill(cudaDeviceProp out, RemoteDevice device) {
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
        out.major = major(device);
        out.minor = minor(device);
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
    }

    private static int of(RemoteDevice device, int attribute) {
        return DeviceAttributes.of(device, attribute);
    }
}
