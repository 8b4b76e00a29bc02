package org.v4vgpu.stencil.program;

import static jcuda.driver.JCudaDriver.cuCtxCreate;
import static jcuda.driver.JCudaDriver.cuCtxDestroy;
import static jcuda.driver.JCudaDriver.cuCtxSynchronize;
import static jcuda.driver.JCudaDriver.cuDeviceGet;
import static jcuda.driver.JCudaDriver.cuDeviceGetName;
import static jcuda.driver.JCudaDriver.cuInit;
import static jcuda.driver.JCudaDriver.cuMemAlloc;
import static jcuda.driver.JCudaDriver.cuMemGetInfo;
import static jcuda.driver.JCudaDriver.cuMemsetD32;
import static jcuda.driver.JCudaDriver.cuModuleGetFunction;
import static jcuda.driver.JCudaDriver.cuModuleLoadData;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import jcuda.CudaException;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUfunction;
import jcuda.driver.CUmodule;
import jcuda.driver.JCudaDriver;

/** The first CUDA device and a context on it. Confined to the thread that opened it. Closing it frees all that was made in it. */
final class Gpu implements AutoCloseable {
    /** The bits of a float NaN: what memory is filled with, so that a copy that did not happen can't pass for one that did. */
    private static final int NAN = 0x7FC0_0000;

    private final CUcontext context = new CUcontext();
    private final String name;

    private Gpu() {
        cuInit(0);
        CUdevice device = new CUdevice();
        cuDeviceGet(device, 0);
        cuCtxCreate(context, 0, device);
        byte[] text = new byte[256];
        cuDeviceGetName(text, text.length, device);
        int length = 0;
        while (length < text.length && text[length] != 0) {
            length++;
        }
        name = new String(text, 0, length, StandardCharsets.UTF_8);
    }

    /**
     * Opens the device.
     *
     * @throws ProgramException with exit code 3 if there is none
     */
    static Gpu open() throws ProgramException {
        JCudaDriver.setExceptionsEnabled(true);
        try {
            return new Gpu();
        } catch (CudaException e) {
            throw new ProgramException(
                    ProgramException.UNREACHABLE, "no CUDA device can be opened: " + e.getMessage(), e);
        } catch (UnsatisfiedLinkError e) {
            throw new ProgramException(
                    ProgramException.UNREACHABLE,
                    "no CUDA driver on this machine; start the program with gpu-client/run",
                    e);
        }
    }

    String name() {
        return name;
    }

    /**
     * Refuses work that can't fit.
     *
     * @param work what it is and how large, for the message: {@code "matmul of size 100000"}
     * @throws ProgramException with exit code 2 if the device or this JVM has less memory
     */
    void ensureFits(String work, double deviceBytes, double heapBytes) throws ProgramException {
        long[] free = new long[1];
        long[] total = new long[1];
        cuMemGetInfo(free, total);
        if (deviceBytes > free[0]) {
            throw new ProgramException(
                    ProgramException.USAGE,
                    "%s needs %s of device memory and %s has %s free of %s; choose a smaller --size"
                            .formatted(
                                    work, bytes(deviceBytes), name, bytes((double) free[0]), bytes((double) total[0])));
        }
        long heap = Runtime.getRuntime().maxMemory();
        if (heapBytes > heap) {
            throw new ProgramException(
                    ProgramException.USAGE,
                    "%s needs %s of Java heap and this JVM has %s; choose a smaller --size"
                            .formatted(work, bytes(heapBytes), bytes((double) heap)));
        }
    }

    /** Loads a module from the PTX that stands beside this class and finds its kernel. */
    CUfunction function(String resource, String kernel) {
        CUmodule module = new CUmodule();
        cuModuleLoadData(module, ptx(resource));
        CUfunction function = new CUfunction();
        cuModuleGetFunction(function, module, kernel);
        return function;
    }

    CUdeviceptr allocate(long bytes) {
        CUdeviceptr pointer = new CUdeviceptr();
        cuMemAlloc(pointer, bytes);
        return pointer;
    }

    /** Overwrites floats, so that the next repetition can't live on what the last one left. */
    void spoil(CUdeviceptr pointer, long floats) {
        cuMemsetD32(pointer, NAN, floats);
        cuCtxSynchronize();
    }

    @Override
    public void close() {
        cuCtxDestroy(context);
    }

    private static String ptx(String resource) {
        try (InputStream in = Gpu.class.getResourceAsStream(resource)) {
            if (in == null) {
                throw new IllegalStateException("the class path has no " + resource);
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + resource, e);
        }
    }

    private static String bytes(double bytes) {
        return bytes >= 1e9
                ? String.format(Locale.ROOT, "%.1f GB", bytes / 1e9)
                : String.format(Locale.ROOT, "%.1f MB", bytes / 1e6);
    }
}
