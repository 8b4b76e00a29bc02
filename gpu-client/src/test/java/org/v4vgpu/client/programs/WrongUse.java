package org.v4vgpu.client.programs;

import static jcuda.driver.JCudaDriver.*;
import static jcuda.runtime.JCuda.*;
import static org.v4vgpu.client.programs.Checks.*;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.FutureTask;
import jcuda.Pointer;
import jcuda.driver.CUDA_MEMCPY2D;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUevent;
import jcuda.driver.CUfunction;
import jcuda.driver.CUmemorytype;
import jcuda.driver.CUmodule;
import jcuda.driver.CUresult;
import jcuda.driver.CUstream;
import jcuda.runtime.cudaError;
import jcuda.runtime.cudaEvent_t;
import jcuda.runtime.cudaMemcpyKind;
import jcuda.runtime.cudaMemoryType;
import jcuda.runtime.cudaPointerAttributes;

/** Uses the API wrongly in every way that comes to mind, and looks at the answers. Arguments as of {@link JCudaCalls}. */
public final class WrongUse {
    private static final int ILLEGAL_ADDRESS = CUresult.CUDA_ERROR_ILLEGAL_ADDRESS;

    private WrongUse() {}

    public static void main(String[] args) throws Exception {
        Path kernels = Path.of(args[0]);
        ok(cuInit(0));
        CUcontext context = new CUcontext();
        ok(cuCtxCreate(context, 0, device()));
        nullArguments();
        wrongHandles();
        sizes();
        unseenHostMemory(kernels);
        freedHostMemory();
        otherContexts(kernels);
        otherArchitectures();
        destroyedContext(kernels);
        brokenContext(kernels);
        brokenRuntime(kernels);
        brokenForTwoThreads(kernels);
        ok(cuCtxSetCurrent(context));
        right(kernels);
        System.out.println("all wrong uses: answered");
    }

    @SuppressWarnings("deprecation") // programs still make these calls
    private static void nullArguments() {
        throwsNull("Parameter 'pctx' is null for cuCtxCreate", () -> cuCtxCreate(null, 0, device()));
        throwsNull("Parameter 'device' is null for cuDeviceGet", () -> cuDeviceGet(null, 0));
        throwsNull("Parameter 'dstHost' is null for cuMemcpyDtoH", () -> cuMemcpyDtoH(null, new CUdeviceptr(), 4));
        throwsNull("Parameter 'fname' is null for cuModuleLoad", () -> cuModuleLoad(new CUmodule(), null));
        throwsNull(
                "Parameter 'f' is null for cuLaunchKernel",
                () -> cuLaunchKernel(null, 1, 1, 1, 1, 1, 1, 0, null, null, null));
        throwsNull("Parameter 'phStream' is null for cuStreamCreate", () -> cuStreamCreate(null, 0));
        throwsNull("Parameter 'hEvent' is null for cuEventRecord", () -> cuEventRecord(null, null));
        throwsNull("Parameter 'dptr' is null for cuMemFree", () -> cuMemFree(null));
        throwsNull("Parameter 'dptr' is null for cuMemAllocManaged", () -> cuMemAllocManaged(null, 16, 1));
        throwsNull("Parameter 'fn' is null for cuLaunchHostFunc", () -> cuLaunchHostFunc(null, null, null));
        throwsNull("Parameter 'hfunc' is null for cuParamSetSize", () -> cuParamSetSize(null, 4));
        throwsNull("Parameter 'devPtr' is null for cudaMalloc", () -> cudaMalloc(null, 4));
        is(cudaError.cudaErrorInvalidValue, cudaMemset(new Pointer(), 0, 4));
    }

    private static void wrongHandles() {
        CUstream stream = new CUstream();
        CUevent event = new CUevent();
        ok(cuStreamCreate(stream, 0));
        ok(cuEventCreate(event, 0));
        CUevent noEvent = new CUevent(new cudaEvent_t());
        is(CUresult.CUDA_ERROR_INVALID_HANDLE, cuEventRecord(noEvent, stream));
        is(CUresult.CUDA_ERROR_INVALID_HANDLE, cuEventSynchronize(new CUevent()));
        is(CUresult.CUDA_ERROR_INVALID_HANDLE, cuModuleUnload(new CUmodule()));
        is(CUresult.CUDA_ERROR_INVALID_HANDLE, cuModuleGetFunction(new CUfunction(), new CUmodule(), "vecadd"));
        is(CUresult.CUDA_ERROR_INVALID_HANDLE, cuStreamDestroy(new CUstream()));
        is(CUresult.CUDA_ERROR_INVALID_HANDLE, cuEventElapsedTime(new float[1], event, event));
        is(CUresult.CUDA_ERROR_INVALID_CONTEXT, cuCtxSetCurrent(madeUp()));
        ok(cuStreamDestroy(stream));
        is(CUresult.CUDA_ERROR_INVALID_HANDLE, cuStreamDestroy(stream));
        ok(cuEventDestroy(event));
        is(CUresult.CUDA_ERROR_INVALID_HANDLE, cuEventDestroy(event));
        is(CUresult.CUDA_ERROR_INVALID_HANDLE, cuStreamWaitEvent(null, event, 0));

        // One kind of handle where another belongs: the classes keep them apart but for a module's and a stream's
        // numbers.
        CUdeviceptr pointer = allocate(64);
        is(CUresult.CUDA_ERROR_INVALID_VALUE, cuMemFreeHost(pointer));
        ok(cuMemFree(pointer));
        is(CUresult.CUDA_ERROR_INVALID_VALUE, cuMemFree(pointer));
        Pointer host = Pointer.to(new int[4]);
        is(cudaError.cudaErrorInvalidValue, cudaFree(host));
        is(cudaError.cudaErrorInvalidValue, cudaFreeHost(pointer));
    }

    /** A context that nobody has made. */
    private static CUcontext madeUp() {
        CUcontext context = new CUcontext();
        ok(cuCtxCreate(context, 0, device()));
        ok(cuCtxDestroy(context));
        return context;
    }

    private static void sizes() {
        CUdeviceptr pointer = allocate(64);
        int[] small = new int[8];
        is(CUresult.CUDA_ERROR_INVALID_VALUE, cuMemcpyDtoH(Pointer.to(small), pointer, 64));
        is(CUresult.CUDA_ERROR_INVALID_VALUE, cuMemcpyHtoD(pointer, Pointer.to(small), 64));
        is(CUresult.CUDA_ERROR_INVALID_VALUE, cuMemcpyHtoD(pointer, Pointer.to(small), -4));
        is(
                CUresult.CUDA_ERROR_INVALID_VALUE,
                cuMemcpyHtoD(pointer, Pointer.to(small).withByteOffset(-4), 4));
        is(CUresult.CUDA_ERROR_INVALID_VALUE, cuMemcpyHtoD(pointer.withByteOffset(-4), Pointer.to(small), 4));
        is(
                CUresult.CUDA_ERROR_INVALID_VALUE,
                cuMemcpyHtoD(pointer.withByteOffset(Long.MAX_VALUE), Pointer.to(small), 4));
        is(CUresult.CUDA_ERROR_INVALID_VALUE, cuMemcpyDtoD(pointer, pointer.withByteOffset(32), Long.MAX_VALUE));
        is(CUresult.CUDA_ERROR_INVALID_VALUE, cuMemsetD32(pointer.withByteOffset(1), 0, 1));
        is(CUresult.CUDA_ERROR_INVALID_VALUE, cuMemsetD16(pointer.withByteOffset(1), (short) 0, 1));
        is(CUresult.CUDA_ERROR_INVALID_VALUE, cuMemsetD8(pointer, (byte) 0, -1));
        is(CUresult.CUDA_ERROR_INVALID_VALUE, cuMemsetD32(pointer, 0, Long.MAX_VALUE));
        is(CUresult.CUDA_ERROR_INVALID_VALUE, cuMemAlloc(new CUdeviceptr(), -1));
        is(CUresult.CUDA_ERROR_INVALID_VALUE, cuMemAllocHost(new Pointer(), -1));
        is(CUresult.CUDA_ERROR_INVALID_VALUE, cuMemAllocManaged(new CUdeviceptr(), 0, 1));
        is(CUresult.CUDA_ERROR_OUT_OF_MEMORY, cuMemAlloc(new CUdeviceptr(), Long.MAX_VALUE));
        is(CUresult.CUDA_ERROR_INVALID_VALUE, cuStreamCreate(new CUstream(), 77));
        is(CUresult.CUDA_ERROR_INVALID_VALUE, cuEventCreate(new CUevent(), 77));
        is(cudaError.cudaErrorInvalidValue, cudaMalloc(new Pointer(), -1));
        is(
                cudaError.cudaErrorInvalidValue,
                cudaMemcpy(pointer, Pointer.to(small), 33, cudaMemcpyKind.cudaMemcpyHostToDevice));
        is(
                cudaError.cudaErrorInvalidPitchValue,
                cudaMemcpy2D(pointer, 4, Pointer.to(small), 8, 8, 2, cudaMemcpyKind.cudaMemcpyHostToDevice));
        ok(cuMemFree(pointer));
    }

    /** Host memory that is not mapped is nothing for kernels: its address must not even reach the server. */
    @SuppressWarnings("deprecation") // programs still make these calls
    private static void unseenHostMemory(Path kernels) throws IOException {
        CUfunction function = vecadd(kernels);
        CUdeviceptr device = allocate(64);
        Pointer pinned = new Pointer();
        ok(cuMemAllocHost(pinned, 64));
        Pointer runtimes = new Pointer();
        ok(cudaHostAlloc(runtimes, 64, 0));
        Pointer registered = Pointer.to(ByteBuffer.allocateDirect(64));
        ok(cuMemHostRegister(registered, 64, 0));
        Pointer direct = Pointer.to(ByteBuffer.allocateDirect(64));
        Pointer array = Pointer.to(new int[16]);
        for (Pointer host : new Pointer[] {pinned, runtimes, registered, direct, array, pinned.withByteOffset(4)}) {
            Pointer all =
                    Pointer.to(Pointer.to(device), Pointer.to(host), Pointer.to(device), Pointer.to(new int[] {16}));
            is(CUresult.CUDA_ERROR_INVALID_VALUE, cuLaunchKernel(function, 1, 1, 1, 32, 1, 1, 0, null, all, null));
            is(CUresult.CUDA_ERROR_INVALID_VALUE, cuParamSetv(function, 0, Pointer.to(host), 8));
            is(CUresult.CUDA_ERROR_INVALID_VALUE, cuMemcpyHtoD(device, Pointer.to(device, host), 16));
            Pointer inRows = Pointer.to(device, device, device, device, host, device);
            is(CUresult.CUDA_ERROR_INVALID_VALUE, cuMemcpy2D(rows(device, inRows)));
            is(CUresult.CUDA_ERROR_INVALID_VALUE, cuMemcpy2DAsync(rows(device, inRows), null));
            is(
                    cudaError.cudaErrorInvalidValue,
                    cudaMemcpy2D(device, 32, inRows, 24, 16, 2, cudaMemcpyKind.cudaMemcpyHostToDevice));
        }
        ok(cuMemcpy2D(rows(device, Pointer.to(device, device, pinned, device, device, pinned))));
        Pointer[] pointers = {device, pinned};
        ok(cuMemcpyHtoD(device, Pointer.to(pointers), 8));
        ok(cuMemcpyDtoH(Pointer.to(pointers), device, 8));
        Pointer two = Pointer.to(device, pinned); // of which the parameter is the first
        ok(cuLaunchKernel(
                function,
                1,
                1,
                1,
                32,
                1,
                1,
                0,
                null,
                Pointer.to(two, Pointer.to(device), Pointer.to(device), Pointer.to(new int[] {16})),
                null));
        ok(cuCtxSynchronize());
        ok(cuMemHostUnregister(registered));
        ok(cuMemFreeHost(pinned));
        ok(cudaFreeHost(runtimes));
        ok(cuMemFree(device));
    }

    /** Two rows of two pointers, and behind each row a pointer that is not copied. */
    private static CUDA_MEMCPY2D rows(CUdeviceptr to, Pointer from) {
        CUDA_MEMCPY2D rows = new CUDA_MEMCPY2D();
        rows.srcMemoryType = CUmemorytype.CU_MEMORYTYPE_HOST;
        rows.srcHost = from;
        rows.srcPitch = 24;
        rows.dstMemoryType = CUmemorytype.CU_MEMORYTYPE_DEVICE;
        rows.dstDevice = to;
        rows.dstPitch = 32;
        rows.WidthInBytes = 16;
        rows.Height = 2;
        return rows;
    }

    /** The pointers stay what they were, and the memory is gone. */
    private static void freedHostMemory() {
        CUdeviceptr device = allocate(64);
        Pointer pinned = new Pointer();
        ok(cuMemAllocHost(pinned, 64));
        ok(cuMemFreeHost(pinned));
        Pointer mapped = new Pointer();
        ok(cuMemHostAlloc(mapped, 64, CU_MEMHOSTALLOC_DEVICEMAP));
        ok(cuMemFreeHost(mapped));
        CUdeviceptr managed = new CUdeviceptr();
        ok(cuMemAllocManaged(managed, 64, 1));
        ok(cuMemFree(managed));
        Pointer array = Pointer.to(new int[16]);
        for (Pointer freed : new Pointer[] {pinned, mapped, managed}) {
            is(CUresult.CUDA_ERROR_INVALID_VALUE, cuMemcpyHtoD(device, freed, 64));
            is(CUresult.CUDA_ERROR_INVALID_VALUE, cuMemcpyHtoDAsync(device, freed, 64, null));
            is(CUresult.CUDA_ERROR_INVALID_VALUE, cuMemcpyDtoH(freed, device, 64));
            is(CUresult.CUDA_ERROR_INVALID_VALUE, cuMemcpyDtoHAsync(freed.withByteOffset(32), device, 4, null));
            is(CUresult.CUDA_ERROR_INVALID_VALUE, cuMemHostRegister(freed, 64, 0));
            is(CUresult.CUDA_ERROR_INVALID_VALUE, cuModuleLoadDataEx(new CUmodule(), freed, 0, null, null));
            is(cudaError.cudaErrorInvalidValue, cudaMemcpy(array, freed, 64, cudaMemcpyKind.cudaMemcpyHostToHost));
            is(cudaError.cudaErrorInvalidValue, cudaMemcpy(freed, array, 64, cudaMemcpyKind.cudaMemcpyHostToHost));
            is(cudaError.cudaErrorInvalidValue, cudaMemset(freed, 0, 64));
            is(CUresult.CUDA_ERROR_INVALID_VALUE, cuMemFreeHost(freed));
            cudaPointerAttributes attributes = new cudaPointerAttributes();
            ok(cudaPointerGetAttributes(attributes, freed));
            is(cudaMemoryType.cudaMemoryTypeUnregistered, attributes.type);
        }
        ok(cuMemFree(device));
    }

    /** A launch and a default stream mean the current context. */
    private static void otherContexts(Path kernels) throws IOException {
        CUcontext own = new CUcontext();
        ok(cuCtxGetCurrent(own));
        CUfunction function = vecadd(kernels);
        CUdeviceptr pointer = allocate(64);
        CUstream stream = new CUstream();
        CUevent event = new CUevent();
        ok(cuStreamCreate(stream, 0));
        ok(cuEventCreate(event, 0));
        CUcontext other = new CUcontext();
        ok(cuCtxCreate(other, 0, device()));
        notTheContextOf(function, pointer, event, CUresult.CUDA_ERROR_INVALID_HANDLE);
        is(CUresult.CUDA_ERROR_INVALID_HANDLE, cuEventRecord(event, CU_STREAM_PER_THREAD));
        is(cudaError.cudaErrorInvalidResourceHandle, cudaEventRecord(new cudaEvent_t(event), null));
        ok(cuEventRecord(event, stream));
        CUstream others = new CUstream();
        ok(cuStreamCreate(others, 0));
        is(CUresult.CUDA_ERROR_INVALID_HANDLE, cuEventRecord(event, others));
        ok(cuCtxDestroy(other));
        ok(cuCtxSetCurrent(null));
        notTheContextOf(function, pointer, event, CUresult.CUDA_ERROR_INVALID_CONTEXT);
        ok(cuCtxSetCurrent(own));
        ok(launch(function, pointer, 16));
        ok(cuEventRecord(event, null));
        ok(cuEventSynchronize(event));
        ok(cuEventDestroy(event));
        ok(cuStreamDestroy(stream));
        ok(cuMemFree(pointer));
    }

    @SuppressWarnings("deprecation") // programs still make these calls
    private static void notTheContextOf(CUfunction function, CUdeviceptr pointer, CUevent event, int expected) {
        Pointer all =
                Pointer.to(Pointer.to(pointer), Pointer.to(pointer), Pointer.to(pointer), Pointer.to(new int[] {16}));
        is(expected, launch(function, pointer, 16));
        is(expected, cuLaunchCooperativeKernel(function, 1, 1, 1, 32, 1, 1, 0, null, all));
        is(expected, cuLaunchGrid(function, 1, 1));
        is(expected, cuEventRecord(event, null));
    }

    private static void otherArchitectures() {
        is(
                CUresult.CUDA_ERROR_NO_BINARY_FOR_GPU,
                cuModuleLoadData(new CUmodule(), new byte[] {0x7f, 'E', 'L', 'F', 2, 1, 1, 0}));
        String ptx = ".version 99.9\n.target sm_50\n.address_size 64\n.visible .entry k() { ret; }\n";
        is(CUresult.CUDA_ERROR_UNSUPPORTED_PTX_VERSION, cuModuleLoadData(new CUmodule(), ptx));
        is(CUresult.CUDA_ERROR_INVALID_IMAGE, cuModuleLoadData(new CUmodule(), new byte[] {0}));
    }

    private static void destroyedContext(Path kernels) throws IOException {
        CUcontext context = new CUcontext();
        ok(cuCtxCreate(context, 0, device()));
        CUdeviceptr pointer = allocate(64);
        CUstream stream = new CUstream();
        CUevent event = new CUevent();
        ok(cuStreamCreate(stream, 0));
        ok(cuEventCreate(event, 0));
        CUfunction function = vecadd(kernels);
        CUdeviceptr managed = new CUdeviceptr();
        ok(cuMemAllocManaged(managed, 64, 1));
        ok(cuCtxDestroy(context));
        is(CUresult.CUDA_ERROR_INVALID_VALUE, cuMemcpyDtoH(Pointer.to(new int[16]), pointer, 64));
        is(CUresult.CUDA_ERROR_INVALID_VALUE, cuMemFree(pointer));
        is(CUresult.CUDA_ERROR_INVALID_VALUE, cuMemFree(managed));
        is(CUresult.CUDA_ERROR_INVALID_HANDLE, cuStreamSynchronize(stream));
        is(CUresult.CUDA_ERROR_INVALID_HANDLE, cuEventRecord(event, null));
        is(
                CUresult.CUDA_ERROR_INVALID_HANDLE,
                cuLaunchKernel(function, 1, 1, 1, 1, 1, 1, 0, null, Pointer.to(Pointer.to(pointer)), null));
        is(CUresult.CUDA_ERROR_INVALID_CONTEXT, cuCtxPushCurrent(context));
        is(CUresult.CUDA_ERROR_INVALID_CONTEXT, cuCtxDestroy(context));
    }

    /** A kernel's fault stays with its context; the others go on. */
    private static void brokenContext(Path kernels) throws IOException {
        CUcontext context = new CUcontext();
        ok(cuCtxCreate(context, 0, device()));
        CUfunction function = vecadd(kernels);
        CUdeviceptr pointer = allocate(64);
        boolean[] ran = new boolean[1];
        ok(launch(function, new CUdeviceptr(), 16));
        is(ILLEGAL_ADDRESS, cuCtxSynchronize());
        is(ILLEGAL_ADDRESS, cuCtxSynchronize());
        is(ILLEGAL_ADDRESS, cuMemcpyDtoH(Pointer.to(new int[16]), pointer, 64));
        is(ILLEGAL_ADDRESS, cuMemAlloc(new CUdeviceptr(), 16));
        is(ILLEGAL_ADDRESS, cuStreamCreate(new CUstream(), 0));
        is(ILLEGAL_ADDRESS, cuLaunchHostFunc(null, data -> ran[0] = true, null));
        ok(cuCtxDestroy(context));
        that(!ran[0], "a host function ran in a broken context");
    }

    private static void brokenRuntime(Path kernels) throws IOException {
        ok(cuCtxSetCurrent(null));
        ok(cudaSetDevice(0));
        ok(cudaFree(new Pointer()));
        ok(launch(vecadd(kernels), new CUdeviceptr(), 16));
        is(ILLEGAL_ADDRESS, cudaDeviceSynchronize());
        is(ILLEGAL_ADDRESS, cudaMalloc(new Pointer(), 16));
        is(ILLEGAL_ADDRESS, cudaGetLastError());
        is(ILLEGAL_ADDRESS, cudaGetLastError());
        ok(cudaDeviceReset());
        is(cudaError.cudaSuccess, cudaGetLastError());
        Pointer pointer = new Pointer();
        ok(cudaMalloc(pointer, 16));
        ok(cudaFree(pointer));
        ok(cudaDeviceReset());
    }

    /** An error that stays is its context's: what one thread resets, the other is rid of as well. */
    private static void brokenForTwoThreads(Path kernels) throws Exception {
        ok(cudaFree(new Pointer()));
        ok(launch(vecadd(kernels), new CUdeviceptr(), 16));
        is(ILLEGAL_ADDRESS, cudaDeviceSynchronize());
        CyclicBarrier step = new CyclicBarrier(2);
        FutureTask<Boolean> other = new FutureTask<>(() -> {
            is(ILLEGAL_ADDRESS, cudaMalloc(new Pointer(), 16));
            is(ILLEGAL_ADDRESS, cudaGetLastError());
            is(ILLEGAL_ADDRESS, cudaPeekAtLastError());
            is(ILLEGAL_ADDRESS, cudaGetLastError());
            step.await();
            step.await();
            is(cudaError.cudaSuccess, cudaPeekAtLastError());
            Pointer pointer = new Pointer();
            ok(cudaMalloc(pointer, 16));
            is(cudaError.cudaSuccess, cudaGetLastError());
            ok(cudaFree(pointer));
            is(cudaError.cudaErrorInvalidValue, cudaFree(pointer));
            is(cudaError.cudaErrorInvalidValue, cudaGetLastError());
            return cudaGetLastError() == cudaError.cudaSuccess;
        });
        Thread.ofPlatform().daemon().start(other);
        step.await();
        ok(cudaDeviceReset());
        step.await();
        that(other.get(), "an error that stays without its context");
        is(cudaError.cudaSuccess, cudaGetLastError());
        ok(cudaDeviceReset());
    }

    private static void right(Path kernels) throws IOException {
        CUdeviceptr pointer = allocate(64);
        ok(cuMemsetD32(pointer, Float.floatToIntBits(21), 16));
        ok(launch(vecadd(kernels), pointer, 16));
        float[] back = new float[16];
        ok(cuMemcpyDtoH(Pointer.to(back), pointer, 64));
        that(back[0] == 42 && back[15] == 42, Arrays.toString(back));
        ok(cuMemFree(pointer));
    }

    private static int launch(CUfunction function, CUdeviceptr all, int n) {
        Pointer parameters = Pointer.to(Pointer.to(all), Pointer.to(all), Pointer.to(all), Pointer.to(new int[] {n}));
        return cuLaunchKernel(function, 1, 1, 1, 32, 1, 1, 0, null, parameters, null);
    }
}
