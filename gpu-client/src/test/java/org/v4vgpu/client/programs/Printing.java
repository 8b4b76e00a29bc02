package org.v4vgpu.client.programs;

import static jcuda.driver.JCudaDriver.cuCtxCreate;
import static jcuda.driver.JCudaDriver.cuCtxDestroy;
import static jcuda.driver.JCudaDriver.cuCtxSynchronize;
import static jcuda.driver.JCudaDriver.cuDeviceGet;
import static jcuda.driver.JCudaDriver.cuInit;
import static jcuda.driver.JCudaDriver.cuLaunchKernel;
import static jcuda.driver.JCudaDriver.cuModuleGetFunction;
import static jcuda.driver.JCudaDriver.cuModuleLoad;

import jcuda.Pointer;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUfunction;
import jcuda.driver.CUmodule;
import jcuda.driver.JCudaDriver;

/** A kernel that prints, between lines of the program. Argument: the PTX file. */
public final class Printing {
    private Printing() {}

    public static void main(String[] args) {
        JCudaDriver.setExceptionsEnabled(true);
        cuInit(0);
        CUdevice device = new CUdevice();
        cuDeviceGet(device, 0);
        CUcontext context = new CUcontext();
        cuCtxCreate(context, 0, device);
        CUmodule module = new CUmodule();
        cuModuleLoad(module, args[0]);
        CUfunction lines = new CUfunction();
        cuModuleGetFunction(lines, module, "lines");
        for (int round = 0; round < 2; round++) {
            System.out.println("round " + round);
            Pointer parameters = Pointer.to(Pointer.to(new int[] {2 * round}), Pointer.to(new int[] {2}));
            cuLaunchKernel(lines, 1, 1, 1, 1, 1, 1, 0, null, parameters, null);
            cuCtxSynchronize();
        }
        System.out.println("end");
        cuCtxDestroy(context);
    }
}
