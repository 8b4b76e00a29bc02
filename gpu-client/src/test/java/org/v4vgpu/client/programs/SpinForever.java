package org.v4vgpu.client.programs;

import jcuda.Pointer;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUfunction;
import jcuda.driver.CUmodule;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;

/** Launches a kernel that never ends, waits for it, and tells what the wait and the calls after it answer. */
public final class SpinForever {
    private static final String PTX = """
            .version 7.0
            .target sm_50
            .address_size 64
            .visible .entry spin(.param .u64 unused)
            {
            LOOP:
                bra LOOP;
            }
            """;

    private SpinForever() {}

    public static void main(String[] args) {
        check(JCudaDriver.cuInit(0));
        CUdevice device = new CUdevice();
        check(JCudaDriver.cuDeviceGet(device, 0));
        check(JCudaDriver.cuCtxCreate(new CUcontext(), 0, device));
        CUmodule module = new CUmodule();
        check(JCudaDriver.cuModuleLoadData(module, PTX));
        CUfunction function = new CUfunction();
        check(JCudaDriver.cuModuleGetFunction(function, module, "spin"));
        Pointer parameters = Pointer.to(Pointer.to(new long[1]));
        check(JCudaDriver.cuLaunchKernel(function, 1, 1, 1, 1, 1, 1, 0, null, parameters, null));
        System.out.println("spinning");
        int waited = JCudaDriver.cuCtxSynchronize();
        System.out.println("cuCtxSynchronize: " + CUresult.stringFor(waited));
        System.out.println("later: " + CUresult.stringFor(JCudaDriver.cuCtxSynchronize()));
    }

    private static void check(int status) {
        if (status != CUresult.CUDA_SUCCESS) {
            throw new IllegalStateException(CUresult.stringFor(status));
        }
    }
}
