package org.v4vgpu.device.ptx;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** The kernels among the test resources. */
public final class KernelFiles {
    public static final List<String> NAMES = List.of(
            "vecadd",
            "daxpy",
            "matmul",
            "stencil",
            "transpose",
            "reduce",
            "histogram",
            "mandelbrot",
            "mathmix",
            "devfunc");

    /** Where the files of each compiler and target are, below the files of nvcc for compute_75: see kernels/targets. */
    public static final List<String> COMPILERS = List.of(
            "",
            "targets/nvcc-80/",
            "targets/nvcc-90/",
            "targets/nvcc-100/",
            "targets/nvcc-120/",
            "targets/clang-50/",
            "targets/clang-75/",
            "targets/clang-90/");

    private KernelFiles() {}

    /** The PTX text of a file. */
    public static String text(String name) {
        try (InputStream in = KernelFiles.class.getResourceAsStream("/kernels/" + name + ".ptx")) {
            if (in == null) {
                throw new IllegalArgumentException("no kernel file " + name);
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
