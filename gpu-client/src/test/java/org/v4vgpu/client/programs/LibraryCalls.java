package org.v4vgpu.client.programs;

import static org.v4vgpu.client.programs.Checks.ok;

import jcuda.LogLevel;
import jcuda.Pointer;
import jcuda.driver.JCudaDriver;
import jcuda.jcublas.JCublas2;
import jcuda.nvrtc.JNvrtc;
import jcuda.runtime.JCuda;

/** Calls of JCuda's other libraries. Prints "libraries: answered". */
public final class LibraryCalls {
    private LibraryCalls() {}

    public static void main(String[] args) {
        JCudaDriver.setLogLevel(LogLevel.LOG_QUIET);
        JCuda.setLogLevel(LogLevel.LOG_QUIET);
        JNvrtc.setLogLevel(LogLevel.LOG_QUIET);
        JCublas2.setLogLevel(LogLevel.LOG_QUIET);
        ok(JCudaDriver.cuInit(0));
        ok(JCuda.cudaFree(new Pointer())); // makes the primary context current
        CublasCalls.run();
        System.out.println("libraries: answered");
    }
}
