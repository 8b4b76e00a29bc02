package org.v4vgpu.server.session;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.DeviceFunction;
import org.v4vgpu.device.DeviceGlobal;
import org.v4vgpu.device.DeviceModule;
import org.v4vgpu.device.DeviceWork;
import org.v4vgpu.proto.Call;
import org.v4vgpu.proto.CudaStatus;
import org.v4vgpu.proto.FuncSetAttributeReply;
import org.v4vgpu.proto.FuncSetAttributeRequest;
import org.v4vgpu.proto.KernelParameter;
import org.v4vgpu.proto.Limits;
import org.v4vgpu.proto.ModuleGetFunctionReply;
import org.v4vgpu.proto.ModuleGetFunctionRequest;
import org.v4vgpu.proto.ModuleGetGlobalReply;
import org.v4vgpu.proto.ModuleGetGlobalRequest;
import org.v4vgpu.proto.ModuleLoadDataReply;
import org.v4vgpu.proto.ModuleLoadDataRequest;
import org.v4vgpu.proto.ModuleUnloadReply;
import org.v4vgpu.proto.ModuleUnloadRequest;

/** Calls about modules, functions and globals. Stateless, for the threads of all lanes. */
final class ModuleCalls implements CallDispatcher.Calls {
    /** CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES. */
    private static final int MAX_DYNAMIC_SHARED_SIZE_BYTES = 8;

    private static final int MOST_PARTS = 256;

    private static final Logger LOG = System.getLogger(ModuleCalls.class.getName());

    @Override
    public void register(CallDispatcher dispatcher) {
        dispatcher.on(Call.MODULE_LOAD_DATA, Limits.MAXIMUM_MODULE_BYTES, this::load);
        dispatcher.on(Call.MODULE_UNLOAD, this::unload);
        dispatcher.on(Call.MODULE_GET_FUNCTION, this::function);
        dispatcher.on(Call.MODULE_GET_GLOBAL, this::global);
        dispatcher.on(Call.FUNC_SET_ATTRIBUTE, this::setAttribute);
    }

    /** Compiles on a thread of its own: a lane must see its client die while a compiler works. */
    private ModuleLoadDataReply load(LaneCall call, ModuleLoadDataRequest request) throws DeviceException, IOException {
        Resource.Context context = call.context(request.getContext());
        List<MemorySegment> images = parts(call.payload().gather(), request.getPartBytesList());
        DeviceModule module;
        try {
            module = call.runAside(
                    "compile",
                    () -> images.size() == 1
                            ? context.device().loadModule(images.getFirst())
                            : context.device().linkModule(images));
            call.flush(context);
        } catch (DeviceException e) {
            LOG.log(Level.INFO, "module refused: {0}: {1}", e.status(), e.getMessage());
            call.answer(e.status());
            return ModuleLoadDataReply.newBuilder()
                    .setErrorLog(cut(String.valueOf(e.getMessage()), request.getErrorLogBytes()))
                    .build();
        }
        Resource.Module resource = new Resource.Module(context, module);
        try {
            call.session().checkQuota();
        } catch (DeviceException e) {
            resource.close();
            throw e;
        }
        return ModuleLoadDataReply.newBuilder()
                .setModule(call.session().add(resource))
                .build();
    }

    /** The images of a payload, whose lengths are the client's word. */
    private static List<MemorySegment> parts(MemorySegment payload, List<Long> lengths) throws DeviceException {
        if (lengths.isEmpty()) {
            return List.of(payload);
        }
        List<MemorySegment> parts = new ArrayList<>();
        long offset = 0;
        for (long length : lengths) {
            if (length <= 0 || length > payload.byteSize() - offset || parts.size() == MOST_PARTS) {
                throw new DeviceException(
                        CudaStatus.INVALID_VALUE,
                        "image " + (parts.size() + 1) + " of " + lengths.size() + " to link has "
                                + Long.toUnsignedString(length) + " bytes of " + (payload.byteSize() - offset)
                                + "; " + MOST_PARTS + " images are the most");
            }
            parts.add(payload.asSlice(offset, length));
            offset += length;
        }
        if (offset != payload.byteSize()) {
            throw new DeviceException(
                    CudaStatus.INVALID_VALUE, (payload.byteSize() - offset) + " bytes behind the images to link");
        }
        return parts;
    }

    private @Nullable ModuleUnloadReply unload(LaneCall call, ModuleUnloadRequest request)
            throws DeviceException, IOException {
        Resource.Module module = call.module(request.getModule());
        call.synchronize(module.context(), () -> {
            DeviceWork enqueued = module.context().device().enqueued(); // a broken context says so
            return request.getWaited() ? _ -> true : enqueued;
        });
        HandleTable handles = call.session().handles();
        if (!handles.remove(request.getModule())) {
            throw new DeviceException(CudaStatus.INVALID_HANDLE, "the module was unloaded by another thread");
        }
        handles.removeIf(resource -> resource instanceof Resource.Function function && function.module() == module);
        module.close();
        return null;
    }

    private ModuleGetFunctionReply function(LaneCall call, ModuleGetFunctionRequest request) throws DeviceException {
        Resource.Module module = call.module(request.getModule());
        DeviceFunction function = module.device().function(checkName(request.getName()));
        ModuleGetFunctionReply.Builder reply = ModuleGetFunctionReply.newBuilder()
                .setFunction(Long.MIN_VALUE) // takes as much space as any handle
                .putAllAttributes(function.attributes());
        for (DeviceFunction.Parameter parameter : function.parameters()) {
            reply.addParameters(
                    KernelParameter.newBuilder().setOffset(parameter.offset()).setBytes(parameter.bytes()));
        }
        if (reply.build().getSerializedSize() > ReplyWriter.MAXIMUM_MESSAGE_BYTES) {
            throw new DeviceException(
                    CudaStatus.NOT_SUPPORTED,
                    "kernel " + function.name() + " has "
                            + function.parameters().size() + " parameters, more than a reply takes");
        }
        return reply.setFunction(handle(call.session(), module, function)).build();
    }

    private @Nullable FuncSetAttributeReply setAttribute(LaneCall call, FuncSetAttributeRequest request)
            throws DeviceException {
        Resource.Function function = call.function(request.getFunction());
        if (request.getAttribute() != MAX_DYNAMIC_SHARED_SIZE_BYTES) {
            throw new DeviceException(
                    CudaStatus.NOT_SUPPORTED,
                    "setting function attribute " + Integer.toUnsignedString(request.getAttribute()));
        }
        function.device().setMaxDynamicShared(request.getValue());
        return null;
    }

    /** A function asked for again has the same handle, as in CUDA. */
    private static long handle(Session session, Resource.Module module, DeviceFunction function)
            throws DeviceException {
        synchronized (module.functions()) {
            Long known = module.functions().get(function.name());
            if (known != null) {
                return known;
            }
            long handle = session.add(new Resource.Function(module, function));
            module.functions().put(function.name(), handle);
            return handle;
        }
    }

    private ModuleGetGlobalReply global(LaneCall call, ModuleGetGlobalRequest request) throws DeviceException {
        DeviceGlobal global = call.module(request.getModule()).device().global(checkName(request.getName()));
        return ModuleGetGlobalReply.newBuilder()
                .setAddress(global.address())
                .setBytes(global.bytes())
                .build();
    }

    private static String checkName(String name) throws DeviceException {
        if (name.isEmpty() || name.length() > Limits.MAXIMUM_NAME_BYTES) {
            throw new DeviceException(CudaStatus.INVALID_VALUE, "a name of " + name.length() + " characters");
        }
        return name;
    }

    private static String cut(String log, int bytes) {
        int length = (int) Math.min(Integer.toUnsignedLong(bytes), Limits.MAXIMUM_LOG_BYTES);
        return log.length() <= length ? log : log.substring(0, length);
    }
}
