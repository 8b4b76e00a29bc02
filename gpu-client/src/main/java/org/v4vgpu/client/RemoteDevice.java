package org.v4vgpu.client;

import java.nio.ByteBuffer;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.proto.Call;
import org.v4vgpu.proto.CtxCreateRequest;
import org.v4vgpu.proto.Device;
import org.v4vgpu.proto.ProgramCompilerReply;
import org.v4vgpu.proto.ProgramCompilerRequest;

/** One GPU of a server: what it is, and the contexts on it. Safe for any thread. The answers are constant and cost no call. */
public final class RemoteDevice {
    private static final int UUID_BYTES = 16;

    private final GpuSession session;
    private final int ordinal;
    private final int ordinalAtServer;
    private final String name;
    private final UUID uuid;
    private final long totalBytes;
    private final Map<Integer, Integer> attributes;
    private final Set<RemoteContext> contexts = ConcurrentHashMap.newKeySet();

    RemoteDevice(GpuSession session, int ordinal, int ordinalAtServer, Device device) {
        this.session = session;
        this.ordinal = ordinal;
        this.ordinalAtServer = ordinalAtServer;
        this.name = device.getName();
        ByteBuffer bytes = device.getUuid().asReadOnlyByteBuffer();
        this.uuid = bytes.remaining() == UUID_BYTES ? new UUID(bytes.getLong(), bytes.getLong()) : new UUID(0, 0);
        this.totalBytes = device.getTotalBytes();
        this.attributes = Map.copyOf(device.getAttributesMap());
    }

    /** The number by which this client knows the device. */
    public int ordinal() {
        return ordinal;
    }

    public String name() {
        return name;
    }

    public UUID uuid() {
        return uuid;
    }

    public long totalBytes() {
        return totalBytes;
    }

    /** A CUdevice_attribute's value, or null if the server does not tell. */
    public @Nullable Integer attribute(int attribute) {
        return attributes.get(attribute);
    }

    /** A CUdevice_attribute's value, or {@code otherwise} if the server does not tell. */
    public int attribute(int attribute, int otherwise) {
        return attributes.getOrDefault(attribute, otherwise);
    }

    public RemoteContext createContext() {
        return createContext(0);
    }

    /** Creates a context, which the caller closes. Source: cuCtxCreate. */
    public RemoteContext createContext(int flags) {
        long id = session.lane()
                .call(
                        Call.CTX_CREATE,
                        CtxCreateRequest.newBuilder()
                                .setDevice(ordinalAtServer)
                                .setFlags(flags)
                                .build())
                .getContext();
        RemoteContext context = new RemoteContext(this, id, flags);
        contexts.add(context);
        session.contexts().add(context);
        return context;
    }

    /**
     * Compiles a program to PTX at the device's server. Takes seconds. What is wrong with the program is in the result.
     *
     * @throws CudaException NOT_SUPPORTED, with what to do about it, if the server has no compiler; INVALID_VALUE for a program that is
     *     too large; OUT_OF_MEMORY if the server has enough to compile
     */
    public CompiledProgram compile(KernelProgram program) {
        return CompiledProgram.of(session, program);
    }

    /** What compiles programs at the device's server. @throws CudaException NOT_SUPPORTED if nothing does */
    public CompilerDescription compiler() {
        ProgramCompilerReply reply =
                session.lane().call(Call.PROGRAM_COMPILER, ProgramCompilerRequest.getDefaultInstance());
        return new CompilerDescription(
                reply.getName(), reply.getMajorVersion(), reply.getMinorVersion(), reply.getArchitecturesList());
    }

    /** The memory that holds {@code address}, in any context of this device; null if there is none. */
    public @Nullable DeviceMemory memoryAt(long address) {
        for (RemoteContext context : contexts) {
            DeviceMemory memory = context.memoryAt(address);
            if (memory != null) {
                return memory;
            }
        }
        return null;
    }

    GpuSession session() {
        return session;
    }

    void forget(RemoteContext context) {
        contexts.remove(context);
        session.contexts().remove(context);
    }

    @Override
    public String toString() {
        return name + " at " + session.address();
    }
}
