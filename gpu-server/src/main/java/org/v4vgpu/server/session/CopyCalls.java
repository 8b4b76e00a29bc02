package org.v4vgpu.server.session;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.DeviceCopy;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.DeviceStream;
import org.v4vgpu.device.DeviceWork;
import org.v4vgpu.proto.Call;
import org.v4vgpu.proto.CudaStatus;
import org.v4vgpu.proto.MemcpyDtoDReply;
import org.v4vgpu.proto.MemcpyDtoDRequest;
import org.v4vgpu.proto.MemcpyDtoHReply;
import org.v4vgpu.proto.MemcpyDtoHRequest;
import org.v4vgpu.proto.MemcpyHtoDReply;
import org.v4vgpu.proto.MemcpyHtoDRequest;
import org.v4vgpu.proto.MemsetReply;
import org.v4vgpu.proto.MemsetRequest;
import org.v4vgpu.v4v.Payload;

/** Copies and fills. Stateless, for the threads of all lanes. The bytes go between channel and device without a stop. */
final class CopyCalls implements CallDispatcher.Calls {
    @Override
    public void register(CallDispatcher dispatcher) {
        dispatcher.on(Call.MEMCPY_HTOD, Long.MAX_VALUE, this::hostToDevice);
        dispatcher.on(Call.MEMCPY_DTOH, this::deviceToHost);
        dispatcher.on(Call.MEMCPY_DTOD, this::deviceToDevice);
        dispatcher.on(Call.MEMSET, this::fill);
    }

    private @Nullable MemcpyHtoDReply hostToDevice(LaneCall call, MemcpyHtoDRequest request)
            throws DeviceException, IOException {
        DeviceStream stream = call.stream(request.getContext(), request.getStream());
        long bytes = call.payloadBytes();
        if (bytes == 0) {
            return null;
        }
        try (DeviceCopy copy = stream.copyIn(request.getDestination(), bytes)) {
            call.await(copy::await);
            long offset = 0;
            for (Payload chunk = call.payload().next();
                    chunk != null;
                    chunk = call.payload().next()) {
                DeviceWork moved = begin(copy, offset, chunk.first());
                offset += chunk.first().byteSize();
                DeviceWork rest = begin(copy, offset, chunk.second());
                offset += chunk.second().byteSize();
                call.payload().releaseAfter(moved, rest);
            }
            call.payload().awaitMoved();
        }
        call.flush(call.context(request.getContext()));
        return null;
    }

    private static DeviceWork begin(DeviceCopy copy, long offset, MemorySegment part) throws DeviceException {
        return part.byteSize() > 0 ? copy.begin(offset, part) : DeviceWork.DONE;
    }

    private @Nullable MemcpyDtoHReply deviceToHost(LaneCall call, MemcpyDtoHRequest request)
            throws DeviceException, IOException {
        DeviceStream stream = call.stream(request.getContext(), request.getStream());
        long bytes = positive(request.getBytes());
        if (bytes == 0) {
            call.synchronize(call.context(request.getContext()), stream::enqueued);
            return null;
        }
        try (DeviceCopy copy = stream.copyOut(request.getSource(), bytes)) {
            call.synchronize(call.context(request.getContext()), () -> copy::await);
            call.replyFrom(copy, bytes);
        }
        return null;
    }

    private @Nullable MemcpyDtoDReply deviceToDevice(LaneCall call, MemcpyDtoDRequest request)
            throws DeviceException, IOException {
        DeviceStream stream = call.stream(request.getContext(), request.getStream());
        long bytes = positive(request.getBytes());
        if (bytes > 0) {
            stream.copy(request.getDestination(), request.getSource(), bytes);
            call.awaitSpace(stream);
        }
        return null;
    }

    private @Nullable MemsetReply fill(LaneCall call, MemsetRequest request) throws DeviceException, IOException {
        DeviceStream stream = call.stream(request.getContext(), request.getStream());
        int elementBytes = request.getElementBytes();
        long elements = positive(request.getElements());
        if (elementBytes != 1 && elementBytes != 2 && elementBytes != 4) {
            throw new DeviceException(
                    CudaStatus.INVALID_VALUE,
                    "a fill with elements of " + elementBytes + " bytes; 1, 2 and 4 are possible");
        }
        if (elements > Long.MAX_VALUE / elementBytes) {
            throw new DeviceException(CudaStatus.INVALID_VALUE, "a fill of " + elements + " elements");
        }
        if (elements > 0) {
            stream.fill(request.getDestination(), elementBytes, request.getValue(), elements);
            call.awaitSpace(stream);
        }
        return null;
    }

    private static long positive(long count) throws DeviceException {
        if (count < 0) {
            throw new DeviceException(CudaStatus.INVALID_VALUE, "a length of " + Long.toUnsignedString(count));
        }
        return count;
    }
}
