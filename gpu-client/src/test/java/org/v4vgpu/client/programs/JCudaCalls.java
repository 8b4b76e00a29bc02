package org.v4vgpu.client.programs;

import static jcuda.driver.JCudaDriver.cuCtxCreate;
import static jcuda.driver.JCudaDriver.cuCtxDestroy;
import static jcuda.driver.JCudaDriver.cuGraphCreate;
import static jcuda.driver.JCudaDriver.cuMemcpyHtoA;
import static jcuda.runtime.JCuda.cudaFreeArray;
import static jcuda.runtime.JCuda.cudaGetLastError;
import static org.v4vgpu.client.programs.Checks.device;
import static org.v4vgpu.client.programs.Checks.is;
import static org.v4vgpu.client.programs.Checks.ok;

import java.io.IOException;
import java.nio.file.Path;
import jcuda.Pointer;
import jcuda.driver.CUarray;
import jcuda.driver.CUcontext;
import jcuda.driver.CUgraph;
import jcuda.driver.CUresult;
import jcuda.runtime.cudaArray;
import jcuda.runtime.cudaError;

/**
 * Makes every call that the bridge has, right ones and wrong ones, and looks at what they answer. Arguments: a directory with the
 * kernels' PTX. Prints "all calls: right" at its end.
 */
public final class JCudaCalls {
    private JCudaCalls() {}

    public static void main(String[] args) throws IOException, InterruptedException {
        Path kernels = Path.of(args[0]);
        DeviceCalls.beforeInit();
        DeviceCalls.devices();
        DeviceCalls.contexts();
        CUcontext context = new CUcontext();
        ok(cuCtxCreate(context, 0, device()));
        DeviceCalls.settings();
        MemoryCalls.memory();
        MemoryCalls.pointers();
        MemoryCalls.copies2D();
        MemoryCalls.memsets2D();
        MemoryCalls.pools();
        MemoryCalls.managed(kernels);
        MemoryCalls.mapped(kernels);
        ModuleCalls.modules(kernels);
        ModuleCalls.launches(kernels);
        ModuleCalls.cooperativeLaunches(kernels);
        ModuleCalls.legacyLaunches(kernels);
        ModuleCalls.links(kernels);
        ModuleCalls.occupancy(kernels);
        StreamCalls.streams();
        StreamCalls.callbacks();
        ProgramCalls.programs();
        unsupported();
        DeviceCalls.peers();
        ok(cuCtxDestroy(context));
        is(CUresult.CUDA_ERROR_INVALID_CONTEXT, cuCtxDestroy(context));
        RuntimeCalls.runtime();
        RuntimeCalls.settings();
        RuntimeCalls.memory();
        RuntimeCalls.streams();
        RuntimeCalls.exceptions();
        System.out.println("all calls: right");
    }

    private static void unsupported() {
        is(CUresult.CUDA_ERROR_NOT_SUPPORTED, cuMemcpyHtoA(new CUarray(), 0, Pointer.to(new int[1]), 4));
        is(CUresult.CUDA_ERROR_NOT_SUPPORTED, cuGraphCreate(new CUgraph(), 0));
        is(cudaError.cudaErrorNotSupported, cudaFreeArray(new cudaArray()));
        is(cudaError.cudaErrorNotSupported, cudaGetLastError());
    }
}
