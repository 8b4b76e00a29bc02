package org.v4vgpu.server.session;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.v4vgpu.proto.*;

/** Streams and events. */
abstract class StreamContract extends CopyContract {
    @Test
    void streamsLiveAndDie() throws IOException {
        TestClient gpu = open();
        long context = gpu.createContext();
        long stream = nonBlockingStream(gpu, context);
        long address = gpu.allocate(context, 4096);
        for (long handle : new long[] {0, 1, 2, stream}) {
            gpu.write(context, handle, address, bytes(4096, (int) handle));
            StreamQueryRequest query = StreamQueryRequest.newBuilder()
                    .setContext(context)
                    .setStream(handle)
                    .build();
            assertEquals(0, streamSynchronize(gpu, context, handle));
            assertEquals(0, gpu.call(Call.STREAM_QUERY, query).status());
            byte[] back = new byte[4096];
            assertEquals(0, gpu.read(context, handle, address, back));
            assertArrayEquals(bytes(4096, (int) handle), back);
        }
        assertEquals(
                CudaStatus.INVALID_VALUE.code(),
                gpu.call(
                                Call.STREAM_CREATE,
                                StreamCreateRequest.newBuilder()
                                        .setContext(context)
                                        .setFlags(8)
                                        .build())
                        .status());
        StreamDestroyRequest destroy = StreamDestroyRequest.newBuilder()
                .setContext(context)
                .setStream(stream)
                .build();
        gpu.expect(Call.STREAM_DESTROY, destroy);
        assertEquals(
                CudaStatus.INVALID_HANDLE.code(),
                gpu.call(Call.STREAM_DESTROY, destroy).status());
        assertEquals(CudaStatus.INVALID_HANDLE.code(), streamSynchronize(gpu, context, stream));
        assertEquals(
                CudaStatus.INVALID_HANDLE.code(),
                gpu.call(
                                Call.STREAM_DESTROY,
                                StreamDestroyRequest.newBuilder()
                                        .setContext(context)
                                        .build())
                        .status());
    }

    @Test
    void streamOfAnotherContextIsRefused() throws IOException {
        TestClient gpu = open();
        long context = gpu.createContext();
        long stream = gpu.expect(
                        Call.STREAM_CREATE,
                        StreamCreateRequest.newBuilder().setContext(context).build())
                .getStream();
        long other = gpu.createContext();
        assertEquals(CudaStatus.INVALID_HANDLE.code(), streamSynchronize(gpu, other, stream));
        assertEquals(CudaStatus.INVALID_HANDLE.code(), streamSynchronize(gpu, context, context));
    }

    @Test
    void eventsMarkTime() throws IOException {
        TestClient gpu = open();
        long context = gpu.createContext();
        long start = event(gpu, context);
        long end = event(gpu, context);
        EventElapsedTimeRequest elapsed = EventElapsedTimeRequest.newBuilder()
                .setContext(context)
                .setStart(start)
                .setEnd(end)
                .build();
        assertEquals(
                CudaStatus.INVALID_HANDLE.code(),
                gpu.call(Call.EVENT_ELAPSED_TIME, elapsed).status());
        gpu.post(Call.EVENT_RECORD, record(context, start, 0));
        long address = gpu.allocate(context, 1 << 20);
        gpu.post(Call.MEMSET, fill(context, address, 1, 1, 1 << 20));
        gpu.post(Call.EVENT_RECORD, record(context, end, 0));
        gpu.expect(
                Call.EVENT_SYNCHRONIZE,
                EventSynchronizeRequest.newBuilder()
                        .setContext(context)
                        .setEvent(end)
                        .build());
        EventQueryRequest query =
                EventQueryRequest.newBuilder().setContext(context).setEvent(end).build();
        assertEquals(0, gpu.call(Call.EVENT_QUERY, query).status());
        assertTrue(gpu.expect(Call.EVENT_ELAPSED_TIME, elapsed).getMilliseconds() >= 0);
        gpu.post(
                Call.STREAM_WAIT_EVENT,
                StreamWaitEventRequest.newBuilder()
                        .setContext(context)
                        .setEvent(end)
                        .build());
        assertEquals(0, synchronize(gpu, context));
        EventDestroyRequest destroy = EventDestroyRequest.newBuilder()
                .setContext(context)
                .setEvent(end)
                .build();
        gpu.expect(Call.EVENT_DESTROY, destroy);
        assertEquals(
                CudaStatus.INVALID_HANDLE.code(),
                gpu.call(Call.EVENT_DESTROY, destroy).status());
        assertEquals(
                CudaStatus.INVALID_HANDLE.code(),
                gpu.call(Call.EVENT_QUERY, query).status());
        gpu.post(Call.EVENT_RECORD, record(context, end, 0));
        assertEquals(CudaStatus.INVALID_HANDLE.code(), synchronize(gpu, context));
        assertEquals(
                CudaStatus.NOT_SUPPORTED.code(),
                gpu.call(
                                Call.EVENT_CREATE,
                                EventCreateRequest.newBuilder()
                                        .setContext(context)
                                        .setFlags(4)
                                        .build())
                        .status());
    }
}
