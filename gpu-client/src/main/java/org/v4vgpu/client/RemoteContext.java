package org.v4vgpu.client;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.proto.Call;
import org.v4vgpu.proto.CtxDestroyRequest;
import org.v4vgpu.proto.CtxGetLimitRequest;
import org.v4vgpu.proto.CtxSetLimitRequest;
import org.v4vgpu.proto.CtxSynchronizeRequest;
import org.v4vgpu.proto.CudaStatus;
import org.v4vgpu.proto.EventCreateReply;
import org.v4vgpu.proto.EventCreateRequest;
import org.v4vgpu.proto.MemAllocReply;
import org.v4vgpu.proto.MemAllocRequest;
import org.v4vgpu.proto.MemGetInfoReply;
import org.v4vgpu.proto.MemGetInfoRequest;
import org.v4vgpu.proto.StreamCreateRequest;

/**
 * A CUDA context on a remote device. Safe for any thread; unlike in CUDA no thread has a current one. Its memory, modules,
 * streams and events end with it.
 */
public final class RemoteContext implements AutoCloseable {
    private static final long LEGACY_STREAM = 0;
    private static final long PER_THREAD_STREAM = 2;

    /** CU_EVENT_DISABLE_TIMING. */
    private static final int DISABLE_TIMING = 2;

    private final RemoteDevice device;
    private final GpuSession session;
    private final long id;
    private final int flags;
    private final CtxSynchronizeRequest synchronize;
    private final AllocationTable allocations = new AllocationTable();

    /** Events that nobody waits for now, for threads of a shared lane to wait with. */
    private final Queue<RemoteEvent> marks = new ConcurrentLinkedQueue<>();

    private final RemoteStream defaultStream;
    private final RemoteStream perThreadStream;
    private final RemoteBlas blas = new RemoteBlas(this);
    private final AtomicBoolean open = new AtomicBoolean(true);

    RemoteContext(RemoteDevice device, long id, int flags) {
        this.device = device;
        this.session = device.session();
        this.id = id;
        this.flags = flags;
        this.synchronize = CtxSynchronizeRequest.newBuilder().setContext(id).build();
        this.defaultStream = new RemoteStream(this, LEGACY_STREAM, 0, 0);
        this.perThreadStream = new RemoteStream(this, PER_THREAD_STREAM, 0, 0);
    }

    public RemoteDevice device() {
        return device;
    }

    /** The flags it was created with. */
    public int flags() {
        return flags;
    }

    public boolean isOpen() {
        return open.get();
    }

    // ---- memory

    /**
     * Allocates device memory, which the caller closes. Should there be too little, it waits for what was freed behind work until now,
     * and for nothing else.
     *
     * @throws CudaException INVALID_VALUE if {@code bytes} is not positive, OUT_OF_MEMORY if the server has not so much
     */
    public DeviceMemory allocate(long bytes) {
        return allocate(bytes, MemAllocRequest.newBuilder().setContext(id).setBytes(bytes));
    }

    /**
     * Allocates memory for work in a stream's order, which comes after this call or is ordered behind such work: what was {@linkplain
     * DeviceMemory#closeLater(RemoteStream) freed in the same stream} may be given again before the stream comes there. As {@link
     * #allocate(long)} otherwise. Source: cuMemAllocAsync.
     */
    public DeviceMemory allocate(long bytes, RemoteStream stream) {
        return allocate(
                bytes,
                MemAllocRequest.newBuilder().setContext(id).setBytes(bytes).setStream(stream.idIn(this)));
    }

    private DeviceMemory allocate(long bytes, MemAllocRequest.Builder request) {
        if (bytes <= 0) {
            throw CudaException.invalidValue("an allocation of " + bytes + " bytes");
        }
        Lane.Reply<MemAllocReply> reply = lane().exchange(Call.MEM_ALLOC, request.build(), MemorySegment.NULL);
        while (reply.outcome().isNotReady()) {
            request.setFreedBefore(reply.message().getFreedBefore());
            Lane.restBetweenQueries();
            reply = lane().exchange(Call.MEM_ALLOC, request.build(), MemorySegment.NULL);
        }
        reply.outcome().orThrow("an allocation of " + bytes + " bytes");
        long address = reply.message().getAddress();
        return allocations.add(DeviceMemory.allocated(this, address, bytes));
    }

    /**
     * Allocates pinned host memory, which the caller closes. It belongs to the server's session, not to this context: every context
     * of that server copies from and to it without a way through the transport, where the transport allows it and the server has
     * enough of its quota left.
     *
     * @throws CudaException INVALID_VALUE if {@code bytes} is not positive, OUT_OF_MEMORY if this machine has not so much
     */
    public HostMemory allocateHost(long bytes) {
        if (!open.get()) {
            throw new CudaException(CudaStatus.CONTEXT_IS_DESTROYED, "the context on " + device + " was closed");
        }
        return session.windows().allocate(bytes);
    }

    /** The allocation or module variable that holds {@code address}; null if there is none. */
    public @Nullable DeviceMemory memoryAt(long address) {
        return allocations.at(address);
    }

    public MemoryInfo memoryInfo() {
        MemGetInfoReply reply = lane().call(
                        Call.MEM_GET_INFO,
                        MemGetInfoRequest.newBuilder().setContext(id).build());
        return new MemoryInfo(reply.getFreeBytes(), reply.getTotalBytes());
    }

    /** A CUlimit's value. Source: cuCtxGetLimit. */
    public long limit(int limit) {
        return lane().call(
                        Call.CTX_GET_LIMIT,
                        CtxGetLimitRequest.newBuilder()
                                .setContext(id)
                                .setLimit(limit)
                                .build())
                .getValue();
    }

    /** Asks for a CUlimit; {@link #limit} tells what was granted. Source: cuCtxSetLimit. */
    public void setLimit(int limit, long value) {
        lane().call(
                        Call.CTX_SET_LIMIT,
                        CtxSetLimitRequest.newBuilder()
                                .setContext(id)
                                .setLimit(limit)
                                .setValue(value)
                                .build());
    }

    // ---- modules

    /**
     * Loads a module from a file of this machine: PTX, cubin or fatbin.
     *
     * @throws CudaException FILE_NOT_FOUND, or as {@link #loadModule(MemorySegment)}
     */
    public RemoteModule loadModule(Path file) {
        return loadModule(ModuleLoad.imageOf(file));
    }

    /** Loads a module from PTX text. As {@link #loadModule(MemorySegment)}. */
    public RemoteModule loadModule(String ptx) {
        return loadModule(ptx.getBytes(StandardCharsets.UTF_8));
    }

    /** As {@link #loadModule(MemorySegment)}. */
    public RemoteModule loadModule(byte[] image) {
        return loadModule(MemorySegment.ofArray(image));
    }

    /**
     * Loads a module, which the caller closes.
     *
     * @throws CudaException with the status that CUDA has for it and the server's error log, if the image is not accepted
     */
    public RemoteModule loadModule(MemorySegment image) {
        ModuleLoad load = ModuleLoad.of(this, image, ModuleLoad.DEFAULT_LOG_BYTES);
        return load.orElseThrow();
    }

    /** Loads a module and tells how it went, without an exception: for callers who want the logs in either case. */
    public ModuleLoad tryLoadModule(MemorySegment image, int logBytes) {
        return ModuleLoad.of(this, image, logBytes);
    }

    /** Links images, in their order, and loads the result; tells how it went, as {@link #tryLoadModule}. Source: cuLinkAddData. */
    public ModuleLoad tryLinkModule(List<MemorySegment> images, int logBytes) {
        return ModuleLoad.linked(this, images, logBytes);
    }

    /** Linear algebra in this context. */
    public RemoteBlas blas() {
        return blas;
    }

    // ---- streams and events

    /** The legacy default stream, which orders itself with all blocking streams of the context. */
    public RemoteStream defaultStream() {
        return defaultStream;
    }

    /** CU_STREAM_PER_THREAD. */
    public RemoteStream perThreadStream() {
        return perThreadStream;
    }

    public RemoteStream createStream() {
        return createStream(0, 0);
    }

    /** Creates a stream, which the caller closes. Source: cuStreamCreateWithPriority. */
    public RemoteStream createStream(int flags, int priority) {
        long stream = lane().call(
                        Call.STREAM_CREATE,
                        StreamCreateRequest.newBuilder()
                                .setContext(id)
                                .setFlags(flags)
                                .setPriority(priority)
                                .build())
                .getStream();
        return new RemoteStream(this, stream, flags, priority);
    }

    public RemoteEvent createEvent() {
        return createEvent(0);
    }

    /** Creates an event, which the caller closes. Source: cuEventCreate. */
    public RemoteEvent createEvent(int flags) {
        Lane.Reply<EventCreateReply> reply = askForEvent(flags);
        reply.outcome().orThrow("EventCreate");
        return new RemoteEvent(this, reply.message().getEvent(), flags);
    }

    private Lane.Reply<EventCreateReply> askForEvent(int flags) {
        return lane().exchange(
                        Call.EVENT_CREATE,
                        EventCreateRequest.newBuilder()
                                .setContext(id)
                                .setFlags(flags)
                                .build(),
                        MemorySegment.NULL);
    }

    /**
     * Waits until everything that was issued in this context is done.
     *
     * @throws CudaException what went wrong with it
     */
    public void synchronize() {
        Lane lane = lane();
        Outcome outcome = lane.isShared() ? awaitMark(null) : lane.outcome(Call.CTX_SYNCHRONIZE, synchronize);
        outcome.orThrow("CtxSynchronize");
    }

    /**
     * On a shared lane: waits by queries for all that was issued until now, before a call that otherwise waits for it and would stop the
     * lane's other threads until then. What broke the context is left to that call to tell.
     *
     * @return an error of an earlier call, which that call is to tell if it has none of its own
     */
    Outcome awaitOnShared() {
        try {
            if (open.get() && session.isOpen() && session.lane().isShared()) {
                Outcome outcome = awaitMark(null);
                return outcome.status().isFatal() ? Outcome.SUCCESS : outcome;
            }
        } catch (CudaException e) {
            // Another thread has destroyed the context, or the session is lost: there is nothing to wait for.
        }
        return Outcome.SUCCESS;
    }

    /**
     * Waits by queries for what a new operation of a stream would wait for, or for all that was issued in the context. What comes later,
     * by other threads, does not count.
     *
     * @param stream null for the whole context, without an order among its streams
     * @return what went wrong, or an error of an earlier call, which is told in the place of an answer and only once
     */
    Outcome awaitMark(@Nullable RemoteStream stream) {
        Outcome earlier = Outcome.SUCCESS;
        RemoteEvent mark = marks.poll();
        if (mark == null) {
            Lane.Reply<EventCreateReply> reply = askForEvent(DISABLE_TIMING);
            if (reply.outcome().status().isFatal()) {
                return reply.outcome();
            }
            if (!reply.outcome().isSuccess()) {
                earlier = reply.outcome();
                reply = askForEvent(DISABLE_TIMING);
                reply.outcome().orThrow("EventCreate");
            }
            mark = new RemoteEvent(this, reply.message().getEvent(), DISABLE_TIMING);
        }
        try {
            if (stream == null) {
                mark.recordWhole();
            } else {
                mark.record(stream);
            }
            Outcome outcome = mark.poll();
            if (!outcome.isSuccess() && !outcome.status().isFatal()) {
                earlier = outcome;
                outcome = mark.poll();
            }
            return outcome.orEarlier(earlier);
        } finally {
            marks.add(mark);
        }
    }

    /** Destroys the context and everything in it. Idempotent. */
    @Override
    public void close() {
        Outcome earlier = awaitOnShared();
        if (open.compareAndSet(true, false)) {
            device.forget(this);
            allocations.clear();
            if (session.isOpen()) {
                session.lane()
                        .outcome(
                                Call.CTX_DESTROY,
                                CtxDestroyRequest.newBuilder().setContext(id).build())
                        .orEarlier(earlier)
                        .orThrow("CtxDestroy");
            }
        }
    }

    // ---- for the nouns of this package

    long id() {
        return id;
    }

    AllocationTable allocations() {
        return allocations;
    }

    GpuSession session() {
        return session;
    }

    /** The calling thread's lane, for a call in this context. */
    Lane lane() {
        if (!open.get()) {
            throw new CudaException(CudaStatus.CONTEXT_IS_DESTROYED, "the context on " + device + " was closed");
        }
        return session.lane();
    }
}
