package org.v4vgpu.server.session;

import com.google.protobuf.UnsafeByteOperations;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.Device;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.DevicePrintout;
import org.v4vgpu.proto.Call;
import org.v4vgpu.proto.CtxCreateReply;
import org.v4vgpu.proto.CtxCreateRequest;
import org.v4vgpu.proto.CtxDestroyReply;
import org.v4vgpu.proto.CtxDestroyRequest;
import org.v4vgpu.proto.CtxSynchronizeReply;
import org.v4vgpu.proto.CtxSynchronizeRequest;
import org.v4vgpu.proto.CudaStatus;
import org.v4vgpu.proto.PrintfReadReply;
import org.v4vgpu.proto.PrintfReadRequest;

/** Calls about contexts. Stateless, for the threads of all lanes. */
final class ContextCalls implements CallDispatcher.Calls {
    /** What a reply holds beside the numbers and lengths of its fields. */
    private static final int MOST_TEXT_BYTES = ReplyWriter.MAXIMUM_MESSAGE_BYTES - 16;

    private final List<Device> devices;

    ContextCalls(List<Device> devices) {
        this.devices = List.copyOf(devices);
    }

    @Override
    public void register(CallDispatcher dispatcher) {
        dispatcher.on(Call.CTX_CREATE, this::create);
        dispatcher.on(Call.CTX_DESTROY, this::destroy);
        dispatcher.on(Call.CTX_SYNCHRONIZE, this::synchronize);
        dispatcher.on(Call.PRINTF_READ, this::takePrinted);
    }

    private CtxCreateReply create(LaneCall call, CtxCreateRequest request) throws DeviceException {
        int ordinal = request.getDevice();
        if (ordinal < 0 || ordinal >= devices.size()) {
            throw new DeviceException(
                    CudaStatus.INVALID_DEVICE,
                    "no device " + Integer.toUnsignedString(ordinal) + "; there are " + devices.size());
        }
        call.session().checkContexts();
        Resource.Context context = new Resource.Context(devices.get(ordinal).createContext(request.getFlags()));
        return CtxCreateReply.newBuilder()
                .setContext(call.session().add(context))
                .build();
    }

    /** Waits for what runs, as CUDA does; a broken context has nothing to wait for. */
    private @Nullable CtxDestroyReply destroy(LaneCall call, CtxDestroyRequest request)
            throws DeviceException, IOException {
        Resource.Context context = call.context(request.getContext());
        HandleTable handles = call.session().handles();
        try {
            call.await(context.device().enqueued());
        } catch (DeviceException e) {
            // The fault has been told to those who asked for results; destroying ends it.
        }
        if (!handles.remove(request.getContext())) {
            throw new DeviceException(CudaStatus.INVALID_CONTEXT, "the context was destroyed by another thread");
        }
        handles.removeIf(resource -> resource.context() == context);
        call.session().forgetAllocations(context);
        call.flush(context);
        context.close();
        return null;
    }

    private @Nullable CtxSynchronizeReply synchronize(LaneCall call, CtxSynchronizeRequest request)
            throws DeviceException, IOException {
        Resource.Context context = call.context(request.getContext());
        call.synchronize(context, () -> context.device().enqueued());
        return null;
    }

    private PrintfReadReply takePrinted(LaneCall call, PrintfReadRequest request) {
        DevicePrintout printout = call.lane().printout();
        byte[] text = printout.take(MOST_TEXT_BYTES);
        boolean more = !printout.isEmpty();
        if (!more) {
            printout.close();
        }
        return PrintfReadReply.newBuilder()
                .setText(UnsafeByteOperations.unsafeWrap(text))
                .setMore(more)
                .build();
    }
}
