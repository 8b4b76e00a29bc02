package org.v4vgpu.client;

import java.lang.foreign.MemorySegment;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.proto.Call;
import org.v4vgpu.proto.CudaStatus;
import org.v4vgpu.proto.FuncSetAttributeRequest;
import org.v4vgpu.proto.LaunchKernelRequest;
import org.v4vgpu.proto.ModuleGetFunctionReply;

/** A kernel of a module: its parameters' layout, its attributes, and how to launch it. Safe for any thread. */
public final class RemoteFunction {
    private static final int MAX_THREADS_PER_BLOCK = 0;
    private static final int SHARED_SIZE_BYTES = 1;
    private static final int MAX_DYNAMIC_SHARED_SIZE_BYTES = 8;

    /** CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN. */
    private static final int MAX_SHARED_MEMORY_PER_BLOCK_OPTIN = 97;

    private final RemoteModule module;
    private final String name;
    private final long id;
    private final ParameterLayout parameters;
    private final Map<Integer, Integer> attributes;

    /** Replaced by {@link #setMaxDynamicShared}. */
    private volatile LaunchLimits limits;

    /** The latest launch, which the next one often repeats with other parameters. Any thread's; it is immutable. */
    private @Nullable Launch latest;

    /** A launch's request and what it was made of. */
    private record Launch(long stream, Dim3 grid, Dim3 block, int sharedBytes, LaunchKernelRequest request) {
        boolean is(long sameStream, Dim3 sameGrid, Dim3 sameBlock, int sameShared, boolean cooperative) {
            return stream == sameStream
                    && request.getCooperative() == cooperative
                    && sharedBytes == sameShared
                    && grid.equals(sameGrid)
                    && block.equals(sameBlock);
        }
    }

    RemoteFunction(RemoteModule module, String name, ModuleGetFunctionReply reply) {
        this.module = module;
        this.name = name;
        this.id = reply.getFunction();
        this.attributes = Map.copyOf(reply.getAttributesMap());
        try {
            this.parameters = ParameterLayout.of(reply.getParametersList());
        } catch (IllegalArgumentException e) {
            throw module.context().session().fail(e);
        }
        this.limits = LaunchLimits.of(
                module.context().device(),
                attributes.getOrDefault(MAX_THREADS_PER_BLOCK, Integer.MAX_VALUE),
                attributes.getOrDefault(SHARED_SIZE_BYTES, 0),
                attributes.get(MAX_DYNAMIC_SHARED_SIZE_BYTES));
    }

    public String name() {
        return name;
    }

    public RemoteModule module() {
        return module;
    }

    public ParameterLayout parameters() {
        return parameters;
    }

    /** A CUfunction_attribute's value, or null if the server does not tell. */
    public @Nullable Integer attribute(int attribute) {
        Integer told = attributes.get(attribute);
        return attribute == MAX_DYNAMIC_SHARED_SIZE_BYTES && told != null
                ? Integer.valueOf(limits.dynamicSharedBytes())
                : told;
    }

    /**
     * Lets launches from now on ask for so much dynamic shared memory. Source: cuFuncSetAttribute of
     * CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES.
     *
     * @throws CudaException INVALID_VALUE if the device has not so much, NOT_SUPPORTED if it can't grant other than it does
     */
    public void setMaxDynamicShared(int bytes) {
        if (bytes < 0) {
            throw CudaException.invalidValue(bytes + " bytes of dynamic shared memory");
        }
        int most = module.context().device().attribute(MAX_SHARED_MEMORY_PER_BLOCK_OPTIN, Integer.MAX_VALUE);
        if (bytes > most - limits.staticSharedBytes()) {
            throw CudaException.invalidValue(bytes + " bytes of dynamic shared memory and " + limits.staticSharedBytes()
                    + " of its own for kernel " + name + "; the device has " + most);
        }
        requireOpen();
        module.context()
                .lane()
                .call(
                        Call.FUNC_SET_ATTRIBUTE,
                        FuncSetAttributeRequest.newBuilder()
                                .setFunction(id)
                                .setAttribute(MAX_DYNAMIC_SHARED_SIZE_BYTES)
                                .setValue(bytes)
                                .build());
        limits = limits.withDynamicShared(bytes);
    }

    /** Launches on the default stream without dynamic shared memory. As {@link #launchOn}. */
    public void launch(Dim3 grid, Dim3 block, Object... arguments) {
        launchOn(module.context().defaultStream(), grid, block, 0, arguments);
    }

    /**
     * Launches the kernel and returns; an error of its execution is thrown once by the thread's next call that waits.
     *
     * {@snippet :
     *   function.launchOn(stream, Dim3.of((n + 255) / 256), Dim3.of(256), 0, x, y, sum, n);
     * }
     *
     * @param sharedBytes dynamic shared memory of each block
     * @param arguments in the order of the kernel's parameters: boxed primitives, {@link DeviceMemory} for pointers, {@link
     *     MemorySegment} for the bytes of a struct; each must have exactly its parameter's size
     * @throws CudaException INVALID_VALUE if arguments, grid or block don't fit; nothing was launched
     */
    public void launchOn(RemoteStream stream, Dim3 grid, Dim3 block, int sharedBytes, Object... arguments) {
        launchPacked(grid, block, sharedBytes, stream, parameters.pack(name, arguments));
    }

    /** As {@link #launchOn}, with the parameters' bytes laid out as {@link #parameters()} says. */
    public void launchPacked(Dim3 grid, Dim3 block, int sharedBytes, RemoteStream stream, MemorySegment packed) {
        launch(grid, block, sharedBytes, stream, packed, false);
    }

    /**
     * As {@link #launchPacked}, for a kernel whose blocks wait for each other. Source: cuLaunchCooperativeKernel.
     *
     * @throws CudaException also CUDA_ERROR_COOPERATIVE_LAUNCH_TOO_LARGE (720), like any late error, if they can't all be there at a
     *     time
     */
    public void launchCooperatively(Dim3 grid, Dim3 block, int sharedBytes, RemoteStream stream, MemorySegment packed) {
        launch(grid, block, sharedBytes, stream, packed, true);
    }

    private void launch(
            Dim3 grid, Dim3 block, int sharedBytes, RemoteStream stream, MemorySegment packed, boolean cooperative) {
        requireOpen();
        limits.check(name, grid, block, sharedBytes);
        if (packed.byteSize() != parameters.byteSize()) {
            throw CudaException.invalidValue("kernel " + name + " takes " + parameters.byteSize()
                    + " bytes of parameters, not " + packed.byteSize());
        }
        RemoteContext context = module.context();
        context.lane()
                .post(Call.LAUNCH_KERNEL, request(stream.idIn(context), grid, block, sharedBytes, cooperative), packed);
        if (context.session().isBlocking()) {
            stream.synchronize();
        }
    }

    private void requireOpen() {
        if (!module.isOpen()) {
            throw new CudaException(CudaStatus.INVALID_HANDLE, "the module of kernel " + name + " was unloaded");
        }
    }

    private LaunchKernelRequest request(long stream, Dim3 grid, Dim3 block, int sharedBytes, boolean cooperative) {
        Launch known = latest;
        if (known != null && known.is(stream, grid, block, sharedBytes, cooperative)) {
            return known.request();
        }
        LaunchKernelRequest request = LaunchKernelRequest.newBuilder()
                .setFunction(id)
                .setContext(module.context().id())
                .setStream(stream)
                .setGridX(grid.x())
                .setGridY(grid.y())
                .setGridZ(grid.z())
                .setBlockX(block.x())
                .setBlockY(block.y())
                .setBlockZ(block.z())
                .setSharedBytes(sharedBytes)
                .setCooperative(cooperative)
                .build();
        latest = new Launch(stream, grid, block, sharedBytes, request);
        return request;
    }

    @Override
    public String toString() {
        return name;
    }
}
