package org.v4vgpu.client;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.v4vgpu.proto.Call;
import org.v4vgpu.proto.CudaStatus;
import org.v4vgpu.proto.Limits;
import org.v4vgpu.proto.ModuleGetFunctionReply;
import org.v4vgpu.proto.ModuleGetFunctionRequest;
import org.v4vgpu.proto.ModuleGetGlobalReply;
import org.v4vgpu.proto.ModuleGetGlobalRequest;
import org.v4vgpu.proto.ModuleUnloadRequest;

/** A loaded module: its kernels and its variables, each asked of the server once. Safe for any thread. */
public final class RemoteModule implements AutoCloseable {
    private final RemoteContext context;
    private final long id;
    private final Map<String, RemoteFunction> functions = new ConcurrentHashMap<>();
    private final Map<String, DeviceMemory> variables = new ConcurrentHashMap<>();
    private final AtomicBoolean open = new AtomicBoolean(true);

    RemoteModule(RemoteContext context, long id) {
        this.context = context;
        this.id = id;
    }

    public RemoteContext context() {
        return context;
    }

    public boolean isOpen() {
        return open.get() && context.isOpen();
    }

    /**
     * A kernel of the module.
     *
     * @throws CudaException NOT_FOUND if there is none of that name
     */
    public RemoteFunction function(String name) {
        requireOpen(name);
        RemoteFunction known = functions.get(name);
        if (known != null) {
            return known;
        }
        ModuleGetFunctionReply reply = context.lane()
                .call(
                        Call.MODULE_GET_FUNCTION,
                        ModuleGetFunctionRequest.newBuilder()
                                .setModule(id)
                                .setName(name)
                                .build());
        RemoteFunction function = new RemoteFunction(this, name, reply);
        RemoteFunction first = functions.putIfAbsent(name, function);
        return first != null ? first : function;
    }

    /**
     * A variable of the module, as memory that ends with the module.
     *
     * @throws CudaException NOT_FOUND if the module has no such variable
     */
    public DeviceMemory global(String name) {
        requireOpen(name);
        DeviceMemory known = variables.get(name);
        if (known != null) {
            return known;
        }
        ModuleGetGlobalReply reply = context.lane()
                .call(
                        Call.MODULE_GET_GLOBAL,
                        ModuleGetGlobalRequest.newBuilder()
                                .setModule(id)
                                .setName(name)
                                .build());
        DeviceMemory variable = DeviceMemory.variable(context, reply.getAddress(), reply.getBytes());
        DeviceMemory first = variables.putIfAbsent(name, variable);
        return first != null ? first : context.allocations().add(variable);
    }

    /** Unloads the module. Idempotent. */
    @Override
    public void close() {
        if (open.compareAndSet(true, false)) {
            variables.values().forEach(context.allocations()::remove);
            if (context.isOpen() && context.session().isOpen()) {
                Outcome earlier = context.awaitOnShared();
                Lane lane = context.lane();
                lane.outcome(
                                Call.MODULE_UNLOAD,
                                ModuleUnloadRequest.newBuilder()
                                        .setModule(id)
                                        .setWaited(lane.isShared())
                                        .build())
                        .orEarlier(earlier)
                        .orThrow("ModuleUnload");
            }
        }
    }

    private void requireOpen(String name) {
        if (!isOpen()) {
            throw new CudaException(CudaStatus.INVALID_HANDLE, "the module was unloaded");
        }
        if (name.length() > Limits.MAXIMUM_NAME_BYTES) {
            throw new CudaException(CudaStatus.NOT_FOUND, "a name of " + name.length() + " characters");
        }
    }
}
