package org.v4vgpu.client.programs;

import static jcuda.driver.JCudaDriver.*;
import static jcuda.runtime.JCuda.*;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import jcuda.CudaException;
import jcuda.JCudaVersion;
import jcuda.LogLevel;
import jcuda.Pointer;
import jcuda.Sizeof;
import jcuda.driver.CUDA_MEMCPY2D;
import jcuda.driver.CUarray;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdevice_attribute;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUdevprop;
import jcuda.driver.CUevent;
import jcuda.driver.CUfunction;
import jcuda.driver.CUfunction_attribute;
import jcuda.driver.CUjit_option;
import jcuda.driver.CUmemorytype;
import jcuda.driver.CUmodule;
import jcuda.driver.CUresult;
import jcuda.driver.CUstream;
import jcuda.driver.CUuuid;
import jcuda.driver.JCudaDriver;
import jcuda.driver.JITOptions;
import jcuda.nvrtc.JNvrtc;
import jcuda.nvrtc.nvrtcProgram;
import jcuda.runtime.JCuda;
import jcuda.runtime.cudaDeviceProp;
import jcuda.runtime.cudaError;
import jcuda.runtime.cudaMemcpyKind;
import jcuda.runtime.cudaStream_t;

/**
 * Makes most calls that the bridge has, right ones and wrong ones, and looks at what they answer. Arguments: a directory with the
 * kernels' PTX. Prints "all calls: right" at its end.
 */
public final class JCudaCalls {
    private static final int N = 1000;
    private static final long BYTES = (long) N * Sizeof.FLOAT;

    private JCudaCalls() {}

    public static void main(String[] args) throws IOException {
        Path kernels = Path.of(args[0]);
        beforeInit();
        devices();
        contexts();
        CUcontext context = new CUcontext();
        ok(cuCtxCreate(context, 0, device()));
        memory();
        pointers();
        copies2D();
        modules(kernels);
        launches(kernels);
        streams();
        unsupported();
        ok(cuCtxDestroy(context));
        is(CUresult.CUDA_ERROR_INVALID_CONTEXT, cuCtxDestroy(context));
        runtime();
        exceptions();
        System.out.println("all calls: right");
    }

    private static void beforeInit() {
        is(CUresult.CUDA_ERROR_NOT_INITIALIZED, cuDeviceGetCount(new int[1]));
        is(CUresult.CUDA_ERROR_NOT_INITIALIZED, cuMemAlloc(new CUdeviceptr(), 16));
        is(CUresult.CUDA_ERROR_INVALID_VALUE, cuInit(1));
        ok(cuInit(0));
        JCudaDriver.setLogLevel(LogLevel.LOG_QUIET);
        that(JCudaVersion.isAvailable(), "JCudaVersion.isAvailable");
        int[] version = new int[1];
        ok(cuDriverGetVersion(version));
        that(version[0] >= 11000, "driver version " + version[0]);
        String[] text = new String[1];
        ok(cuGetErrorName(700, text));
        same("CUDA_ERROR_ILLEGAL_ADDRESS", text[0]);
        ok(cuGetErrorString(1, text));
        same("invalid argument", text[0]);
        is(CUresult.CUDA_ERROR_INVALID_VALUE, cuGetErrorName(123456, text));
    }

    private static CUdevice device() {
        CUdevice device = new CUdevice();
        ok(cuDeviceGet(device, 0));
        return device;
    }

    @SuppressWarnings("deprecation") // programs still make these calls
    private static void devices() {
        int[] count = new int[1];
        ok(cuDeviceGetCount(count));
        that(count[0] == 1, "devices " + count[0]);
        is(CUresult.CUDA_ERROR_INVALID_DEVICE, cuDeviceGet(new CUdevice(), 7));
        byte[] name = new byte[8];
        ok(cuDeviceGetName(name, name.length, device()));
        that(name[0] != 0 && name[7] == 0, "name " + Arrays.toString(name));
        CUuuid uuid = new CUuuid();
        ok(cuDeviceGetUuid(uuid, device()));
        that(uuid.bytes.length == 16, "uuid");
        long[] bytes = new long[1];
        ok(cuDeviceTotalMem(bytes, device()));
        that(bytes[0] > 1 << 20, "memory " + bytes[0]);
        int[] value = new int[1];
        ok(cuDeviceGetAttribute(value, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_WARP_SIZE, device()));
        that(value[0] == 32, "warp " + value[0]);
        ok(cuDeviceGetAttribute(value, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_CAN_MAP_HOST_MEMORY, device()));
        that(value[0] == 0, "zero copy");
        is(CUresult.CUDA_ERROR_INVALID_VALUE, cuDeviceGetAttribute(value, 9999, device()));
        int[] minor = new int[1];
        ok(cuDeviceComputeCapability(value, minor, device()));
        that(value[0] >= 5, "compute capability " + value[0]);
        CUdevprop properties = new CUdevprop();
        ok(cuDeviceGetProperties(properties, device()));
        that(properties.maxThreadsPerBlock == 1024 && properties.maxGridSize[1] == 65535, properties.toString());
    }

    private static void contexts() {
        is(CUresult.CUDA_ERROR_INVALID_CONTEXT, cuCtxSynchronize());
        CUcontext first = new CUcontext();
        CUcontext second = new CUcontext();
        ok(cuCtxCreate(first, 0, device()));
        ok(cuCtxCreate(second, 0, device()));
        CUcontext current = new CUcontext();
        ok(cuCtxGetCurrent(current));
        same(second, current);
        ok(cuCtxPopCurrent(current));
        same(second, current);
        ok(cuCtxGetCurrent(current));
        same(first, current);
        ok(cuCtxPushCurrent(second));
        ok(cuCtxSetCurrent(first));
        CUdevice device = new CUdevice();
        ok(cuCtxGetDevice(device));
        same(device(), device);
        ok(cuCtxSynchronize());
        ok(cuCtxDestroy(second));
        ok(cuCtxGetCurrent(current));
        same(first, current);
        ok(cuCtxDestroy(first));
        ok(cuCtxSetCurrent(null));
        is(CUresult.CUDA_ERROR_INVALID_CONTEXT, cuCtxPushCurrent(first));

        CUcontext primary = new CUcontext();
        CUcontext again = new CUcontext();
        ok(cuDevicePrimaryCtxRetain(primary, device()));
        ok(cuDevicePrimaryCtxRetain(again, device()));
        same(primary, again);
        int[] active = new int[1];
        ok(cuDevicePrimaryCtxGetState(device(), new int[1], active));
        that(active[0] == 1, "active");
        ok(cuDevicePrimaryCtxRelease(device()));
        ok(cuDevicePrimaryCtxRelease(device()));
        is(CUresult.CUDA_ERROR_INVALID_CONTEXT, cuDevicePrimaryCtxRelease(device()));
        ok(cuDevicePrimaryCtxGetState(device(), new int[1], active));
        that(active[0] == 0, "not active");
    }

    private static CUdeviceptr allocate(long bytes) {
        CUdeviceptr pointer = new CUdeviceptr();
        ok(cuMemAlloc(pointer, bytes));
        return pointer;
    }

    private static void memory() {
        is(CUresult.CUDA_ERROR_INVALID_VALUE, cuMemAlloc(new CUdeviceptr(), 0));
        is(CUresult.CUDA_ERROR_OUT_OF_MEMORY, cuMemAlloc(new CUdeviceptr(), 1L << 50));
        long[] free = new long[1];
        long[] total = new long[1];
        ok(cuMemGetInfo(free, total));
        that(free[0] > 0 && free[0] <= total[0], "memory info");
        CUdeviceptr pointer = allocate(BYTES);
        int[] ints = new int[N];
        Arrays.setAll(ints, i -> i * 7);
        ok(cuMemcpyHtoD(pointer, Pointer.to(ints), BYTES));
        int[] back = new int[N];
        ok(cuMemcpyDtoH(Pointer.to(back), pointer, BYTES));
        that(Arrays.equals(ints, back), "round trip");

        ok(cuMemcpyDtoH(Pointer.to(back).withByteOffset(40), pointer.withByteOffset(8), 16));
        that(back[10] == 14 && back[13] == 35, "offsets");
        is(CUresult.CUDA_ERROR_INVALID_VALUE, cuMemcpyHtoD(pointer.withByteOffset(8), Pointer.to(ints), BYTES));
        is(CUresult.CUDA_ERROR_INVALID_VALUE, cuMemcpyHtoD(pointer, Pointer.to(new int[3]), BYTES));
        ok(cuMemcpyHtoD(pointer, Pointer.to(ints), 0));

        CUdeviceptr other = allocate(BYTES);
        ok(cuMemsetD32(other, 5, N));
        ok(cuMemsetD8(other.withByteOffset(4), (byte) 1, 4));
        ok(cuMemsetD16(other.withByteOffset(8), (short) 2, 2));
        ok(cuMemcpyDtoH(Pointer.to(back), other, BYTES));
        that(back[0] == 5 && back[1] == 0x01010101 && back[2] == 0x00020002 && back[999] == 5, "memset");
        is(CUresult.CUDA_ERROR_INVALID_VALUE, cuMemsetD32(other, 5, N + 1));
        ok(cuMemcpyDtoD(other, pointer, BYTES / 2));
        ok(cuMemcpy(other.withByteOffset(BYTES / 2), pointer.withByteOffset(BYTES / 2), BYTES / 2));
        ok(cuMemcpyDtoH(Pointer.to(back), other, BYTES));
        that(Arrays.equals(ints, back), "device to device");

        CUdeviceptr base = new CUdeviceptr();
        long[] size = new long[1];
        ok(cuMemGetAddressRange(base, size, pointer.withByteOffset(100)));
        same(pointer, base);
        that(size[0] == BYTES, "range");
        ok(cuMemGetAddressRange(null, null, pointer));
        is(CUresult.CUDA_ERROR_INVALID_VALUE, cuMemFree(pointer.withByteOffset(4)));
        ok(cuMemFree(pointer));
        is(CUresult.CUDA_ERROR_INVALID_VALUE, cuMemFree(pointer));
        is(CUresult.CUDA_ERROR_INVALID_VALUE, cuMemcpyHtoD(pointer, Pointer.to(ints), BYTES));
        ok(cuMemFree(other));
    }

    private static void pointers() {
        CUdeviceptr pointer = allocate(BYTES);
        FloatBuffer direct = ByteBuffer.allocateDirect((int) BYTES)
                .order(ByteOrder.nativeOrder())
                .asFloatBuffer();
        for (int i = 0; i < N; i++) {
            direct.put(i, i);
        }
        ok(cuMemcpyHtoD(pointer, Pointer.to(direct), BYTES));
        float[] back = new float[N];
        ok(cuMemcpyDtoH(Pointer.to(FloatBuffer.wrap(back)), pointer, BYTES));
        that(back[17] == 17 && back[N - 1] == N - 1, "direct buffer");
        FloatBuffer positioned = FloatBuffer.wrap(back);
        positioned.position(10);
        ok(cuMemcpyHtoD(pointer, Pointer.toBuffer(positioned), 4));
        ok(cuMemcpyDtoH(Pointer.to(back), pointer, 4));
        that(back[0] == 10, "toBuffer honours the position");
        ok(cuMemcpyHtoD(pointer, Pointer.to(positioned), 8));
        ok(cuMemcpyDtoH(Pointer.to(back), pointer, 8));
        that(back[0] == 10 && back[1] == 1, "to ignores the position");

        // An array of pointers: its elements are written back.
        CUdeviceptr a = new CUdeviceptr();
        CUdeviceptr b = new CUdeviceptr();
        ok(cuMemcpyHtoD(pointer, Pointer.to(pointer, pointer.withByteOffset(8)), 16));
        ok(cuMemcpyDtoH(Pointer.to(a, b), pointer, 16));
        same(pointer, a);
        ok(cuMemcpyHtoD(pointer, Pointer.to(new float[] {1, 2, 3, 4}), 16));
        ok(cuMemcpyDtoH(Pointer.to(back), b, 8));
        that(back[0] == 3 && back[1] == 4, "second pointer");

        Pointer pinned = new Pointer();
        ok(cuMemAllocHost(pinned, BYTES));
        FloatBuffer host = pinned.getByteBuffer().order(ByteOrder.nativeOrder()).asFloatBuffer();
        that(host.capacity() == N, "pinned buffer");
        host.put(3, 33);
        ok(cuMemcpyHtoD(pointer, pinned, BYTES));
        ok(cuMemcpyDtoH(Pointer.to(back), pointer, BYTES));
        that(back[3] == 33, "from pinned");
        ok(cuMemcpyDtoHAsync(pinned.withByteOffset(16), pointer, 16, null));
        that(host.get(7) == 33, "to pinned");
        ok(cuMemFreeHost(pinned));
        is(CUresult.CUDA_ERROR_INVALID_VALUE, cuMemFreeHost(pinned));
        Pointer registered = Pointer.to(ByteBuffer.allocateDirect(4096));
        ok(cuMemHostRegister(registered, 4096, 0));
        ok(cuMemHostUnregister(registered));
        is(713, cuMemHostUnregister(registered));

        throwsNull("Parameter 'pp' is null for cuMemAllocHost", () -> cuMemAllocHost(null, 16));
        throwsNull("Parameter 'srcHost' is null for cuMemcpyHtoD", () -> cuMemcpyHtoD(pointer, null, 16));
        throwsNull("Parameter 'dptr' is null for cuMemAlloc", () -> cuMemAlloc(null, 16));
        ok(cuMemFree(pointer));
    }

    private static void copies2D() {
        CUdeviceptr pointer = new CUdeviceptr();
        long[] pitch = new long[1];
        ok(cuMemAllocPitch(pointer, pitch, 40, 5, 4));
        that(pitch[0] >= 40 && pitch[0] % 256 == 0, "pitch " + pitch[0]);
        int[] source = new int[50];
        Arrays.setAll(source, i -> i);
        CUDA_MEMCPY2D in = new CUDA_MEMCPY2D();
        in.srcMemoryType = CUmemorytype.CU_MEMORYTYPE_HOST;
        in.srcHost = Pointer.to(source);
        in.srcPitch = 40;
        in.dstMemoryType = CUmemorytype.CU_MEMORYTYPE_DEVICE;
        in.dstDevice = pointer;
        in.dstPitch = pitch[0];
        in.WidthInBytes = 40;
        in.Height = 5;
        ok(cuMemcpy2D(in));
        int[] row = new int[10];
        ok(cuMemcpyDtoH(Pointer.to(row), pointer.withByteOffset(3 * pitch[0]), 40));
        that(row[0] == 30 && row[9] == 39, "row " + Arrays.toString(row));
        CUDA_MEMCPY2D out = new CUDA_MEMCPY2D();
        out.srcMemoryType = CUmemorytype.CU_MEMORYTYPE_DEVICE;
        out.srcDevice = pointer;
        out.srcPitch = pitch[0];
        out.srcXInBytes = 4;
        out.srcY = 1;
        out.dstMemoryType = CUmemorytype.CU_MEMORYTYPE_HOST;
        out.dstHost = Pointer.to(row);
        out.dstPitch = 20;
        out.WidthInBytes = 8;
        out.Height = 2;
        ok(cuMemcpy2D(out));
        that(row[0] == 11 && row[1] == 12 && row[5] == 21 && row[6] == 22, "2D " + Arrays.toString(row));
        ok(cuMemFree(pointer));
    }

    private static void modules(Path kernels) throws IOException {
        CUmodule module = new CUmodule();
        is(
                CUresult.CUDA_ERROR_FILE_NOT_FOUND,
                cuModuleLoad(module, kernels.resolve("none.ptx").toString()));
        int status = cuModuleLoadData(module, "this is no PTX");
        that(
                status == CUresult.CUDA_ERROR_INVALID_PTX || status == CUresult.CUDA_ERROR_INVALID_IMAGE,
                "no PTX: " + status);
        JITOptions options = new JITOptions();
        options.putBytes(CUjit_option.CU_JIT_ERROR_LOG_BUFFER, new byte[512]);
        options.putInt(CUjit_option.CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES, 512);
        byte[] wrong = Files.readString(kernels.resolve("vecadd.ptx"))
                .replaceFirst("add\\.(rn\\.)?f32", "addd.f32")
                .getBytes(java.nio.charset.StandardCharsets.UTF_8);
        status = cuModuleLoadDataJIT(module, Pointer.to(wrong), options);
        that(status == CUresult.CUDA_ERROR_INVALID_PTX, "unknown instruction: " + status);
        that(
                options.getString(CUjit_option.CU_JIT_ERROR_LOG_BUFFER).contains("addd"),
                "error log: " + options.getString(CUjit_option.CU_JIT_ERROR_LOG_BUFFER));

        ok(cuModuleLoad(module, kernels.resolve("devfunc.ptx").toString()));
        CUfunction function = new CUfunction();
        is(CUresult.CUDA_ERROR_NOT_FOUND, cuModuleGetFunction(function, module, "nothing"));
        ok(cuModuleGetFunction(function, module, "devfunc"));
        int[] value = new int[1];
        ok(cuFuncGetAttribute(value, CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK, function));
        that(value[0] > 0 && value[0] <= 1024, "threads " + value[0]);
        CUmodule of = new CUmodule();
        ok(cuFuncGetModule(of, function));
        same(module, of);
        CUdeviceptr coefficients = new CUdeviceptr();
        long[] bytes = new long[1];
        ok(cuModuleGetGlobal(coefficients, bytes, module, "coef"));
        that(bytes[0] == 32, "coef " + bytes[0]);
        ok(cuModuleGetGlobal(null, null, module, "coef"));
        ok(cuMemcpyHtoD(coefficients, Pointer.to(new float[8]), 32));
        is(CUresult.CUDA_ERROR_INVALID_VALUE, cuMemcpyHtoD(coefficients, Pointer.to(new float[9]), 36));
        is(CUresult.CUDA_ERROR_INVALID_VALUE, cuMemFree(coefficients));
        ok(cuModuleUnload(module));
        is(CUresult.CUDA_ERROR_INVALID_HANDLE, cuModuleUnload(module));
        is(CUresult.CUDA_ERROR_INVALID_HANDLE, cuModuleGetFunction(new CUfunction(), module, "devfunc"));
        is(
                CUresult.CUDA_ERROR_INVALID_HANDLE,
                cuLaunchKernel(function, 1, 1, 1, 1, 1, 1, 0, null, Pointer.to(Pointer.to(new int[1])), null));
    }

    private static CUfunction vecadd(Path kernels) throws IOException {
        CUmodule module = new CUmodule();
        ok(cuModuleLoadDataEx(module, Pointer.to(Files.readAllBytes(kernels.resolve("vecadd.ptx"))), 0, null, null));
        CUfunction function = new CUfunction();
        ok(cuModuleGetFunction(function, module, "vecadd"));
        return function;
    }

    private static void launches(Path kernels) throws IOException {
        CUfunction function = vecadd(kernels);
        CUdeviceptr a = allocate(BYTES);
        CUdeviceptr b = allocate(BYTES);
        CUdeviceptr c = allocate(BYTES);
        float[] host = new float[N];
        Arrays.fill(host, 2);
        ok(cuMemcpyHtoD(a, Pointer.to(host), BYTES));
        Arrays.fill(host, 40);
        ok(cuMemcpyHtoD(b, Pointer.to(host), BYTES));
        Pointer count = Pointer.to(new int[] {N});
        Pointer parameters = Pointer.to(Pointer.to(a), Pointer.to(b), Pointer.to(c), count);
        ok(cuLaunchKernel(function, 4, 1, 1, 256, 1, 1, 0, null, parameters, null));
        ok(cuMemcpyDtoH(Pointer.to(host), c, BYTES));
        that(host[0] == 42 && host[N - 1] == 42, "vecadd");

        // The same by one block of bytes.
        ok(cuMemsetD32(c, 0, N));
        ByteBuffer block = ByteBuffer.allocate(28).order(ByteOrder.nativeOrder());
        long[] addresses = new long[3];
        CUdeviceptr scratch = allocate(24);
        ok(cuMemcpyHtoD(scratch, Pointer.to(a, b, c), 24));
        ok(cuMemcpyDtoH(Pointer.to(addresses), scratch, 24));
        block.putLong(addresses[0]).putLong(addresses[1]).putLong(addresses[2]).putInt(N);
        Pointer extra = Pointer.to(
                CU_LAUNCH_PARAM_BUFFER_POINTER,
                Pointer.to(block.array()),
                CU_LAUNCH_PARAM_BUFFER_SIZE,
                Pointer.to(new long[] {28}),
                CU_LAUNCH_PARAM_END);
        ok(cuLaunchKernel(function, 4, 1, 1, 256, 1, 1, 0, null, null, extra));
        ok(cuMemcpyDtoH(Pointer.to(host), c, BYTES));
        that(host[0] == 42 && host[N - 1] == 42, "vecadd by extra");

        is(CUresult.CUDA_ERROR_INVALID_VALUE, cuLaunchKernel(function, 1, 1, 1, 1025, 1, 1, 0, null, parameters, null));
        is(CUresult.CUDA_ERROR_INVALID_VALUE, cuLaunchKernel(function, 0, 1, 1, 32, 1, 1, 0, null, parameters, null));
        is(
                CUresult.CUDA_ERROR_INVALID_VALUE,
                cuLaunchKernel(function, 1, 1, 1, 1, 1, 1, 1 << 24, null, parameters, null));
        is(
                CUresult.CUDA_ERROR_INVALID_VALUE,
                cuLaunchKernel(function, 1, 1, 1, 1, 1, 1, 0, null, Pointer.to(Pointer.to(a), count), null));
        is(
                CUresult.CUDA_ERROR_INVALID_VALUE,
                cuLaunchKernel(
                        function,
                        1,
                        1,
                        1,
                        1,
                        1,
                        1,
                        0,
                        null,
                        Pointer.to(Pointer.to(a), Pointer.to(b), Pointer.to(c), Pointer.to(new byte[3])),
                        null));
        is(
                CUresult.CUDA_ERROR_INVALID_VALUE,
                cuLaunchKernel(function, 1, 1, 1, 1, 1, 1, 0, null, Pointer.to(a, b, c, count), null));
        is(
                CUresult.CUDA_ERROR_INVALID_HANDLE,
                cuLaunchKernel(new CUfunction(), 1, 1, 1, 1, 1, 1, 0, null, parameters, null));
        ok(cuMemFree(a));
        ok(cuMemFree(b));
        ok(cuMemFree(c));
        ok(cuMemFree(scratch));
        ok(cuCtxSynchronize());
    }

    private static void streams() {
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

    private static void unsupported() {
        is(CUresult.CUDA_ERROR_NOT_SUPPORTED, cuMemcpyHtoA(new CUarray(), 0, Pointer.to(new int[1]), 4));
        is(CUresult.CUDA_ERROR_NOT_SUPPORTED, cuMemAllocManaged(new CUdeviceptr(), 16, 1));
        is(cudaError.cudaErrorNotSupported, cudaMallocManaged(new Pointer(), 16, 1));
        is(11, JNvrtc.nvrtcCreateProgram(new nvrtcProgram(), "", null, 0, null, null));
        cudaGetLastError();
    }

    private static void runtime() {
        int[] count = new int[1];
        ok(cudaGetDeviceCount(count));
        ok(cudaSetDevice(0));
        is(cudaError.cudaErrorInvalidDevice, cudaSetDevice(5));
        is(cudaError.cudaErrorInvalidDevice, cudaPeekAtLastError());
        is(cudaError.cudaErrorInvalidDevice, cudaGetLastError());
        is(cudaError.cudaSuccess, cudaGetLastError());
        same("cudaErrorInvalidValue", cudaGetErrorName(1));
        same("invalid argument", cudaGetErrorString(1));
        cudaDeviceProp properties = new cudaDeviceProp();
        ok(cudaGetDeviceProperties(properties, 0));
        that(properties.warpSize == 32 && !properties.getName().isEmpty(), "properties");
        int[] value = new int[1];
        ok(cudaDeviceGetAttribute(value, 10, 0));
        that(value[0] == 32, "attribute");
        ok(cudaRuntimeGetVersion(value));
        ok(cudaDriverGetVersion(value));
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
        ok(cudaMemGetInfo(free, new long[1]));
        ok(cudaMemcpy2D(
                Pointer.to(back), 16, pointer.withByteOffset(16), 32, 8, 2, cudaMemcpyKind.cudaMemcpyDeviceToHost));
        that(back[0] == 4 && back[1] == 5 && back[4] == 12 && back[5] == 13, "2D");
        Pointer pinned = new Pointer();
        ok(cudaHostAlloc(pinned, 64, 0));
        ok(cudaMemcpy(pinned, pointer, 64, cudaMemcpyKind.cudaMemcpyDeviceToHost));
        that(pinned.getByteBuffer().order(ByteOrder.nativeOrder()).getInt(60) == 15, "pinned");
        ok(cudaFreeHost(pinned));
        ok(cudaFree(pointer));
        is(cudaError.cudaErrorInvalidValue, cudaFree(pointer));
        ok(cudaFree(new Pointer()));
        ok(cudaDeviceSynchronize());
        ok(cudaDeviceReset());
        is(cudaError.cudaErrorInvalidValue, cudaMemset(pointer, 0, 4));
        ok(cudaDeviceReset());
    }

    private static void exceptions() {
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

    private static void ok(int status) {
        is(0, status);
    }

    private static void is(int expected, int status) {
        if (status != expected) {
            throw new IllegalStateException("status " + status + " where " + expected + " was expected");
        }
    }

    private static void that(boolean condition, String what) {
        if (!condition) {
            throw new IllegalStateException(what);
        }
    }

    private static void same(Object expected, Object actual) {
        that(expected.equals(actual), actual + " where " + expected + " was expected");
    }

    private static void throwsNull(String message, Runnable call) {
        try {
            call.run();
        } catch (NullPointerException e) {
            same(message, String.valueOf(e.getMessage()));
            return;
        }
        throw new IllegalStateException("no exception: " + message);
    }
}
