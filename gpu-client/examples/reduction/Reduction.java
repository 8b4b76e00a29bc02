package reduction;

import static jcuda.driver.JCudaDriver.cuLaunchKernel;
import static jcuda.driver.JCudaDriver.cuModuleGetFunction;
import static jcuda.driver.JCudaDriver.cuModuleLoadData;
import static jcuda.runtime.JCuda.cudaDeviceSynchronize;
import static jcuda.runtime.JCuda.cudaFree;
import static jcuda.runtime.JCuda.cudaGetDeviceProperties;
import static jcuda.runtime.JCuda.cudaMalloc;
import static jcuda.runtime.JCuda.cudaMemcpy;
import static jcuda.runtime.JCuda.cudaMemset;
import static jcuda.runtime.JCuda.cudaSetDevice;
import static jcuda.runtime.cudaMemcpyKind.cudaMemcpyDeviceToHost;
import static jcuda.runtime.cudaMemcpyKind.cudaMemcpyHostToDevice;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import jcuda.Pointer;
import jcuda.Sizeof;
import jcuda.driver.CUfunction;
import jcuda.driver.CUmodule;
import jcuda.driver.JCudaDriver;
import jcuda.runtime.JCuda;
import jcuda.runtime.cudaDeviceProp;

/** Sums an array with the runtime API; JCuda launches kernels with the driver's call there too. Argument: the file reduce.ptx. */
public final class Reduction {
    private static final int N = 1_000_000;
    private static final int THREADS = 256;

    private Reduction() {}

    public static void main(String[] args) throws IOException {
        JCuda.setExceptionsEnabled(true);
        JCudaDriver.setExceptionsEnabled(true);
        cudaSetDevice(0);
        cudaDeviceProp properties = new cudaDeviceProp();
        cudaGetDeviceProperties(properties, 0);
        float[] input = new float[N];
        long expected = 0;
        for (int i = 0; i < N; i++) {
            input[i] = i % 8;
            expected += i % 8;
        }
        Pointer deviceInput = new Pointer();
        Pointer deviceSum = new Pointer();
        cudaMalloc(deviceInput, (long) N * Sizeof.FLOAT);
        cudaMalloc(deviceSum, Sizeof.FLOAT);
        cudaMemcpy(deviceInput, Pointer.to(input), (long) N * Sizeof.FLOAT, cudaMemcpyHostToDevice);
        cudaMemset(deviceSum, 0, Sizeof.FLOAT);

        CUmodule module = new CUmodule();
        cuModuleLoadData(module, Files.readString(Path.of(args.length > 0 ? args[0] : "reduce.ptx")));
        CUfunction reduce = new CUfunction();
        cuModuleGetFunction(reduce, module, "reduce_shfl");
        int blocks = 4 * properties.multiProcessorCount;
        Pointer parameters = Pointer.to(Pointer.to(deviceInput), Pointer.to(deviceSum), Pointer.to(new int[] {N}));
        cuLaunchKernel(reduce, blocks, 1, 1, THREADS, 1, 1, 0, null, parameters, null);
        cudaDeviceSynchronize();

        float[] sum = new float[1];
        cudaMemcpy(Pointer.to(sum), deviceSum, Sizeof.FLOAT, cudaMemcpyDeviceToHost);
        boolean right = sum[0] == expected;
        System.out.println("sum of " + N + " elements: " + (long) sum[0] + ", " + (right ? "PASSED" : "FAILED"));
        cudaFree(deviceInput);
        cudaFree(deviceSum);
    }
}
