package org.v4vgpu.client.programs;

import static jcuda.driver.JCudaDriver.*;
import static jcuda.runtime.JCuda.*;
import static org.v4vgpu.client.programs.Checks.*;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import jcuda.Pointer;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUfunction;
import jcuda.driver.CUresult;
import jcuda.runtime.cudaError;

/** Uses two devices, of two servers for all it knows. Arguments as of {@link JCudaCalls}. */
public final class TwoDevices {
    private static final int N = 400_000;
    private static final long BYTES = 4L * N;

    private TwoDevices() {}

    public static void main(String[] args) throws IOException {
        ok(cuInit(0));
        int[] count = new int[1];
        ok(cuDeviceGetCount(count));
        that(count[0] == 2, "devices " + count[0]);
        CUdevice second = new CUdevice();
        ok(cuDeviceGet(second, 1));
        is(CUresult.CUDA_ERROR_INVALID_DEVICE, cuDeviceGet(new CUdevice(), 2));
        ok(cuDeviceCanAccessPeer(count, device(), second));
        that(count[0] == 0, "peer access");
        ok(cuDeviceGetP2PAttribute(count, 2, device(), second));
        that(count[0] == 0, "peer attribute");

        CUcontext one = new CUcontext();
        CUcontext two = new CUcontext();
        ok(cuCtxCreate(one, 0, device()));
        CUdeviceptr a = allocate(BYTES);
        ok(cuMemsetD32(a, Float.floatToIntBits(21), N));
        ok(cuCtxCreate(two, 0, second));
        CUdevice current = new CUdevice();
        ok(cuCtxGetDevice(current));
        same(second, current);
        CUdeviceptr b = allocate(BYTES);
        ok(cuMemcpyPeer(b, two, a, one, BYTES));
        CUfunction function = vecadd(Path.of(args[0]));
        Pointer parameters = Pointer.to(Pointer.to(b), Pointer.to(b), Pointer.to(b), Pointer.to(new int[] {N}));
        ok(cuLaunchKernel(function, (N + 255) / 256, 1, 1, 256, 1, 1, 0, null, parameters, null));
        float[] back = new float[N];
        ok(cuMemcpyDtoH(Pointer.to(back), b, BYTES));
        that(back[0] == 42 && back[N - 1] == 42, Arrays.toString(Arrays.copyOf(back, 4)));
        ok(cuCtxDestroy(two));
        ok(cuCtxDestroy(one));

        Pointer first = new Pointer();
        Pointer other = new Pointer();
        ok(cudaMalloc(first, 64));
        ok(cudaMemset(first, 9, 64));
        ok(cudaSetDevice(1));
        ok(cudaMalloc(other, 64));
        ok(cudaMemcpyPeer(other, 1, first, 0, 64));
        byte[] bytes = new byte[64];
        ok(cudaMemcpy(Pointer.to(bytes), other, 64, jcuda.runtime.cudaMemcpyKind.cudaMemcpyDeviceToHost));
        that(bytes[63] == 9, "runtime peer copy");
        is(cudaError.cudaErrorPeerAccessUnsupported, cudaDeviceEnablePeerAccess(0, 0));
        is(cudaError.cudaErrorInvalidValue, cudaMemcpyPeer(other, 0, first, 1, 64));
        ok(cudaDeviceReset());
        System.out.println("two devices: right");
    }
}
