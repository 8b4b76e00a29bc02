package org.v4vgpu.client.programs;

import static org.v4vgpu.client.programs.Checks.is;
import static org.v4vgpu.client.programs.Checks.ok;

import java.lang.reflect.Method;
import jcuda.LogLevel;
import jcuda.driver.JCudaDriver;
import jcuda.nvrtc.JNvrtc;
import jcuda.nvrtc.nvrtcProgram;
import jcuda.runtime.JCuda;
import jcuda.runtime.cudaStream_t;

/** Calls of JCuda's other libraries, cuBLAS among them where its jar is on the class path. Prints "libraries: answered". */
public final class LibraryCalls {
    private static final int CUBLAS_NOT_SUPPORTED = 15;

    private LibraryCalls() {}

    public static void main(String[] args) throws ReflectiveOperationException {
        JCudaDriver.setLogLevel(LogLevel.LOG_QUIET);
        JCuda.setLogLevel(LogLevel.LOG_QUIET);
        JNvrtc.setLogLevel(LogLevel.LOG_QUIET);
        ok(JCudaDriver.cuInit(0));
        ok(JNvrtc.nvrtcCreateProgram(new nvrtcProgram(), "", null, 0, null, null));
        Class<?> cublas = Class.forName("jcuda.jcublas.JCublas2");
        cublas.getMethod("setLogLevel", LogLevel.class).invoke(null, LogLevel.LOG_QUIET);
        Class<?> handle = Class.forName("jcuda.jcublas.cublasHandle");
        Method stream = cublas.getMethod("cublasGetStream", handle, cudaStream_t.class);
        Object unknown = handle.getConstructor().newInstance();
        int answered = (int) stream.invoke(null, unknown, new cudaStream_t());
        is(CUBLAS_NOT_SUPPORTED, answered);
        System.out.println("libraries: answered");
    }
}
