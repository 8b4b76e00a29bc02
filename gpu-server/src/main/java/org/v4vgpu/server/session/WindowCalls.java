package org.v4vgpu.server.session;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.DeviceCopy;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.DeviceStream;
import org.v4vgpu.device.DeviceWork;
import org.v4vgpu.device.HostRows;
import org.v4vgpu.proto.Call;
import org.v4vgpu.proto.CudaStatus;
import org.v4vgpu.proto.MemcpyWindowReply;
import org.v4vgpu.proto.MemcpyWindowRequest;
import org.v4vgpu.proto.WindowCloseReply;
import org.v4vgpu.proto.WindowCloseRequest;
import org.v4vgpu.proto.WindowOpenReply;
import org.v4vgpu.proto.WindowOpenRequest;
import org.v4vgpu.v4v.WindowPartner;

/**
 * Calls about windows, and copies between them and the device, whose bytes pass through no channel. Stateless, for the threads of
 * all lanes.
 */
final class WindowCalls implements CallDispatcher.Calls {
    private static final Logger LOG = System.getLogger(WindowCalls.class.getName());

    /** After so many bytes a lane that copies looks after its client. */
    private static final long CHUNK_BYTES = 32L << 20;

    @Override
    public void register(CallDispatcher dispatcher) {
        dispatcher.on(Call.WINDOW_OPEN, this::open);
        dispatcher.on(Call.WINDOW_CLOSE, this::close);
        dispatcher.on(Call.MEMCPY_WINDOW, this::copy);
    }

    /** Asks the client's domain for the memory, which may take time; nothing that is enqueued meanwhile can use the window. */
    private WindowOpenReply open(LaneCall call, WindowOpenRequest request) {
        call.issued();
        WindowOpenReply.Builder reply = WindowOpenReply.newBuilder();
        Optional<WindowPartner> client = call.lane().windowPartner();
        if (client.isEmpty()) {
            return reply.setRefusal("this transport shares no memory").build();
        }
        try {
            reply.setWindow(call.session().windows().open(client.get(), request.getName(), request.getBytes()));
        } catch (IOException e) {
            LOG.log(Level.DEBUG, "{0}: no window: {1}", call, e.getMessage());
            reply.setRefusal(String.valueOf(e.getMessage()));
        }
        return reply.build();
    }

    /** Waits for all work, as CUDA does when pinned memory is freed. */
    private @Nullable WindowCloseReply close(LaneCall call, WindowCloseRequest request)
            throws DeviceException, IOException {
        Windows windows = call.session().windows();
        Windows.Mapped window = windows.remove(request.getWindow());
        if (window == null) {
            throw new DeviceException(
                    CudaStatus.INVALID_VALUE, "no window " + Long.toUnsignedString(request.getWindow()));
        }
        boolean isUnused = false;
        try {
            for (Resource.Context context : call.session().handles().contexts()) {
                awaitAll(call, context);
            }
            isUnused = true;
        } finally {
            if (isUnused) {
                windows.unmap(window);
            } else {
                windows.putBack(request.getWindow(), window); // the session ends, and unmaps it behind its contexts
            }
        }
        return null;
    }

    private static void awaitAll(LaneCall call, Resource.Context context) throws IOException {
        try {
            call.await(context.device().enqueued());
        } catch (DeviceException e) {
            // A broken context does nothing any more; who asks for results is told why.
        }
    }

    private @Nullable MemcpyWindowReply copy(LaneCall call, MemcpyWindowRequest request)
            throws DeviceException, IOException {
        DeviceStream stream = call.stream(request.getContext(), request.getStream());
        if (request.getBytes() == 0) {
            if (request.getUntilDone()) {
                call.await(stream.enqueued());
            }
            return null;
        }
        HostRows rows = rows(call.session(), request);
        call.lane().recorder().shared(rows.totalBytes(), rows.toHost());
        if (!request.getUntilDone() && stream.copy(rows)) {
            call.awaitSpace(stream);
        } else {
            copyHere(call, stream, rows);
        }
        return null;
    }

    /** Copies on the lane's own thread: whoever waits for it is served without a hand-over. */
    private static void copyHere(LaneCall call, DeviceStream stream, HostRows rows)
            throws DeviceException, IOException {
        try (DeviceCopy copy = rows.toHost()
                ? stream.copyOut(rows.address(), rows.deviceExtent())
                : stream.copyIn(rows.address(), rows.deviceExtent())) {
            call.await(copy::await);
            DeviceWork before = DeviceWork.DONE;
            long unlooked = 0;
            for (long row = 0; row < rows.rows(); row++) {
                MemorySegment host = rows.row(row);
                for (long offset = 0; offset < rows.bytes(); offset += CHUNK_BYTES) {
                    long length = Math.min(CHUNK_BYTES, rows.bytes() - offset);
                    DeviceWork chunk = copy.begin(row * rows.devicePitch() + offset, host.asSlice(offset, length));
                    boolean _ = before.await(Long.MAX_VALUE); // while the device has the next one to do
                    before = chunk;
                    unlooked += length;
                    if (unlooked >= CHUNK_BYTES) {
                        unlooked = 0;
                        call.lane().checkPeer();
                    }
                }
            }
            boolean _ = before.await(Long.MAX_VALUE);
        }
    }

    /** The copy that a client asks for, checked against the window; the device checks its own side. */
    private static HostRows rows(Session session, MemcpyWindowRequest request) throws DeviceException {
        Windows.Mapped window = session.windows().find(request.getWindow());
        if (window == null) {
            throw new DeviceException(
                    CudaStatus.INVALID_VALUE, "no window " + Long.toUnsignedString(request.getWindow()));
        }
        MemorySegment memory = window.memory();
        long offset = request.getOffset();
        if (offset < 0 || offset > memory.byteSize() || request.getFurtherRows() == Long.MAX_VALUE) {
            throw new DeviceException(
                    CudaStatus.INVALID_VALUE,
                    "a copy at " + Long.toUnsignedString(offset) + " of a window of " + memory.byteSize() + " bytes");
        }
        try {
            return new HostRows(
                    memory.asSlice(offset),
                    request.getWindowPitch(),
                    request.getAddress(),
                    request.getDevicePitch(),
                    request.getBytes(),
                    request.getFurtherRows() + 1,
                    request.getToHost());
        } catch (IllegalArgumentException e) {
            throw new DeviceException(CudaStatus.INVALID_VALUE, String.valueOf(e.getMessage()), e);
        }
    }
}
