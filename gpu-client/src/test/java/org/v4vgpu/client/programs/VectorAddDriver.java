package org.v4vgpu.client.programs;

import static jcuda.driver.JCudaDriver.cuCtxCreate;
import static jcuda.driver.JCudaDriver.cuCtxDestroy;
import static jcuda.driver.JCudaDriver.cuCtxSynchronize;
import static jcuda.driver.JCudaDriver.cuDeviceGet;
import static jcuda.driver.JCudaDriver.cuInit;
import static jcuda.driver.JCudaDriver.cuLaunchKernel;
import static jcuda.driver.JCudaDriver.cuMemAlloc;
import static jcuda.driver.JCudaDriver.cuMemFree;
import static jcuda.driver.JCudaDriver.cuMemcpyDtoH;
import static jcuda.driver.JCudaDriver.cuMemcpyHtoD;
import static jcuda.driver.JCudaDriver.cuModuleGetFunction;
import static jcuda.driver.JCudaDriver.cuModuleLoad;
import static jcuda.driver.JCudaDriver.cuModuleUnload;

import jcuda.Pointer;
import jcuda.Sizeof;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUfunction;
import jcuda.driver.CUmodule;
import jcuda.driver.JCudaDriver;

/** Vector addition with the driver API. Arguments: the PTX file, the number of elements. */
public final class VectorAddDriver {
    private VectorAddDriver() {}

    public static void main(String[] args) {
        JCudaDriver.setExceptionsEnabled(true);
        cuInit(0);
        CUdevice device = new CUdevice();
        cuDeviceGet(device, 0);
        CUcontext context = new CUcontext();
        cuCtxCreate(context, 0, device);
        CUmodule module = new CUmodule();
        cuModuleLoad(module, args[0]);
        CUfunction function = new CUfunction();
        cuModuleGetFunction(function, module, "vecadd");

        int n = Integer.parseInt(args[1]);
        float[] a = new float[n];
        float[] b = new float[n];
        for (int i = 0; i < n; i++) {
            a[i] = i;
            b[i] = 0.5f * i;
        }
        CUdeviceptr deviceA = copyOf(a);
        CUdeviceptr deviceB = copyOf(b);
        CUdeviceptr deviceC = new CUdeviceptr();
        cuMemAlloc(deviceC, (long) n * Sizeof.FLOAT);

        Pointer parameters =
                Pointer.to(Pointer.to(deviceA), Pointer.to(deviceB), Pointer.to(deviceC), Pointer.to(new int[] {n}));
        int blockSize = 256;
        cuLaunchKernel(function, (n + blockSize - 1) / blockSize, 1, 1, blockSize, 1, 1, 0, null, parameters, null);
        cuCtxSynchronize();

        float[] c = new float[n];
        cuMemcpyDtoH(Pointer.to(c), deviceC, (long) n * Sizeof.FLOAT);
        for (int i = 0; i < n; i++) {
            if (c[i] != a[i] + b[i]) {
                throw new IllegalStateException("element " + i + " is " + c[i]);
            }
        }
        cuMemFree(deviceA);
        cuMemFree(deviceB);
        cuMemFree(deviceC);
        cuModuleUnload(module);
        cuCtxDestroy(context);
        System.out.println("vecadd of " + n + " elements: right");
    }

    private static CUdeviceptr copyOf(float[] host) {
        CUdeviceptr pointer = new CUdeviceptr();
        cuMemAlloc(pointer, (long) host.length * Sizeof.FLOAT);
        cuMemcpyHtoD(pointer, Pointer.to(host), (long) host.length * Sizeof.FLOAT);
        return pointer;
    }
}
