package vectoradd;

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
import static jcuda.driver.JCudaDriver.cuModuleLoadData;
import static jcuda.nvrtc.JNvrtc.nvrtcCompileProgram;
import static jcuda.nvrtc.JNvrtc.nvrtcCreateProgram;
import static jcuda.nvrtc.JNvrtc.nvrtcDestroyProgram;
import static jcuda.nvrtc.JNvrtc.nvrtcGetPTX;

import jcuda.Pointer;
import jcuda.Sizeof;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUfunction;
import jcuda.driver.CUmodule;
import jcuda.driver.JCudaDriver;
import jcuda.nvrtc.JNvrtc;
import jcuda.nvrtc.nvrtcProgram;

/** Adds two vectors with a kernel that is compiled from source at run time. */
public final class VectorAdd {
    private static final String SOURCE = """
            extern "C" __global__ void add(int n, const float *a, const float *b, float *sum) {
                int i = blockIdx.x * blockDim.x + threadIdx.x;
                if (i < n) {
                    sum[i] = a[i] + b[i];
                }
            }
            """;

    private VectorAdd() {}

    public static void main(String[] args) {
        JCudaDriver.setExceptionsEnabled(true);
        JNvrtc.setExceptionsEnabled(true);

        cuInit(0);
        CUdevice device = new CUdevice();
        cuDeviceGet(device, 0);
        CUcontext context = new CUcontext();
        cuCtxCreate(context, 0, device);

        nvrtcProgram program = new nvrtcProgram();
        nvrtcCreateProgram(program, SOURCE, null, 0, null, null);
        nvrtcCompileProgram(program, 0, null);
        String[] ptx = new String[1];
        nvrtcGetPTX(program, ptx);
        nvrtcDestroyProgram(program);

        CUmodule module = new CUmodule();
        cuModuleLoadData(module, ptx[0]);
        CUfunction function = new CUfunction();
        cuModuleGetFunction(function, module, "add");

        int n = 100_000;
        float[] a = new float[n];
        float[] b = new float[n];
        for (int i = 0; i < n; i++) {
            a[i] = i;
            b[i] = 2 * i;
        }
        CUdeviceptr deviceA = new CUdeviceptr();
        CUdeviceptr deviceB = new CUdeviceptr();
        CUdeviceptr deviceSum = new CUdeviceptr();
        cuMemAlloc(deviceA, (long) n * Sizeof.FLOAT);
        cuMemAlloc(deviceB, (long) n * Sizeof.FLOAT);
        cuMemAlloc(deviceSum, (long) n * Sizeof.FLOAT);
        cuMemcpyHtoD(deviceA, Pointer.to(a), (long) n * Sizeof.FLOAT);
        cuMemcpyHtoD(deviceB, Pointer.to(b), (long) n * Sizeof.FLOAT);

        Pointer parameters =
                Pointer.to(Pointer.to(new int[] {n}), Pointer.to(deviceA), Pointer.to(deviceB), Pointer.to(deviceSum));
        cuLaunchKernel(function, (n + 255) / 256, 1, 1, 256, 1, 1, 0, null, parameters, null);
        cuCtxSynchronize();

        float[] sum = new float[n];
        cuMemcpyDtoH(Pointer.to(sum), deviceSum, (long) n * Sizeof.FLOAT);
        boolean right = true;
        for (int i = 0; i < n; i++) {
            right &= Math.abs(sum[i] - 3.0f * i) <= 1e-6f * i;
        }
        System.out.println("vector add of " + n + " elements: " + (right ? "PASSED" : "FAILED"));

        cuMemFree(deviceA);
        cuMemFree(deviceB);
        cuMemFree(deviceSum);
        cuCtxDestroy(context);
    }
}
