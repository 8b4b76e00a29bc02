package org.v4vgpu.client.jcuda;

import static org.v4vgpu.client.jcuda.JCudaBridge.mandatory;

import java.util.Locale;
import jcuda.driver.CUdevice_attribute;
import org.v4vgpu.client.CudaException;
import org.v4vgpu.client.RemoteDevice;
import org.v4vgpu.proto.CudaStatus;

/** Where a device is on its server's PCI bus: domain, bus, device and function. Stateless. Source: cuDeviceGetPCIBusId. */
final class PciBusId {
    private PciBusId() {}

    static String of(RemoteDevice device) {
        return String.format(
                Locale.ROOT,
                "%04x:%02x:%02x.0",
                DeviceAttributes.of(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_PCI_DOMAIN_ID),
                DeviceAttributes.of(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_PCI_BUS_ID),
                DeviceAttributes.of(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_PCI_DEVICE_ID));
    }

    /** @param length with the NUL that C puts at the end */
    static void write(String[] id, int length, RemoteDevice device, String call) {
        mandatory(id, "pciBusId", call);
        String text = of(device);
        if (length <= text.length()) {
            throw new CudaException(CudaStatus.INVALID_VALUE, "a PCI bus id of up to " + length + " characters");
        }
        id[0] = text;
    }

    /** The first device there; domain and function may be left out. */
    static RemoteDevice find(String id) {
        String wanted = id.toLowerCase(Locale.ROOT);
        for (RemoteDevice device : Gpu.initialized().devices()) {
            String own = of(device);
            String withoutDomain = own.substring(own.indexOf(':') + 1);
            if (wanted.equals(own)
                    || wanted.equals(withoutDomain)
                    || wanted.equals(own.substring(0, own.length() - 2))
                    || wanted.equals(withoutDomain.substring(0, withoutDomain.length() - 2))) {
                return device;
            }
        }
        throw new CudaException(CudaStatus.INVALID_DEVICE, "no device at " + id);
    }
}
