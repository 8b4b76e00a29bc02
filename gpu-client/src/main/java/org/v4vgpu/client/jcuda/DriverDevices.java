package org.v4vgpu.client.jcuda;

import static org.v4vgpu.client.jcuda.JCudaBridge.mandatory;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.UUID;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdevice_attribute;
import jcuda.driver.CUdevprop;
import jcuda.driver.CUresult;
import jcuda.driver.CUuuid;
import org.v4vgpu.client.CudaException;
import org.v4vgpu.client.RemoteDevice;
import org.v4vgpu.proto.CudaStatus;

/** Initialisation, versions, errors and devices of the driver API. Safe for any thread. */
final class DriverDevices {
    private DriverDevices() {}

    static void cuInit(int flags) {
        if (flags != 0) {
            throw new CudaException(CudaStatus.INVALID_VALUE, "flags " + flags);
        }
        Gpu.open();
    }

    static void cuDriverGetVersion(int[] version) {
        mandatory(version, "driverVersion", "cuDriverGetVersion")[0] =
                Gpu.open().driverVersion();
    }

    static void cuGetErrorName(int error, String[] name) {
        String[] out = mandatory(name, "pStr", "cuGetErrorName");
        out[0] = null;
        out[0] = known(error);
    }

    static void cuGetErrorString(int error, String[] description) {
        String[] out = mandatory(description, "pStr", "cuGetErrorString");
        out[0] = null;
        String name = known(error);
        CudaStatus status = new CudaStatus(error);
        out[0] = status.isKnown() ? status.description() : name;
    }

    private static String known(int error) {
        String name = CUresult.stringFor(error);
        if (name == null || !name.startsWith("CUDA_")) {
            throw new CudaException(CudaStatus.INVALID_VALUE, error + " is no CUresult");
        }
        return name;
    }

    static void cuDeviceGetCount(int[] count) {
        mandatory(count, "count", "cuDeviceGetCount")[0] =
                Gpu.initialized().devices().size();
    }

    static void cuDeviceGet(CUdevice device, int ordinal) {
        JCudaFields.setNativePointer(
                mandatory(device, "device", "cuDeviceGet"), Gpu.device(ordinal).ordinal());
    }

    static void cuDeviceGetName(byte[] name, int length, CUdevice device) {
        byte[] text = of(device, "cuDeviceGetName").name().getBytes(StandardCharsets.UTF_8);
        mandatory(name, "name", "cuDeviceGetName");
        int room = Math.min(length, name.length);
        if (room <= 0) {
            throw new CudaException(CudaStatus.INVALID_VALUE, "a name of up to " + room + " bytes");
        }
        Arrays.fill(name, 0, room, (byte) 0);
        System.arraycopy(text, 0, name, 0, Math.min(text.length, room - 1));
    }

    static void cuDeviceGetUuid(CUuuid uuid, CUdevice device) {
        mandatory(uuid, "uuid", "cuDeviceGetUuid").bytes =
                bytes(of(device, "cuDeviceGetUuid").uuid());
    }

    static byte[] bytes(UUID uuid) {
        return ByteBuffer.allocate(16)
                .putLong(uuid.getMostSignificantBits())
                .putLong(uuid.getLeastSignificantBits())
                .array();
    }

    static void cuDeviceTotalMem(long[] bytes, CUdevice device) {
        mandatory(bytes, "bytes", "cuDeviceTotalMem")[0] =
                of(device, "cuDeviceTotalMem").totalBytes();
    }

    static void cuDeviceGetAttribute(int[] value, int attribute, CUdevice device) {
        mandatory(value, "pi", "cuDeviceGetAttribute")[0] =
                DeviceAttributes.of(of(device, "cuDeviceGetAttribute"), attribute);
    }

    static void cuDeviceGetPCIBusId(String[] id, int length, CUdevice device) {
        PciBusId.write(id, length, of(device, "cuDeviceGetPCIBusId"), "cuDeviceGetPCIBusId");
    }

    static void cuDeviceGetByPCIBusId(CUdevice device, String id) {
        JCudaFields.setNativePointer(
                mandatory(device, "dev", "cuDeviceGetByPCIBusId"),
                PciBusId.find(mandatory(id, "pciBusId", "cuDeviceGetByPCIBusId"))
                        .ordinal());
    }

    static void cuDeviceComputeCapability(int[] major, int[] minor, CUdevice device) {
        RemoteDevice asked = of(device, "cuDeviceComputeCapability");
        mandatory(major, "major", "cuDeviceComputeCapability")[0] =
                DeviceAttributes.of(asked, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR);
        mandatory(minor, "minor", "cuDeviceComputeCapability")[0] =
                DeviceAttributes.of(asked, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR);
    }

    static void cuDeviceGetProperties(CUdevprop properties, CUdevice device) {
        RemoteDevice asked = of(device, "cuDeviceGetProperties");
        CUdevprop out = mandatory(properties, "prop", "cuDeviceGetProperties");
        out.maxThreadsPerBlock =
                DeviceAttributes.of(asked, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK);
        for (int i = 0; i < 3; i++) {
            out.maxThreadsDim[i] =
                    DeviceAttributes.of(asked, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_X + i);
            out.maxGridSize[i] = DeviceAttributes.of(asked, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_X + i);
        }
        out.sharedMemPerBlock =
                DeviceAttributes.of(asked, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK);
        out.totalConstantMemory =
                DeviceAttributes.of(asked, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_TOTAL_CONSTANT_MEMORY);
        out.SIMDWidth = DeviceAttributes.of(asked, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_WARP_SIZE);
        out.memPitch = DeviceAttributes.of(asked, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_PITCH);
        out.regsPerBlock = DeviceAttributes.of(asked, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_REGISTERS_PER_BLOCK);
        out.clockRate = DeviceAttributes.of(asked, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_CLOCK_RATE);
        out.textureAlign = DeviceAttributes.of(asked, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_TEXTURE_ALIGNMENT);
    }

    static RemoteDevice of(CUdevice device, String call) {
        return Gpu.device(JCudaFields.nativePointer(mandatory(device, "dev", call)));
    }
}
