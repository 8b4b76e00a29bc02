package org.v4vgpu.device;

import java.util.Map;
import java.util.UUID;

/**
 * What cuDeviceGetName, cuDeviceGetUuid, cuDeviceTotalMem and cuDeviceGetAttribute say of a device.
 *
 * @param driverVersion as cuDriverGetVersion: 1000 * major + 10 * minor
 * @param attributes CUdevice_attribute to its value
 */
public record DeviceDescription(
        String name, UUID uuid, long totalBytes, int driverVersion, Map<Integer, Integer> attributes) {}
