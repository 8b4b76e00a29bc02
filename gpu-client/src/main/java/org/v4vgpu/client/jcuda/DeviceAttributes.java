package org.v4vgpu.client.jcuda;

import java.util.Map;
import jcuda.driver.CUdevice_attribute;
import org.v4vgpu.client.CudaException;
import org.v4vgpu.client.RemoteDevice;
import org.v4vgpu.proto.CudaStatus;

/**
 * What a program is told of a device: the server's answer, but for what depends on where the program's own memory is and on which
 * calls this bridge has. Stateless.
 *
 * <p>Source: CUDA driver API, CUdevice_attribute.
 */
final class DeviceAttributes {
    private static final Map<Integer, Integer> OVERRIDDEN = Map.ofEntries(
            Map.entry(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_CAN_MAP_HOST_MEMORY, 0),
            Map.entry(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_UNIFIED_ADDRESSING, 1),
            Map.entry(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MANAGED_MEMORY, 1),
            Map.entry(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_CONCURRENT_MANAGED_ACCESS, 0),
            Map.entry(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_PAGEABLE_MEMORY_ACCESS, 0),
            Map.entry(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_CAN_USE_HOST_POINTER_FOR_REGISTERED_MEM, 0),
            Map.entry(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MEMORY_POOLS_SUPPORTED, 1),
            Map.entry(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_VIRTUAL_MEMORY_MANAGEMENT_SUPPORTED, 0));

    private static final int LAST = 135;

    private DeviceAttributes() {}

    /** @throws CudaException INVALID_VALUE if CUDA has no such attribute; 0 for one that the server does not tell */
    static int of(RemoteDevice device, int attribute) {
        if (attribute <= 0 || attribute > LAST) {
            throw new CudaException(CudaStatus.INVALID_VALUE, "device attribute " + attribute);
        }
        Integer overridden = OVERRIDDEN.get(attribute);
        return overridden != null ? overridden : device.attribute(attribute, 0);
    }
}
