package org.v4vgpu.device.software;

import org.v4vgpu.device.Device;
import org.v4vgpu.device.DeviceContract;

/** The software device keeps to the contract of devices. */
final class SoftwareDeviceTest extends DeviceContract {
    @Override
    protected Device open() {
        return new SoftwareDevice(SoftwareDeviceOptions.defaults().withTotalBytes(64 << 20));
    }
}
