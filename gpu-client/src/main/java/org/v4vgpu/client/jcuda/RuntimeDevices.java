package org.v4vgpu.client.jcuda;

import static org.v4vgpu.client.jcuda.JCudaBridge.mandatory;

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
        PrimaryContext primary = Gpu.primary(CurrentContext.deviceOfRuntime());
        DriverContexts.requireFlags(flags);
        primary.setFlags(flags);
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
        RuntimeProperties.fill(mandatory(properties, "prop", "cudaGetDeviceProperties"), device(device));
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
        cudaDeviceGetCacheConfig(mandatory(config, "config", "cudaThreadGetCacheConfig"));
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
        cudaDeviceGetLimit(mandatory(value, "pValue", "cudaThreadGetLimit"), limit);
    }

    static void cudaDeviceGetPCIBusId(String[] id, int length, int device) {
        PciBusId.write(id, length, device(device), "cudaDeviceGetPCIBusId");
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
}
