package org.v4vgpu.client.programs;

import static jcuda.driver.JCudaDriver.*;
import static jcuda.runtime.JCuda.*;
import static org.v4vgpu.client.programs.Checks.*;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;
import jcuda.CudaException;
import jcuda.Pointer;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.JCudaDriver;
import jcuda.runtime.JCuda;
import jcuda.runtime.cudaDeviceProp;
import jcuda.runtime.cudaError;
import jcuda.runtime.cudaEvent_t;
import jcuda.runtime.cudaMemcpyKind;
import jcuda.runtime.cudaMemoryType;
import jcuda.runtime.cudaPointerAttributes;
import jcuda.runtime.cudaStream_t;

/** The runtime API. */
final class RuntimeCalls {
    /** So long a host function takes, for who does not wait for it to be found out. */
    private static final long FUNCTION_NANOS = 5_000_000;

    private RuntimeCalls() {}

    static void runtime() {
        int[] count = new int[1];
        ok(cudaGetDeviceCount(count));
        that(count[0] == 1, "devices " + count[0]);
        ok(cudaSetDevice(0));
        CUcontext current = new CUcontext();
        CUcontext primary = new CUcontext();
        ok(cuCtxGetCurrent(current));
        ok(cuDevicePrimaryCtxRetain(primary, device()));
        ok(cuDevicePrimaryCtxRelease(device()));
        same(primary, current); // so that calls of the driver API may follow
        is(cudaError.cudaErrorInvalidDevice, cudaSetDevice(5));
        is(cudaError.cudaErrorInvalidDevice, cudaPeekAtLastError());
        is(cudaError.cudaErrorInvalidDevice, cudaGetLastError());
        is(cudaError.cudaSuccess, cudaGetLastError());
        same("cudaErrorInvalidValue", cudaGetErrorName(1));
        same("invalid argument", cudaGetErrorString(1));
        cudaDeviceProp properties = new cudaDeviceProp();
        ok(cudaGetDeviceProperties(properties, 0));
        that(properties.warpSize == 32 && !properties.getName().isEmpty(), "properties");
        that(properties.memoryPoolsSupported == 1 && properties.cooperativeLaunch == 1, "properties");
        int[] value = new int[1];
        ok(cudaDeviceGetAttribute(value, 10, 0));
        that(value[0] == 32, "attribute");
        ok(cudaRuntimeGetVersion(value));
        that(value[0] >= 11000 && value[0] < 20000, "runtime version " + value[0]);
        value[0] = 0;
        ok(cudaDriverGetVersion(value));
        that(value[0] >= 11000 && value[0] < 20000, "driver version " + value[0]);
        Pointer pointer = new Pointer();
        ok(cudaMalloc(pointer, 64));
        int[] host = new int[16];
        Arrays.setAll(host, i -> i);
        ok(cudaMemcpy(pointer, Pointer.to(host), 64, cudaMemcpyKind.cudaMemcpyDefault));
        ok(cudaMemset(pointer, 0xFF, 4));
        int[] back = new int[16];
        ok(cudaMemcpy(Pointer.to(back), pointer, 64, cudaMemcpyKind.cudaMemcpyDeviceToHost));
        that(back[0] == -1 && back[15] == 15, "runtime copies");
        is(21, cudaMemcpy(pointer, Pointer.to(host), 64, 77));
        is(
                cudaError.cudaErrorInvalidValue,
                cudaMemcpy(pointer, Pointer.to(host), 65, cudaMemcpyKind.cudaMemcpyHostToDevice));
        long[] free = new long[1];
        long[] total = new long[1];
        ok(cudaMemGetInfo(free, total));
        that(free[0] > 0 && free[0] < total[0], "free " + free[0] + " of " + total[0]);
        ok(cudaMemcpy2D(
                Pointer.to(back), 16, pointer.withByteOffset(16), 32, 8, 2, cudaMemcpyKind.cudaMemcpyDeviceToHost));
        that(back[0] == 4 && back[1] == 5 && back[4] == 12 && back[5] == 13, "2D");
        Pointer pinned = new Pointer();
        ok(cudaHostAlloc(pinned, 64, 0));
        ok(cudaMemcpy(pinned, pointer, 64, cudaMemcpyKind.cudaMemcpyDeviceToHost));
        that(pinned.getByteBuffer().order(ByteOrder.nativeOrder()).getInt(60) == 15, "pinned");
        ok(cudaFreeHost(pinned));
        is(cudaError.cudaErrorInvalidValue, cudaFreeHost(pinned));
        ok(cudaFree(pointer));
        is(cudaError.cudaErrorInvalidValue, cudaFree(pointer));
        ok(cudaFree(new Pointer()));
        ok(cudaMalloc(pointer, 64));
        ok(cudaMemset(pointer, 0, 4));
        ok(cudaDeviceReset());
        is(cudaError.cudaErrorInvalidValue, cudaMemset(pointer, 0, 4));
        ok(cudaDeviceReset());
    }

    static void exceptions() {
        JCudaDriver.setExceptionsEnabled(true);
        JCuda.setExceptionsEnabled(true);
        try {
            cuMemFree(new CUdeviceptr());
            throw new IllegalStateException("no exception");
        } catch (CudaException e) {
            that(String.valueOf(e.getMessage()).startsWith("CUDA_ERROR_INVALID"), "exception " + e);
        }
        try {
            cudaSetDevice(9);
            throw new IllegalStateException("no exception");
        } catch (CudaException e) {
            same("cudaErrorInvalidDevice", e.getMessage());
        }
    }

    // ---- checks

    @SuppressWarnings("deprecation") // programs still make these calls
    static void settings() {
        int[] value = {9};
        ok(cudaGetDevice(value));
        that(value[0] == 0, "device " + value[0]);
        cudaDeviceProp wish = new cudaDeviceProp();
        wish.major = 5;
        value[0] = 9;
        ok(cudaChooseDevice(value, wish));
        that(value[0] == 0, "chosen " + value[0]);
        ok(cudaSetDeviceFlags(cudaDeviceScheduleYield));
        ok(cudaGetDeviceFlags(value));
        that(value[0] == cudaDeviceScheduleYield, "flags " + value[0]);
        ok(cudaSetDeviceFlags(0));
        ok(cudaDeviceSetCacheConfig(1));
        is(cudaError.cudaErrorInvalidValue, cudaDeviceSetCacheConfig(9));
        value[0] = 9;
        ok(cudaDeviceGetCacheConfig(value));
        that(value[0] == 0, "cache configuration " + value[0]);
        ok(cudaThreadSetCacheConfig(1));
        is(cudaError.cudaErrorInvalidValue, cudaThreadSetCacheConfig(9));
        value[0] = 9;
        ok(cudaThreadGetCacheConfig(value));
        that(value[0] == 0, "cache configuration " + value[0]);
        ok(cudaDeviceSetSharedMemConfig(1));
        is(cudaError.cudaErrorInvalidValue, cudaDeviceSetSharedMemConfig(9));
        value[0] = 9;
        ok(cudaDeviceGetSharedMemConfig(value));
        that(value[0] == 1, "banks " + value[0]);
        long[] limit = new long[1];
        ok(cudaDeviceSetLimit(0, 1024));
        ok(cudaDeviceGetLimit(limit, 0));
        that(limit[0] >= 1024, "limit " + limit[0]);
        ok(cudaThreadSetLimit(0, 2048));
        limit[0] = 0;
        ok(cudaThreadGetLimit(limit, 0));
        that(limit[0] >= 2048, "limit " + limit[0]);
        is(cudaError.cudaErrorInvalidValue, cudaDeviceSetLimit(0, -1));
        cudaGetLastError();
        String[] bus = new String[1];
        ok(cudaDeviceGetPCIBusId(bus, 32, 0));
        value[0] = 9;
        ok(cudaDeviceGetByPCIBusId(value, bus[0]));
        that(value[0] == 0, "device " + value[0]);
        value[0] = 9;
        ok(cudaDeviceCanAccessPeer(value, 0, 0));
        that(value[0] == 0, "peer");
        is(cudaError.cudaErrorInvalidDevice, cudaDeviceGetP2PAttribute(value, 1, 0, 0));
        is(cudaError.cudaErrorInvalidDevice, cudaDeviceEnablePeerAccess(0, 0));
        is(cudaError.cudaErrorPeerAccessNotEnabled, cudaDeviceDisablePeerAccess(0));
        cudaGetLastError();
        same("invalid copy direction for memcpy", cudaGetErrorString(21));
        same("peer access is not supported between these two devices", cudaGetErrorString(217));
        ok(cudaProfilerStart());
        ok(cudaProfilerStop());
        ok(cudaThreadSynchronize());
    }

    static void memory() {
        Pointer managed = new Pointer();
        ok(cudaMallocManaged(managed, 64, 1));
        ByteBuffer bytes = managed.getByteBuffer().order(ByteOrder.nativeOrder());
        ok(cudaMemset(managed, 7, 64));
        that(bytes.get(63) == 7, "managed");
        ok(cudaStreamAttachMemAsync(null, managed, 0, 1));
        is(cudaError.cudaErrorInvalidValue, cudaStreamAttachMemAsync(null, managed, 0, 8));
        ok(cudaMemPrefetchAsync(managed, 64, -1, null));
        is(cudaError.cudaErrorInvalidValue, cudaMemPrefetchAsync(managed, 65, -1, null));
        cudaPointerAttributes attributes = new cudaPointerAttributes();
        ok(cudaPointerGetAttributes(attributes, managed));
        that(attributes.type == cudaMemoryType.cudaMemoryTypeManaged, attributes.toString());

        Pointer pointer = new Pointer();
        long[] pitch = new long[1];
        ok(cudaMallocPitch(pointer, pitch, 10, 4));
        ok(cudaMemset2D(pointer, pitch[0], 1, 10, 4));
        ok(cudaMemset2DAsync(pointer, pitch[0], 2, 5, 4, null));
        ok(cudaMemsetAsync(pointer, 3, 2, null));
        byte[] rows = new byte[40];
        ok(cudaMemcpy2DAsync(
                Pointer.to(rows), 10, pointer, pitch[0], 10, 4, cudaMemcpyKind.cudaMemcpyDeviceToHost, null));
        ok(
                cudaMemcpy2D( // nothing, however often
                        Pointer.to(rows),
                        10,
                        pointer,
                        pitch[0],
                        0,
                        Long.MAX_VALUE,
                        cudaMemcpyKind.cudaMemcpyDeviceToHost));
        that(rows[1] == 3 && rows[2] == 2 && rows[5] == 1 && rows[39] == 1, Arrays.toString(rows));
        ok(cudaMemcpy2D(managed, 10, pointer, pitch[0], 10, 4, cudaMemcpyKind.cudaMemcpyDeviceToDevice));
        that(bytes.get(0) == 3 && bytes.get(39) == 1, "rows to managed memory");
        ok(cudaPointerGetAttributes(attributes, pointer));
        that(attributes.type == cudaMemoryType.cudaMemoryTypeDevice && attributes.device == 0, attributes.toString());
        ok(cudaMemcpyPeer(pointer, 0, pointer.withByteOffset(pitch[0]), 0, 4));
        ok(cudaMemcpyPeerAsync(pointer.withByteOffset(1), 0, pointer.withByteOffset(5), 0, 2, null));
        ok(cudaMemcpy(Pointer.to(rows), pointer, 4, cudaMemcpyKind.cudaMemcpyDeviceToHost));
        that(rows[0] == 2 && rows[1] == 1 && rows[2] == 1 && rows[3] == 2, Arrays.toString(rows));
        ok(cudaFree(managed));
        ok(cudaFree(pointer));

        Pointer pinned = new Pointer();
        ok(cudaMallocHost(pinned, 64));
        ok(cudaPointerGetAttributes(attributes, pinned));
        that(attributes.type == cudaMemoryType.cudaMemoryTypeHost, attributes.toString());
        is(cudaError.cudaErrorInvalidValue, cudaHostGetDevicePointer(pointer, pinned, 0));
        ok(cudaFreeHost(pinned));
        Pointer registered = Pointer.to(ByteBuffer.allocateDirect(64));
        ok(cudaHostRegister(registered, 64, 0));
        is(cudaError.cudaErrorHostMemoryAlreadyRegistered, cudaHostRegister(registered, 64, 0));
        ok(cudaHostUnregister(registered));
        is(cudaError.cudaErrorHostMemoryNotRegistered, cudaHostUnregister(registered));
        cudaGetLastError();
    }

    @SuppressWarnings("deprecation") // programs still make these calls
    static void streams() throws InterruptedException {
        cudaStream_t stream = new cudaStream_t();
        ok(cudaStreamCreateWithFlags(stream, 1));
        int[] value = new int[1];
        ok(cudaStreamGetFlags(stream, value));
        that(value[0] == 1, "flags");
        cudaStream_t other = new cudaStream_t();
        ok(cudaStreamCreateWithPriority(other, 0, 0));
        value[0] = 9;
        ok(cudaStreamGetPriority(other, value));
        that(value[0] == 0, "priority " + value[0]);
        value[0] = 9;
        ok(cudaDeviceGetStreamPriorityRange(value, null));
        that(value[0] == 0, "priorities " + value[0]);
        long[] id = new long[1];
        ok(cudaStreamGetId(stream, id));
        that(id[0] != 0, "stream id");
        CountDownLatch mayGoOn = new CountDownLatch(1);
        List<Object> seen = Collections.synchronizedList(new ArrayList<>());
        ok(cudaStreamAddCallback(
                stream,
                (of, status, data) -> {
                    try {
                        mayGoOn.await();
                    } catch (InterruptedException e) {
                        seen.add(e);
                    }
                    seen.add(data);
                },
                "callback",
                0));
        cudaEvent_t event = new cudaEvent_t();
        ok(cudaEventCreateWithFlags(event, 2));
        ok(cudaEventRecordWithFlags(event, stream, 0));
        ok(cudaStreamWaitEvent(other, event, 0));
        is(cudaError.cudaErrorNotReady, cudaStreamQuery(other));
        ok(cudaLaunchHostFunc(other, data -> seen.add(data), "function"));
        is(cudaError.cudaErrorNotReady, cudaEventQuery(event));
        is(cudaError.cudaErrorNotReady, cudaStreamQuery(other));
        mayGoOn.countDown();
        ok(cudaStreamSynchronize(other));
        same(List.of("callback", "function"), List.copyOf(seen));
        waits(stream, event, seen);
        ok(cudaEventDestroy(event));
        is(cudaError.cudaErrorInvalidResourceHandle, cudaEventQuery(event));
        cudaGetLastError();

        cudaEvent_t start = new cudaEvent_t();
        cudaEvent_t end = new cudaEvent_t();
        ok(cudaEventCreate(start));
        ok(cudaEventCreate(end));
        cudaStream_t third = new cudaStream_t();
        ok(cudaStreamCreate(third));
        Pointer pointer = new Pointer();
        ok(cudaMalloc(pointer, 64));
        byte[] bytes = new byte[64];
        bytes[63] = 5;
        ok(cudaEventRecord(start, third));
        ok(cudaMemcpyAsync(pointer, Pointer.to(bytes), 64, cudaMemcpyKind.cudaMemcpyHostToDevice, third));
        ok(cudaEventRecord(end, third));
        ok(cudaEventSynchronize(end));
        bytes[63] = 0;
        ok(cudaMemcpyAsync(Pointer.to(bytes), pointer, 64, cudaMemcpyKind.cudaMemcpyDeviceToHost, third));
        ok(cudaStreamSynchronize(third));
        that(bytes[63] == 5, "asynchronous copies");
        float[] millis = {-1};
        ok(cudaEventElapsedTime(millis, start, end));
        that(millis[0] >= 0, "elapsed " + millis[0]);
        ok(cudaFree(pointer));
        ok(cudaEventDestroy(start));
        ok(cudaEventDestroy(end));
        ok(cudaStreamDestroy(third));
        is(cudaError.cudaErrorInvalidResourceHandle, cudaStreamQuery(third));
        cudaGetLastError();
        ok(cudaStreamDestroy(stream));
        ok(cudaStreamDestroy(other));
        ok(cudaMalloc(pointer, 64));
        ok(cudaThreadExit());
        is(cudaError.cudaErrorInvalidValue, cudaMemset(pointer, 0, 4));
        cudaGetLastError();
    }

    /** What a host function does is seen after each call that waits for it. */
    @SuppressWarnings("deprecation") // programs still make these calls
    private static void waits(cudaStream_t stream, cudaEvent_t event, List<Object> seen) {
        for (String call : List.of("event", "device", "thread", "stream")) {
            ok(cudaLaunchHostFunc(
                    stream,
                    data -> {
                        LockSupport.parkNanos(FUNCTION_NANOS);
                        seen.add(data);
                    },
                    call));
            ok(cudaEventRecord(event, stream));
            ok(
                    switch (call) {
                        case "event" -> cudaEventSynchronize(event);
                        case "device" -> cudaDeviceSynchronize();
                        case "thread" -> cudaThreadSynchronize();
                        default -> cudaStreamSynchronize(stream);
                    });
            same(call, seen.getLast());
        }
    }
}
