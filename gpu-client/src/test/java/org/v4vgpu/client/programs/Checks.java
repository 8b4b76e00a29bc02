package org.v4vgpu.client.programs;

import static jcuda.driver.JCudaDriver.cuDeviceGet;
import static jcuda.driver.JCudaDriver.cuMemAlloc;
import static jcuda.driver.JCudaDriver.cuModuleGetFunction;
import static jcuda.driver.JCudaDriver.cuModuleLoadDataEx;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import jcuda.Pointer;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUfunction;
import jcuda.driver.CUmodule;

/** What the programs that look at every call's answer have in common. */
final class Checks {
    private Checks() {}

    static CUdevice device() {
        CUdevice device = new CUdevice();
        ok(cuDeviceGet(device, 0));
        return device;
    }

    static CUdeviceptr allocate(long bytes) {
        CUdeviceptr pointer = new CUdeviceptr();
        ok(cuMemAlloc(pointer, bytes));
        return pointer;
    }

    static CUfunction vecadd(Path kernels) throws IOException {
        CUmodule module = new CUmodule();
        ok(cuModuleLoadDataEx(module, Pointer.to(Files.readAllBytes(kernels.resolve("vecadd.ptx"))), 0, null, null));
        CUfunction function = new CUfunction();
        ok(cuModuleGetFunction(function, module, "vecadd"));
        return function;
    }

    static void ok(int status) {
        is(0, status);
    }

    static void is(int expected, int status) {
        if (status != expected) {
            throw new IllegalStateException("status " + status + " where " + expected + " was expected");
        }
    }

    static void that(boolean condition, String what) {
        if (!condition) {
            throw new IllegalStateException(what);
        }
    }

    static void same(Object expected, Object actual) {
        that(expected.equals(actual), actual + " where " + expected + " was expected");
    }

    static void throwsNull(String message, Runnable call) {
        try {
            call.run();
        } catch (NullPointerException e) {
            same(message, String.valueOf(e.getMessage()));
            return;
        }
        throw new IllegalStateException("no exception: " + message);
    }
}
