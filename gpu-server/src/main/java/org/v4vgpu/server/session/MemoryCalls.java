package org.v4vgpu.server.session;

import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.DeviceStream;
import org.v4vgpu.device.MemoryInfo;
import org.v4vgpu.proto.Call;
import org.v4vgpu.proto.CudaStatus;
import org.v4vgpu.proto.MemAllocReply;
import org.v4vgpu.proto.MemAllocRequest;
import org.v4vgpu.proto.MemFreeAsyncReply;
import org.v4vgpu.proto.MemFreeAsyncRequest;
import org.v4vgpu.proto.MemFreeReply;
import org.v4vgpu.proto.MemFreeRequest;
import org.v4vgpu.proto.MemGetInfoReply;
import org.v4vgpu.proto.MemGetInfoRequest;

/** Calls about device memory. Stateless, for the threads of all lanes. */
final class MemoryCalls implements CallDispatcher.Calls {
    @Override
    public void register(CallDispatcher dispatcher) {
        dispatcher.on(Call.MEM_ALLOC, this::allocate);
        dispatcher.on(Call.MEM_FREE, this::free);
        dispatcher.on(Call.MEM_FREE_ASYNC, this::freeLater);
        dispatcher.on(Call.MEM_GET_INFO, this::info);
    }

    /**
     * Memory that was freed behind work is there for a program that waits: a pool of CUDA's would give it again in stream order. It is the
     * client that waits, by asking again: on a lane that threads share, another one may have to end that work.
     */
    private MemAllocReply allocate(LaneCall call, MemAllocRequest request) throws DeviceException {
        Resource.Context context = call.context(request.getContext());
        Session session = call.session();
        long bytes = request.getBytes();
        if (bytes == 0) {
            throw new DeviceException(CudaStatus.INVALID_VALUE, "an allocation of 0 bytes");
        }
        if (bytes < 0) {
            throw new DeviceException(
                    CudaStatus.OUT_OF_MEMORY, "an allocation of " + Long.toUnsignedString(bytes) + " bytes");
        }
        DeviceStream stream = request.hasStream() ? call.stream(request.getContext(), request.getStream()) : null;
        boolean isRepeated = request.hasFreedBefore();
        if (isRepeated && session.isFreeing(request.getFreedBefore())) {
            return notYet(call, request.getFreedBefore());
        }
        try {
            return allocated(session.allocate(context, bytes, stream));
        } catch (DeviceException e) {
            if (isRepeated || !e.status().equals(CudaStatus.OUT_OF_MEMORY) || !session.couldAllocate(context, bytes)) {
                throw e;
            }
        }
        long now = System.nanoTime();
        if (session.isFreeing(now)) {
            return notYet(call, now);
        }
        return allocated(session.allocate(context, bytes, stream)); // the last free may have ended in between
    }

    private static MemAllocReply allocated(long address) {
        return MemAllocReply.newBuilder().setAddress(address).build();
    }

    private static MemAllocReply notYet(LaneCall call, long freedBefore) {
        call.answer(CudaStatus.NOT_READY);
        return MemAllocReply.newBuilder().setFreedBefore(freedBefore).build();
    }

    /** Waits for the context's work, as CUDA does, so that a lane that frees memory under a kernel still sees its client. */
    private @Nullable MemFreeReply free(LaneCall call, MemFreeRequest request) throws DeviceException, IOException {
        Resource.Context context = call.context(request.getContext());
        if (request.getAddress() != 0) {
            if (!request.getWaited()) {
                call.await(context.device().enqueued());
            }
            call.session().free(context, request.getAddress(), null);
        }
        return null;
    }

    private @Nullable MemFreeAsyncReply freeLater(LaneCall call, MemFreeAsyncRequest request)
            throws DeviceException, IOException {
        Resource.Context context = call.context(request.getContext());
        if (!request.hasStream()) {
            call.session().free(context, request.getAddress(), null);
            return null;
        }
        DeviceStream stream = call.stream(request.getContext(), request.getStream());
        call.session().free(context, request.getAddress(), stream);
        call.awaitSpace(stream);
        return null;
    }

    /** A quota is what a program sees as the device's memory. */
    private MemGetInfoReply info(LaneCall call, MemGetInfoRequest request) throws DeviceException {
        MemoryInfo info = call.context(request.getContext()).device().memoryInfo();
        long free = info.freeBytes();
        long total = info.totalBytes();
        long quota = call.session().quotaBytes();
        if (quota > 0) {
            total = Math.min(total, quota);
            free = Math.min(free, Math.max(0, quota - call.session().usedBytes()));
        }
        return MemGetInfoReply.newBuilder()
                .setFreeBytes(free)
                .setTotalBytes(total)
                .build();
    }
}
