package org.v4vgpu.client.programs;

import static jcuda.driver.JCudaDriver.*;
import static jcuda.runtime.JCuda.*;
import static org.v4vgpu.client.programs.Checks.*;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import jcuda.Pointer;
import jcuda.Sizeof;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUevent;
import jcuda.driver.CUresult;
import jcuda.driver.CUstream;
import jcuda.runtime.cudaStream_t;

/** Streams, events and callbacks of the driver API. */
final class StreamCalls {
    private static final int N = 1000;
    private static final long BYTES = (long) N * Sizeof.FLOAT;

    private StreamCalls() {}

    static void streams() {
        CUstream stream = new CUstream();
        ok(cuStreamCreate(stream, 0));
        CUevent start = new CUevent();
        CUevent end = new CUevent();
        ok(cuEventCreate(start, 0));
        ok(cuEventCreate(end, 0));
        CUdeviceptr pointer = allocate(BYTES);
        int[] host = new int[N];
        Arrays.fill(host, 9);
        ok(cuEventRecord(start, stream));
        ok(cuMemcpyHtoDAsync(pointer, Pointer.to(host), BYTES, stream));
        Arrays.fill(host, 0);
        ok(cuMemsetD32Async(pointer, 8, 1, stream));
        ok(cuEventRecord(end, stream));
        ok(cuStreamWaitEvent(null, end, 0));
        ok(cuEventSynchronize(end));
        is(CUresult.CUDA_SUCCESS, cuEventQuery(end));
        float[] millis = {-1};
        ok(cuEventElapsedTime(millis, start, end));
        that(millis[0] >= 0, "elapsed " + millis[0]);
        ok(cuMemcpyDtoHAsync(Pointer.to(host), pointer, BYTES, stream));
        ok(cuStreamSynchronize(stream));
        is(CUresult.CUDA_SUCCESS, cuStreamQuery(stream));
        that(host[0] == 8 && host[1] == 9, "streams");
        CUstream same = new CUstream(new cudaStream_t(stream));
        ok(cuStreamSynchronize(same));
        CUcontext of = new CUcontext();
        CUcontext current = new CUcontext();
        ok(cuStreamGetCtx(stream, of));
        ok(cuCtxGetCurrent(current));
        same(current, of);
        ok(cuStreamSynchronize(CU_STREAM_LEGACY));
        ok(cuStreamDestroy(stream));
        is(CUresult.CUDA_ERROR_INVALID_HANDLE, cuStreamDestroy(stream));
        is(CUresult.CUDA_ERROR_INVALID_HANDLE, cuStreamSynchronize(stream));
        ok(cuEventDestroy(start));
        ok(cuEventDestroy(end));
        is(CUresult.CUDA_ERROR_INVALID_HANDLE, cuEventRecord(end, null));
        ok(cuMemFree(pointer));
    }

    static void callbacks() throws InterruptedException {
        CUstream stream = new CUstream();
        ok(cuStreamCreateWithPriority(stream, 1, 0));
        int[] value = new int[1];
        value[0] = 9;
        ok(cuStreamGetPriority(stream, value));
        that(value[0] == 0, "priority " + value[0]);
        ok(cuStreamGetFlags(stream, value));
        that(value[0] == 1, "flags " + value[0]);
        value[0] = 9;
        ok(cuCtxGetStreamPriorityRange(value, null));
        that(value[0] == 0, "priorities " + value[0]);
        long[] id = new long[1];
        ok(cuStreamGetId(stream, id));
        that(id[0] != 0, "stream id");

        CUdeviceptr pointer = allocate(BYTES);
        int[] host = new int[N];
        CountDownLatch mayGoOn = new CountDownLatch(1);
        List<Object> seen = Collections.synchronizedList(new ArrayList<>());
        ok(cuMemsetD32Async(pointer, 1, N, stream));
        ok(cuStreamAddCallback(
                stream,
                (of, status, data) -> {
                    seen.add(of.equals(stream) && status == 0 ? data : "wrong arguments");
                    try {
                        mayGoOn.await();
                    } catch (InterruptedException e) {
                        seen.add(e);
                    }
                    seen.add(cuCtxCreate(new CUcontext(), 0, device()));
                },
                "callback",
                0));
        ok(cuMemsetD32Async(pointer, 2, N, stream));
        ok(cuLaunchHostFunc(stream, data -> seen.add(data), "host function"));
        is(CUresult.CUDA_ERROR_NOT_READY, cuStreamQuery(stream));
        CUstream other = new CUstream();
        ok(cuStreamCreate(other, 1));
        ok(cuMemcpyDtoHAsync(Pointer.to(host), pointer, BYTES, other));
        that(host[0] == 1 && host[N - 1] == 1, "the stream waits for its callback " + host[0]);
        CUevent event = new CUevent();
        ok(cuEventCreate(event, 0));
        ok(cuEventRecordWithFlags(event, stream, 0));
        is(CUresult.CUDA_ERROR_NOT_READY, cuEventQuery(event));
        ok(cuStreamWaitEvent(other, event, 0));
        is(CUresult.CUDA_ERROR_NOT_READY, cuStreamQuery(other));
        mayGoOn.countDown();
        ok(cuEventSynchronize(event));
        same(List.of("callback", CUresult.CUDA_ERROR_NOT_PERMITTED, "host function"), List.copyOf(seen));
        ok(cuStreamSynchronize(stream));
        ok(cuMemcpyDtoH(Pointer.to(host), pointer, BYTES));
        that(host[0] == 2, "the stream goes on " + host[0]);
        is(CUresult.CUDA_ERROR_INVALID_VALUE, cuStreamAddCallback(stream, (of, status, data) -> {}, null, 3));
        throwsNull(
                "Parameter 'callback' is null for cuStreamAddCallback",
                () -> cuStreamAddCallback(stream, null, null, 0));
        ok(cuEventDestroy(event));
        ok(cuStreamDestroy(stream));
        ok(cuStreamDestroy(other));
        is(CUresult.CUDA_ERROR_INVALID_HANDLE, cuLaunchHostFunc(stream, data -> {}, null));
        ok(cuMemFree(pointer));
    }
}
