package org.v4vgpu.client.programs;

import static jcuda.driver.JCudaDriver.cuLaunchKernel;
import static jcuda.driver.JCudaDriver.cuModuleGetFunction;
import static jcuda.driver.JCudaDriver.cuModuleLoadData;
import static jcuda.runtime.JCuda.cudaDeviceSynchronize;
import static jcuda.runtime.JCuda.cudaEventCreate;
import static jcuda.runtime.JCuda.cudaEventDestroy;
import static jcuda.runtime.JCuda.cudaEventElapsedTime;
import static jcuda.runtime.JCuda.cudaEventRecord;
import static jcuda.runtime.JCuda.cudaEventSynchronize;
import static jcuda.runtime.JCuda.cudaFree;
import static jcuda.runtime.JCuda.cudaGetDeviceProperties;
import static jcuda.runtime.JCuda.cudaMalloc;
import static jcuda.runtime.JCuda.cudaMemcpy;
import static jcuda.runtime.JCuda.cudaMemcpyAsync;
import static jcuda.runtime.JCuda.cudaMemset;
import static jcuda.runtime.JCuda.cudaSetDevice;
import static jcuda.runtime.JCuda.cudaStreamCreate;
import static jcuda.runtime.JCuda.cudaStreamDestroy;
import static jcuda.runtime.JCuda.cudaStreamSynchronize;
import static jcuda.runtime.cudaMemcpyKind.cudaMemcpyDeviceToHost;
import static jcuda.runtime.cudaMemcpyKind.cudaMemcpyHostToDevice;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import jcuda.Pointer;
import jcuda.Sizeof;
import jcuda.driver.CUfunction;
import jcuda.driver.CUmodule;
import jcuda.driver.CUstream;
import jcuda.driver.JCudaDriver;
import jcuda.runtime.JCuda;
import jcuda.runtime.cudaDeviceProp;
import jcuda.runtime.cudaEvent_t;
import jcuda.runtime.cudaStream_t;

/** Vector addition with the runtime API, launched by the driver API. Arguments: the PTX file, the number of elements. */
public final class VectorAddRuntime {
    private VectorAddRuntime() {}

    public static void main(String[] args) throws IOException {
        JCuda.setExceptionsEnabled(true);
        JCudaDriver.setExceptionsEnabled(true);
        cudaSetDevice(0);
        cudaDeviceProp properties = new cudaDeviceProp();
        cudaGetDeviceProperties(properties, 0);

        int n = Integer.parseInt(args[1]);
        long bytes = (long) n * Sizeof.FLOAT;
        float[] a = new float[n];
        float[] b = new float[n];
        for (int i = 0; i < n; i++) {
            a[i] = 3 * i;
            b[i] = -i;
        }
        Pointer deviceA = new Pointer();
        Pointer deviceB = new Pointer();
        Pointer deviceC = new Pointer();
        cudaMalloc(deviceA, bytes);
        cudaMalloc(deviceB, bytes);
        cudaMalloc(deviceC, bytes);
        cudaMemset(deviceC, 0, bytes);
        cudaStream_t stream = new cudaStream_t();
        cudaStreamCreate(stream);
        cudaMemcpy(deviceA, Pointer.to(a), bytes, cudaMemcpyHostToDevice);
        cudaMemcpyAsync(deviceB, Pointer.to(b), bytes, cudaMemcpyHostToDevice, stream);

        CUmodule module = new CUmodule();
        cuModuleLoadData(module, Files.readString(Path.of(args[0])));
        CUfunction function = new CUfunction();
        cuModuleGetFunction(function, module, "vecadd");
        cudaEvent_t start = new cudaEvent_t();
        cudaEvent_t end = new cudaEvent_t();
        cudaEventCreate(start);
        cudaEventCreate(end);
        cudaEventRecord(start, stream);
        Pointer parameters =
                Pointer.to(Pointer.to(deviceA), Pointer.to(deviceB), Pointer.to(deviceC), Pointer.to(new int[] {n}));
        cuLaunchKernel(function, (n + 127) / 128, 1, 1, 128, 1, 1, 0, new CUstream(stream), parameters, null);
        cudaEventRecord(end, stream);
        cudaEventSynchronize(end);
        float[] millis = new float[1];
        cudaEventElapsedTime(millis, start, end);
        cudaStreamSynchronize(stream);

        float[] c = new float[n];
        cudaMemcpy(Pointer.to(c), deviceC, bytes, cudaMemcpyDeviceToHost);
        cudaDeviceSynchronize();
        for (int i = 0; i < n; i++) {
            if (c[i] != a[i] + b[i]) {
                throw new IllegalStateException("element " + i + " is " + c[i]);
            }
        }
        cudaEventDestroy(start);
        cudaEventDestroy(end);
        cudaStreamDestroy(stream);
        cudaFree(deviceA);
        cudaFree(deviceB);
        cudaFree(deviceC);
        System.out.println("vecadd of " + n + " elements on " + properties.getName() + ": right, "
                + (millis[0] >= 0 ? "timed" : "not timed"));
    }
}
