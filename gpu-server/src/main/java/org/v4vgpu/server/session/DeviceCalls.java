package org.v4vgpu.server.session;

import com.google.protobuf.ByteString;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.UUID;
import org.v4vgpu.device.DeviceDescription;
import org.v4vgpu.proto.Call;
import org.v4vgpu.proto.Device;
import org.v4vgpu.proto.DeviceListReply;
import org.v4vgpu.proto.DeviceListRequest;

/** Calls about the devices. Stateless, for the threads of all lanes. */
final class DeviceCalls implements CallDispatcher.Calls {
    /** What devices say of themselves is constant. */
    private final DeviceListReply list;

    /** @param quota what one session may have of a device's memory, which is all that its programs see; 0 for no quota */
    DeviceCalls(List<org.v4vgpu.device.Device> devices, long quota) {
        DeviceListReply.Builder reply = DeviceListReply.newBuilder();
        for (org.v4vgpu.device.Device device : devices) {
            DeviceDescription description = device.description();
            reply.setDriverVersion(description.driverVersion());
            reply.addDevices(Device.newBuilder()
                    .setName(description.name())
                    .setUuid(bytes(description.uuid()))
                    .setTotalBytes(quota > 0 ? Math.min(quota, description.totalBytes()) : description.totalBytes())
                    .putAllAttributes(description.attributes()));
        }
        list = reply.build();
    }

    @Override
    public void register(CallDispatcher dispatcher) {
        dispatcher.on(Call.DEVICE_LIST, this::list);
    }

    private DeviceListReply list(LaneCall call, DeviceListRequest request) {
        return list;
    }

    private static ByteString bytes(UUID uuid) {
        return ByteString.copyFrom(ByteBuffer.allocate(2 * Long.BYTES)
                .putLong(uuid.getMostSignificantBits())
                .putLong(uuid.getLeastSignificantBits())
                .flip());
    }
}
