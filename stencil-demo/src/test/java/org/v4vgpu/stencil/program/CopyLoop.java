package org.v4vgpu.stencil.program;

import static jcuda.driver.JCudaDriver.cuMemcpyDtoH;
import static jcuda.driver.JCudaDriver.cuMemcpyHtoD;

import jcuda.Pointer;
import jcuda.driver.CUdeviceptr;

/** Copies back and forth until somebody kills it: whatever the moment, it is in the middle of a copy. */
public final class CopyLoop {
    private static final int BYTES = 64 << 20;

    private CopyLoop() {}

    public static void main(String[] arguments) throws ProgramException {
        try (Gpu gpu = Gpu.open()) {
            byte[] bytes = new byte[BYTES];
            CUdeviceptr memory = gpu.allocate(BYTES);
            while (true) {
                cuMemcpyHtoD(memory, Pointer.to(bytes), BYTES);
                cuMemcpyDtoH(Pointer.to(bytes), memory, BYTES);
                System.out.println("copied");
            }
        }
    }
}
