package org.v4vgpu.server.session;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.DeviceContext;
import org.v4vgpu.device.DeviceCopy;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.DeviceHold;
import org.v4vgpu.device.DeviceStream;
import org.v4vgpu.proto.Call;
import org.v4vgpu.proto.CudaStatus;
import org.v4vgpu.proto.MemcpyPeerReply;
import org.v4vgpu.proto.MemcpyPeerRequest;

/**
 * Copies between contexts of one client. Stateless, for the threads of all lanes.
 *
 * <p>The lane stays with a copy until it is done, so that what its client frees next is not in use; the client need not wait for that.
 */
final class PeerCalls implements CallDispatcher.Calls {
    /** What goes through the host at a time. */
    private static final int BUFFER_BYTES = 1 << 20;

    /** CU_STREAM_NON_BLOCKING. */
    private static final int NON_BLOCKING = 1;

    @Override
    public void register(CallDispatcher dispatcher) {
        dispatcher.on(Call.MEMCPY_PEER, this::copy);
    }

    private @Nullable MemcpyPeerReply copy(LaneCall call, MemcpyPeerRequest request)
            throws DeviceException, IOException {
        DeviceContext to = call.context(request.getDestinationContext()).device();
        DeviceContext from = call.context(request.getSourceContext()).device();
        DeviceStream stream = call.stream(request.getContext(), request.getStream());
        long bytes = request.getBytes();
        if (bytes < 0) {
            throw new DeviceException(CudaStatus.INVALID_VALUE, "a length of " + Long.toUnsignedString(bytes));
        }
        if (request.getAfterAll()) {
            call.await(from.enqueued());
            call.await(to.enqueued());
        }
        if (bytes == 0 || stream.copy(to, request.getDestination(), from, request.getSource(), bytes)) {
            call.await(stream.enqueued());
            return null;
        }
        CountDownLatch reached = new CountDownLatch(1);
        try (DeviceHold turn = stream.hold(reached::countDown)) {
            call.await(timeoutNanos -> isReached(turn, reached, timeoutNanos));
            copyByHost(call, to, request.getDestination(), from, request.getSource(), bytes);
        }
        return null;
    }

    private static boolean isReached(DeviceHold turn, CountDownLatch reached, long timeoutNanos)
            throws DeviceException {
        try {
            boolean _ = reached.await(timeoutNanos, TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            throw new IllegalStateException("a lane was interrupted", e);
        }
        return turn.isReached();
    }

    /**
     * While the stream waits here, so that what other lanes enqueue in it comes behind; by way of streams that wait for no other, and so not for
     * that one.
     */
    private static void copyByHost(
            LaneCall call, DeviceContext to, long destination, DeviceContext from, long source, long bytes)
            throws DeviceException, IOException {
        MemorySegment buffer = MemorySegment.ofArray(new byte[(int) Math.min(bytes, BUFFER_BYTES)]);
        try (DeviceStream reading = from.createStream(NON_BLOCKING, 0);
                DeviceStream writing = to.createStream(NON_BLOCKING, 0)) {
            for (long offset = 0; offset < bytes; offset += BUFFER_BYTES) {
                MemorySegment chunk = buffer.asSlice(0, Math.min(BUFFER_BYTES, bytes - offset));
                try (DeviceCopy out = reading.copyOut(source + offset, chunk.byteSize())) {
                    call.await(out::await);
                    out.transfer(0, chunk);
                }
                try (DeviceCopy in = writing.copyIn(destination + offset, chunk.byteSize())) {
                    call.await(in::await);
                    in.transfer(0, chunk);
                }
            }
        }
    }
}
