package org.v4vgpu.server.session;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.v4vgpu.device.Device;
import org.v4vgpu.device.DeviceRegion;
import org.v4vgpu.v4v.HeldMemory;
import org.v4vgpu.v4v.MessageChannel;

/**
 * The memory of a lane's channel, which the devices are told of: a GPU copies from and to a ring without a stop. It stays mapped until this
 * is closed, so that no DMA goes astray. Confined to the lane's thread.
 */
final class RegisteredChannel implements AutoCloseable {
    private final HeldMemory memory;
    private final List<DeviceRegion> regions = new ArrayList<>();

    RegisteredChannel(MessageChannel channel, List<Device> devices) {
        memory = channel.holdMemory();
        for (MemorySegment segment : memory.segments()) {
            for (Device device : devices) {
                regions.add(device.register(segment));
            }
        }
    }

    @Override
    public void close() {
        regions.forEach(DeviceRegion::close);
        memory.close();
    }
}
