package org.v4vgpu.server.session;

import com.google.protobuf.ByteString;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.DeviceStream;
import org.v4vgpu.proto.CudaStatus;
import org.v4vgpu.proto.SessionStatus;

/**
 * One client process: its lanes, what its handles stand for, the order of its calls. Safe for any thread.
 *
 * <p>Owns what it made. It ends with its last lane, or when a lane is lost or breaks the protocol, or when the server closes;
 * then running kernels are cancelled and everything is freed.
 */
final class Session {
    private static final Logger LOG = System.getLogger(Session.class.getName());

    /** How long the end waits for lanes to come back from the device before it frees what they may be using. */
    private static final long LANES_LEAVE_NANOS = 200_000_000L;

    private static final String CLOSED_BY_CLIENT = "closed by the client";

    private final Sessions sessions;
    private final long id;
    private final ByteString secret;
    private final String client;
    private final String peer;
    private final SessionLimits limits;
    private final long startNanos = System.nanoTime();
    private final SequenceGate gate;
    private final HandleTable handles;
    private final HostFunctions hostFunctions;
    private final Windows windows;
    private final ForeignEvents foreignEvents = new ForeignEvents();
    private final AtomicBoolean ending = new AtomicBoolean();
    private final Object memory = new Object();

    /** Guarded by memory. */
    private int allocations;

    // Guarded by lanes.
    private final List<Lane> lanes = new ArrayList<>();
    private long callsOfGone;
    private long bytesInOfGone;
    private long bytesOutOfGone;

    Session(Sessions sessions, long id, ByteString secret, int generation, String client, String peer) {
        this.sessions = sessions;
        this.id = id;
        this.secret = secret;
        this.client = client;
        this.peer = peer;
        this.limits = sessions.limits();
        this.gate = new SequenceGate(limits.missingNumberNanos(), this::activity);
        this.handles = new HandleTable(limits.handles(), generation);
        this.hostFunctions = new HostFunctions(limits.handles());
        this.windows = new Windows(limits, sessions.windowBudget(), sessions.devices());
    }

    long id() {
        return id;
    }

    ByteString secret() {
        return secret;
    }

    SequenceGate gate() {
        return gate;
    }

    HandleTable handles() {
        return handles;
    }

    HostFunctions hostFunctions() {
        return hostFunctions;
    }

    ForeignEvents foreignEvents() {
        return foreignEvents;
    }

    Windows windows() {
        return windows;
    }

    boolean isEnding() {
        return ending.get();
    }

    /** Gives a resource its handle, or closes it if there is none. */
    long add(Resource resource) throws DeviceException {
        try {
            return handles.add(resource);
        } catch (DeviceException e) {
            resource.close();
            throw e;
        }
    }

    /** @throws DeviceException OUT_OF_MEMORY if the session has as many contexts as it may */
    void checkContexts() throws DeviceException {
        if (handles.contexts().size() >= limits.contexts()) {
            throw new DeviceException(
                    CudaStatus.OUT_OF_MEMORY, "the session has " + limits.contexts() + " contexts, its maximum");
        }
    }

    // ---- lanes

    /** Adds a lane. Returns false if the session has as many as it may, or is ending. */
    boolean join(Lane lane) {
        synchronized (lanes) {
            if (isEnding() || lanes.size() >= limits.lanes()) {
                return false;
            }
            lanes.add(lane);
            return true;
        }
    }

    /** Removes a lane that said goodbye; the last one ends the session. */
    void leave(Lane lane) {
        if (remove(lane)) {
            end(CLOSED_BY_CLIENT);
        }
    }

    /** Removes a lane that was lost, and ends the session. */
    void lose(Lane lane, String reason) {
        remove(lane);
        end(reason);
    }

    private boolean remove(Lane lane) {
        synchronized (lanes) {
            if (lanes.remove(lane)) {
                callsOfGone += lane.traffic().calls();
                bytesInOfGone += lane.traffic().bytesIn();
                bytesOutOfGone += lane.traffic().bytesOut();
                lanes.notifyAll();
            }
            return lanes.isEmpty();
        }
    }

    /** What the lanes do that may yet bring a missing number. */
    private SequenceGate.Activity activity() {
        int working = 0;
        long received = 0;
        synchronized (lanes) {
            for (Lane lane : lanes) {
                working += lane.isReceiving() ? 0 : 1;
                received += lane.traffic().bytesIn();
            }
            return new SequenceGate.Activity(working, received + bytesInOfGone);
        }
    }

    // ---- memory

    /** Allocates within the session's quota. */
    long allocate(Resource.Context context, long bytes, @Nullable DeviceStream stream) throws DeviceException {
        synchronized (memory) {
            if (allocations >= limits.handles()) {
                throw new DeviceException(
                        CudaStatus.OUT_OF_MEMORY, "the session has " + limits.handles() + " allocations, its maximum");
            }
            requireQuota(bytes);
            long address = stream == null
                    ? context.device().allocate(bytes)
                    : context.device().allocate(bytes, stream);
            context.countAllocations(1);
            allocations++;
            return address;
        }
    }

    /** Whether the session could allocate so much at all, if what it has were free. */
    boolean couldAllocate(Resource.Context context, long bytes) throws DeviceException {
        synchronized (memory) {
            if (allocations >= limits.handles()) {
                return false;
            }
        }
        long quota = limits.memoryBytes();
        return (quota == 0 || bytes <= quota)
                && bytes <= context.device().memoryInfo().totalBytes();
    }

    /** Whether what was freed up to a moment, in any context, still waits for work before it is free. */
    boolean isFreeing(long untilNanos) {
        for (Resource.Context context : handles.contexts()) {
            if (context.device().isFreeing(untilNanos)) {
                return true;
            }
        }
        return false;
    }

    /** Something that takes memory of the device. */
    interface Taking {
        void run() throws DeviceException;
    }

    /**
     * Does something that takes memory beyond allocations, within the session's quota.
     *
     * @param bytes asked for how much it takes, which another lane may have taken meanwhile
     */
    void within(LongSupplier bytes, Taking step) throws DeviceException {
        if (limits.memoryBytes() == 0 || bytes.getAsLong() == 0) {
            step.run(); // nearly every launch
            return;
        }
        synchronized (memory) {
            requireQuota(bytes.getAsLong());
            step.run();
        }
    }

    private void requireQuota(long bytes) throws DeviceException {
        long quota = limits.memoryBytes();
        if (quota > 0 && bytes > quota - usedBytes()) {
            throw new DeviceException(
                    CudaStatus.OUT_OF_MEMORY,
                    bytes + " bytes exceed the session's quota of " + quota + ", of which " + usedBytes()
                            + " are used");
        }
    }

    /** Frees an allocation. */
    void free(Resource.Context context, long address, @Nullable DeviceStream stream) throws DeviceException {
        if (stream == null) {
            context.device().free(address);
        } else {
            context.device().free(address, stream);
        }
        synchronized (memory) {
            if (context.countAllocations(0) > 0) { // not if another lane has destroyed the context
                context.countAllocations(-1);
                allocations--;
            }
        }
    }

    /** The allocations of a context that was destroyed are none any more. */
    void forgetAllocations(Resource.Context context) {
        synchronized (memory) {
            int count = context.countAllocations(0);
            context.countAllocations(-count);
            allocations -= count;
        }
    }

    /** @throws DeviceException if the session has more memory than it may, by a module's variables */
    void checkQuota() throws DeviceException {
        long quota = limits.memoryBytes();
        if (quota > 0 && usedBytes() > quota) {
            throw new DeviceException(
                    CudaStatus.OUT_OF_MEMORY, "the session's quota of " + quota + " bytes is exceeded");
        }
    }

    /** Device memory in use by all contexts, in bytes. */
    long usedBytes() {
        long used = 0;
        for (Resource.Context context : handles.contexts()) {
            used += context.device().usedBytes();
        }
        return used;
    }

    /** The quota in bytes, 0 for none. */
    long quotaBytes() {
        return limits.memoryBytes();
    }

    // ---- the end

    /** Ends the session: cancels what runs, closes the lanes, frees everything. Idempotent; the first caller does the work. */
    void end(String reason) {
        if (!ending.compareAndSet(false, true)) {
            return;
        }
        handles.close();
        List<Resource.Context> contexts = handles.contexts();
        long bytes = usedBytes();
        contexts.forEach(context -> context.device().cancel());
        gate.close();
        lanes().forEach(Lane::cut);
        awaitLanes();
        handles.removeIf(resource -> true);
        for (Resource.Context context : contexts) {
            try {
                context.close();
            } catch (RuntimeException e) {
                LOG.log(Level.ERROR, "session " + id + ": closing a context failed", e);
            }
        }
        windows.close(); // after the contexts, whose work may use them
        sessions.remove(this);
        Level level = contexts.isEmpty() && reason.equals(CLOSED_BY_CLIENT) ? Level.DEBUG : Level.INFO;
        LOG.log(
                level,
                "session {0} ended ({1}): {2}; {3} contexts, {4} bytes freed",
                Long.toString(id),
                client,
                reason,
                contexts.size(),
                Long.toString(bytes));
    }

    private List<Lane> lanes() {
        synchronized (lanes) {
            return List.copyOf(lanes);
        }
    }

    private void awaitLanes() {
        long deadline = System.nanoTime() + LANES_LEAVE_NANOS;
        boolean interrupted = false;
        synchronized (lanes) {
            for (long left = LANES_LEAVE_NANOS; !lanes.isEmpty() && left > 0; left = deadline - System.nanoTime()) {
                try {
                    TimeUnit.NANOSECONDS.timedWait(lanes, left);
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    // ---- status

    boolean hasContexts() {
        return !handles.contexts().isEmpty();
    }

    SessionStatus status() {
        SessionStatus.Builder status = SessionStatus.newBuilder();
        synchronized (lanes) {
            long calls = callsOfGone;
            long bytesIn = bytesInOfGone;
            long bytesOut = bytesOutOfGone;
            for (Lane lane : lanes) {
                calls += lane.traffic().calls();
                bytesIn += lane.traffic().bytesIn();
                bytesOut += lane.traffic().bytesOut();
            }
            status.setLanes(lanes.size()).setCalls(calls).setBytesIn(bytesIn).setBytesOut(bytesOut);
        }
        return status.setSession(id)
                .setClient(client)
                .setPeer(peer)
                .setContexts(handles.contexts().size())
                .setMemoryBytes(usedBytes())
                .setWindowBytes(windows.usedBytes())
                .setAgeMillis((System.nanoTime() - startNanos) / 1_000_000)
                .build();
    }
}
