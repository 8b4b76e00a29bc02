package org.v4vgpu.client.programs;

import static jcuda.driver.JCudaDriver.*;
import static jcuda.runtime.JCuda.*;
import static org.v4vgpu.client.programs.Checks.*;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import jcuda.Pointer;
import jcuda.Sizeof;
import jcuda.driver.CUDA_MEMCPY2D;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUfunction;
import jcuda.driver.CUmemAllocationType;
import jcuda.driver.CUmemAttach_flags;
import jcuda.driver.CUmemLocation;
import jcuda.driver.CUmemLocationType;
import jcuda.driver.CUmemPoolProps;
import jcuda.driver.CUmemoryPool;
import jcuda.driver.CUmemorytype;
import jcuda.driver.CUresult;
import jcuda.driver.CUstream;

/** Memory, copies and memsets of the driver API. */
final class MemoryCalls {
    private static final int N = 1000;
    private static final long BYTES = (long) N * Sizeof.FLOAT;

    private MemoryCalls() {}

    static void memory() {
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

    static void pointers() {
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
        ok(cuCtxSynchronize());
        that(host.get(7) == 33, "to pinned");
        host.put(0, 44);
        ok(cuMemcpyHtoDAsync(pointer.withByteOffset(4), pinned, 4, null));
        ok(cuMemcpyDtoH(pinned, pointer, 8));
        that(host.get(1) == 44, "from pinned, asynchronously");
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

    static void copies2D() {
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
        pinned2D(in, out);
        ok(cuMemFree(pointer));
    }

    /** The same copies from and to pinned memory. */
    private static void pinned2D(CUDA_MEMCPY2D in, CUDA_MEMCPY2D out) {
        Pointer pinned = new Pointer();
        ok(cuMemHostAlloc(pinned, 400, 0));
        IntBuffer ints = pinned.getByteBuffer().order(ByteOrder.nativeOrder()).asIntBuffer();
        for (int i = 0; i < 50; i++) {
            ints.put(i, 1000 + i);
        }
        in.srcHost = pinned;
        ok(cuMemcpy2DAsync(in, null));
        out.dstHost = pinned.withByteOffset(200);
        ok(cuMemcpy2DAsync(out, null));
        ok(cuCtxSynchronize());
        that(ints.get(50) == 1011 && ints.get(51) == 1012 && ints.get(52) == 0 && ints.get(56) == 1022, "pinned rows");
        ints.put(0, 7);
        ok(cuMemcpy2D(in));
        out.srcXInBytes = 0;
        out.srcY = 0;
        ok(cuMemcpy2D(out));
        that(ints.get(50) == 7 && ints.get(51) == 1001, "pinned rows, waited for");
        out.dstHost = pinned.withByteOffset(400 - 24);
        is(CUresult.CUDA_ERROR_INVALID_VALUE, cuMemcpy2D(out));
        ok(cuMemFreeHost(pinned));
    }

    static void memsets2D() {
        CUdeviceptr pointer = allocate(64);
        ok(cuMemsetD8(pointer, (byte) 9, 64));
        ok(cuMemsetD8Async(pointer, (byte) 0, 64, null));
        ok(cuMemsetD2D8(pointer, 16, (byte) 1, 3, 2));
        ok(cuMemsetD2D8Async(pointer.withByteOffset(32), 16, (byte) 2, 16, 2, null));
        byte[] back = new byte[64];
        ok(cuMemcpyDtoH(Pointer.to(back), pointer, 64));
        that(back[2] == 1 && back[3] == 0 && back[18] == 1 && back[19] == 0 && back[63] == 2, Arrays.toString(back));
        ok(cuMemsetD2D16(pointer, 16, (short) 0x0304, 1, 4));
        ok(cuMemsetD2D16Async(pointer.withByteOffset(2), 16, (short) 0x0506, 1, 4, null));
        ok(cuMemsetD16Async(pointer.withByteOffset(4), (short) 7, 1, null));
        ok(cuMemsetD2D32(pointer.withByteOffset(8), 16, 8, 1, 4));
        ok(cuMemsetD2D32Async(pointer.withByteOffset(12), 16, 9, 1, 3, null));
        ok(cuMemcpyDtoH(Pointer.to(back), pointer, 64));
        that(back[0] == 4 && back[1] == 3 && back[50] == 6 && back[4] == 7, Arrays.toString(back));
        that(back[8] == 8 && back[12] == 9 && back[44] == 9 && back[60] == 2, Arrays.toString(back));
        is(CUresult.CUDA_ERROR_INVALID_VALUE, cuMemsetD2D8(pointer, 2, (byte) 1, 3, 2));
        is(CUresult.CUDA_ERROR_INVALID_VALUE, cuMemsetD2D8(pointer, 16, (byte) 1, 3, 6));
        is(CUresult.CUDA_ERROR_INVALID_VALUE, cuMemsetD32(pointer.withByteOffset(2), 1, 1));
        is(CUresult.CUDA_ERROR_INVALID_VALUE, cuMemsetD8(pointer, (byte) 1, -1));
        ok(cuMemFree(pointer));
    }

    static void pools() {
        CUmemPoolProps properties = new CUmemPoolProps();
        properties.allocType = CUmemAllocationType.CU_MEM_ALLOCATION_TYPE_PINNED;
        properties.location = new CUmemLocation();
        properties.location.type = CUmemLocationType.CU_MEM_LOCATION_TYPE_DEVICE;
        CUmemoryPool pool = new CUmemoryPool();
        ok(cuMemPoolCreate(pool, properties));
        CUstream stream = new CUstream();
        ok(cuStreamCreate(stream, 1));
        CUdeviceptr a = new CUdeviceptr();
        CUdeviceptr b = new CUdeviceptr();
        ok(cuMemAllocAsync(a, BYTES, stream));
        ok(cuMemAllocFromPoolAsync(b, BYTES, pool, stream));
        ok(cuMemsetD32Async(a, 3, N, stream));
        ok(cuMemcpyDtoDAsync(b, a, BYTES, stream));
        ok(cuMemFreeAsync(a, stream));
        is(CUresult.CUDA_ERROR_INVALID_VALUE, cuMemFreeAsync(a, stream));
        is(CUresult.CUDA_ERROR_INVALID_VALUE, cuMemFree(a));
        int[] back = new int[N];
        ok(cuMemcpyDtoHAsync(Pointer.to(back), b, BYTES, stream));
        ok(cuStreamSynchronize(stream));
        that(back[0] == 3 && back[N - 1] == 3, "from a pool");
        ok(cuMemPoolTrimTo(pool, 0));
        ok(cuMemPoolDestroy(pool));
        is(CUresult.CUDA_ERROR_INVALID_VALUE, cuMemPoolDestroy(pool));
        is(CUresult.CUDA_ERROR_INVALID_VALUE, cuMemPoolTrimTo(pool, 0));
        is(CUresult.CUDA_ERROR_INVALID_VALUE, cuMemAllocFromPoolAsync(a, 16, pool, stream));
        ok(cuMemFree(b));
        ok(cuStreamDestroy(stream));
    }

    private static FloatBuffer floats(Pointer pointer) {
        return pointer.getByteBuffer().order(ByteOrder.nativeOrder()).asFloatBuffer();
    }

    static void managed(Path kernels) throws IOException {
        CUdeviceptr a = new CUdeviceptr();
        CUdeviceptr b = new CUdeviceptr();
        CUdeviceptr c = new CUdeviceptr();
        for (CUdeviceptr each : new CUdeviceptr[] {a, b, c}) {
            ok(cuMemAllocManaged(each, BYTES, CUmemAttach_flags.CU_MEM_ATTACH_GLOBAL));
        }
        CUfunction function = vecadd(kernels);
        Pointer parameters = Pointer.to(Pointer.to(a), Pointer.to(b), Pointer.to(c), Pointer.to(new int[] {N}));
        for (int round = 0; round < 3; round++) {
            floats(a).put(0, round).put(N - 1, 2);
            floats(b).put(0, 40).put(N - 1, 50);
            ok(cuLaunchKernel(function, 4, 1, 1, 256, 1, 1, 0, null, parameters, null));
            ok(cuCtxSynchronize());
            that(
                    floats(c).get(0) == 40 + round && floats(c).get(N - 1) == 52,
                    "managed " + floats(c).get(0));
        }

        // Two launches without a wait between: the second finds what the first has written.
        CUstream stream = new CUstream();
        ok(cuStreamCreate(stream, 0));
        ok(cuLaunchKernel(function, 4, 1, 1, 256, 1, 1, 0, stream, parameters, null));
        Pointer again = Pointer.to(Pointer.to(c), Pointer.to(b), Pointer.to(a), Pointer.to(new int[] {N}));
        ok(cuLaunchKernel(function, 4, 1, 1, 256, 1, 1, 0, stream, again, null));
        ok(cuStreamSynchronize(stream));
        that(floats(a).get(0) == 82, "two launches " + floats(a).get(0));

        // Copies and memsets take either side.
        float[] back = new float[N];
        ok(cuMemcpyDtoH(Pointer.to(back), a, BYTES));
        that(back[0] == 82, "copy from managed");
        CUdeviceptr plain = allocate(BYTES);
        ok(cuMemsetD32(plain, 0, N));
        ok(cuMemcpyDtoD(a, plain, BYTES));
        that(floats(a).get(0) == 0, "copy to managed");
        ok(cuMemsetD32(b, Float.floatToIntBits(3), N));
        that(floats(b).get(7) == 3, "memset of managed");
        ok(cuMemcpyDtoD(plain, b, BYTES));
        ok(cuMemcpyDtoH(Pointer.to(back), plain, BYTES));
        that(back[7] == 3, "from managed to the device");
        is(CUresult.CUDA_ERROR_INVALID_VALUE, cuMemsetD32(b, 0, N + 1));

        ok(cuStreamAttachMemAsync(stream, a, 0, CUmemAttach_flags.CU_MEM_ATTACH_SINGLE));
        is(
                CUresult.CUDA_ERROR_INVALID_VALUE,
                cuStreamAttachMemAsync(null, a, 0, CUmemAttach_flags.CU_MEM_ATTACH_SINGLE));
        is(
                CUresult.CUDA_ERROR_INVALID_VALUE,
                cuStreamAttachMemAsync(stream, plain, 0, CUmemAttach_flags.CU_MEM_ATTACH_SINGLE));
        ok(cuLaunchKernel(function, 4, 1, 1, 256, 1, 1, 0, stream, again, null));
        ok(cuStreamSynchronize(stream));
        that(floats(a).get(0) == 45, "attached " + floats(a).get(0));
        is(CUresult.CUDA_ERROR_INVALID_DEVICE, cuMemPrefetchAsync(a, BYTES, device(), stream));
        is(CUresult.CUDA_ERROR_INVALID_VALUE, cuMemAllocManaged(new CUdeviceptr(), 16, 9));
        is(CUresult.CUDA_ERROR_INVALID_VALUE, cuMemFree(a.withByteOffset(4)));
        for (CUdeviceptr each : new CUdeviceptr[] {a, b, c, plain}) {
            ok(cuMemFree(each));
            is(CUresult.CUDA_ERROR_INVALID_VALUE, cuMemFree(each));
        }
        ok(cuStreamDestroy(stream));
    }

    static void mapped(Path kernels) throws IOException {
        Pointer host = new Pointer();
        ok(cuMemHostAlloc(host, BYTES, CU_MEMHOSTALLOC_DEVICEMAP));
        int[] flags = new int[1];
        ok(cuMemHostGetFlags(flags, host));
        that(flags[0] == CU_MEMHOSTALLOC_DEVICEMAP, "flags " + flags[0]);
        CUdeviceptr device = new CUdeviceptr();
        ok(cuMemHostGetDevicePointer(device, host, 0));
        CUfunction function = vecadd(kernels);
        floats(host).put(1, 21);
        ok(cuLaunchKernel(
                function,
                4,
                1,
                1,
                256,
                1,
                1,
                0,
                null,
                Pointer.to(Pointer.to(device), Pointer.to(device), Pointer.to(device), Pointer.to(new int[] {N})),
                null));
        ok(cuCtxSynchronize());
        that(floats(host).get(1) == 42, "mapped " + floats(host).get(1));
        ok(cuMemFreeHost(host));
        is(CUresult.CUDA_ERROR_INVALID_VALUE, cuMemFreeHost(host));
        ok(cuMemHostAlloc(host, 64, 0));
        is(CUresult.CUDA_ERROR_INVALID_VALUE, cuMemHostGetDevicePointer(device, host, 0));
        ok(cuMemFreeHost(host));
        is(CUresult.CUDA_ERROR_INVALID_VALUE, cuMemHostAlloc(host, 64, 64));

        CUDA_MEMCPY2D copy = new CUDA_MEMCPY2D();
        copy.srcMemoryType = CUmemorytype.CU_MEMORYTYPE_HOST;
        copy.srcHost = Pointer.to(new int[] {1, 2, 3, 4});
        copy.dstMemoryType = CUmemorytype.CU_MEMORYTYPE_DEVICE;
        copy.dstDevice = allocate(16);
        copy.WidthInBytes = 8;
        copy.Height = 2;
        ok(cuMemcpy2DUnaligned(copy));
        int[] back = new int[4];
        ok(cuMemcpyDtoH(Pointer.to(back), copy.dstDevice, 16));
        that(Arrays.equals(back, new int[] {1, 2, 3, 4}), "2D " + Arrays.toString(back));
        copy.srcHost = Pointer.to(new int[] {1, 2, 3, 5});
        ok(cuMemcpy2DAsync(copy, null));
        ok(cuMemcpyDtoH(Pointer.to(back), copy.dstDevice, 16));
        that(back[3] == 5, "2D " + Arrays.toString(back));
        ok(cuMemcpyAsync(copy.dstDevice, copy.dstDevice.withByteOffset(8), 8, null));
        ok(cuMemcpyDtoH(Pointer.to(back), copy.dstDevice, 16));
        that(back[0] == 3, "within an allocation " + Arrays.toString(back));
        ok(cuMemFree(copy.dstDevice));
    }
}
