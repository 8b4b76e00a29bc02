package org.v4vgpu.server.session;

import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.DeviceException;
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

    private MemAllocReply allocate(LaneCall call, MemAllocRequest request) throws DeviceException, IOException {
        Resource.Context context = call.context(request.getContext());
        long bytes = request.getBytes();
        if (bytes == 0) {
            throw new DeviceException(CudaStatus.INVALID_VALUE, "an allocation of 0 bytes");
        }
        if (bytes < 0) {
            throw new DeviceException(
                    CudaStatus.OUT_OF_MEMORY, "an allocation of " + Long.toUnsignedString(bytes) + " bytes");
        }
        return MemAllocReply.newBuilder()
                .setAddress(allocate(call, context, bytes))
                .build();
    }

    /** Memory that was freed behind work is there for a program that waits: a pool of CUDA's would give it again in stream order. */
    private static long allocate(LaneCall call, Resource.Context context, long bytes)
            throws DeviceException, IOException {
        try {
            return call.session().allocate(context, bytes);
        } catch (DeviceException e) {
            if (!e.status().equals(CudaStatus.OUT_OF_MEMORY) || !awaitFrees(call)) {
                throw e;
            }
        }
        return call.session().allocate(context, bytes);
    }

    /** Returns whether any of the session's contexts was freeing memory. */
    private static boolean awaitFrees(LaneCall call) throws IOException {
        boolean freed = false;
        for (Resource.Context context : call.session().handles().contexts()) {
            if (context.device().isFreeing()) {
                freed = true;
                try {
                    call.await(context.device().enqueued());
                } catch (DeviceException e) {
                    // It is broken, which who asks for its results is told; another one's memory may do.
                }
            }
        }
        return freed;
    }

    /** Waits for the context's work, as CUDA does, so that a lane that frees memory under a kernel still sees its client. */
    private @Nullable MemFreeReply free(LaneCall call, MemFreeRequest request) throws DeviceException, IOException {
        Resource.Context context = call.context(request.getContext());
        if (request.getAddress() != 0) {
            call.await(context.device().enqueued());
            call.session().free(context, request.getAddress());
        }
        return null;
    }

    private @Nullable MemFreeAsyncReply freeLater(LaneCall call, MemFreeAsyncRequest request) throws DeviceException {
        call.session().free(call.context(request.getContext()), request.getAddress());
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
