package org.v4vgpu.client;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentNavigableMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.proto.Call;
import org.v4vgpu.proto.CudaStatus;
import org.v4vgpu.proto.WindowCloseRequest;
import org.v4vgpu.proto.WindowOpenReply;
import org.v4vgpu.proto.WindowOpenRequest;
import org.v4vgpu.v4v.Window;
import org.v4vgpu.v4v.WindowPartner;

/** The pinned host memory of one session that its server has mapped, by address. Safe for any thread. */
final class HostWindows {
    private static final Logger LOG = System.getLogger(HostWindows.class.getName());
    private static final long ALIGNMENT = 4096;

    private final GpuSession session;
    private final ConcurrentNavigableMap<Long, HostMemory> shared = new ConcurrentSkipListMap<>();

    /** Whether a refusal has been logged: a program without windows would hear of nothing else. */
    private final AtomicBoolean told = new AtomicBoolean();

    HostWindows(GpuSession session) {
        this.session = session;
    }

    /** Allocates memory that the server sees, or else ordinary memory. @throws CudaException OUT_OF_MEMORY */
    HostMemory allocate(long bytes) {
        if (bytes <= 0) {
            throw CudaException.invalidValue("a host allocation of " + bytes + " bytes");
        }
        Lane lane = session.lane();
        WindowPartner server = lane.windowPartner().orElse(null);
        HostMemory memory = server == null ? null : share(lane, server, bytes);
        return memory != null ? memory : ordinary(bytes);
    }

    private @Nullable HostMemory share(Lane lane, WindowPartner server, long bytes) {
        Window window;
        try {
            window = server.share(bytes);
        } catch (IOException e) {
            tell(bytes, String.valueOf(e.getMessage()));
            return null;
        }
        HostMemory memory = null;
        try {
            Lane.Reply<WindowOpenReply> reply = lane.exchange(
                    Call.WINDOW_OPEN,
                    WindowOpenRequest.newBuilder()
                            .setName(window.name())
                            .setBytes(bytes)
                            .build(),
                    MemorySegment.NULL);
            if (!reply.status().equals(CudaStatus.NOT_SUPPORTED)) { // as a server without windows says
                reply.outcome().orThrow(Call.WINDOW_OPEN.name());
            }
            long handle = reply.message().getWindow();
            if (handle != 0) {
                memory = HostMemory.shared(this, window, handle, bytes);
                shared.put(window.memory().address(), memory);
            } else {
                tell(bytes, reply.message().getRefusal());
            }
            return memory;
        } finally {
            if (memory == null) {
                window.close();
            }
        }
    }

    private void tell(long bytes, String reason) {
        Level level = told.compareAndSet(false, true) ? Level.INFO : Level.DEBUG;
        LOG.log(
                level,
                "pinned memory of {0} bytes is not shared with {1}: {2}",
                Long.toString(bytes),
                session.address(),
                reason.replaceAll("\\p{Cntrl}+", " "));
    }

    @SuppressWarnings("MustBeClosedChecker") // the arena becomes the memory's
    private HostMemory ordinary(long bytes) {
        Arena arena = Arena.ofShared();
        try {
            return HostMemory.ordinary(this, arena, arena.allocate(bytes, ALIGNMENT));
        } catch (OutOfMemoryError | IllegalArgumentException e) {
            arena.close();
            throw new CudaException(CudaStatus.OUT_OF_MEMORY, "a host allocation of " + bytes + " bytes", e);
        }
    }

    /** Where a segment lies in memory that the server sees; null if it does not. */
    HostMemory.@Nullable Place find(MemorySegment segment) {
        if (shared.isEmpty() || !segment.isNative()) {
            return null;
        }
        Map.Entry<Long, HostMemory> entry = shared.floorEntry(segment.address());
        return entry == null ? null : entry.getValue().place(segment);
    }

    /** Lets the server unmap memory, once nothing that was issued uses it. */
    void leave(HostMemory memory) {
        if (memory.isShared() && shared.remove(memory.segment().address(), memory) && session.isOpen()) {
            Outcome earlier = Outcome.SUCCESS;
            for (RemoteContext context : session.contexts()) {
                earlier = context.awaitOnShared().orEarlier(earlier);
            }
            session.lane()
                    .outcome(
                            Call.WINDOW_CLOSE,
                            WindowCloseRequest.newBuilder()
                                    .setWindow(memory.window())
                                    .build())
                    .orEarlier(earlier)
                    .orThrow(Call.WINDOW_CLOSE.name());
        }
    }

    /** The session was left: the server has unmapped all. */
    void close() {
        for (HostMemory memory : List.copyOf(shared.values())) {
            shared.remove(memory.segment().address(), memory);
            memory.abandon();
        }
    }
}
