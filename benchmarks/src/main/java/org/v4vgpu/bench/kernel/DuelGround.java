package org.v4vgpu.bench.kernel;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.software.SoftwareGpu;

/**
 * What duels need: kernels, and where they and the loops run. Whoever made gpu and loops closes them. Immutable.
 *
 * @param root the project's directory
 */
public record DuelGround(Path root, SoftwareGpu gpu, JavaLoops loops) {
    /** Where the other compilers' and targets' PTX of the same sources is, below that of nvcc for compute_75. */
    static final List<String> TARGETS =
            List.of("nvcc-80", "nvcc-90", "nvcc-100", "nvcc-120", "clang-50", "clang-75", "clang-90");

    private static final String KERNELS = "gpu-server/src/test/resources/kernels";
    private static final String DEMO = "stencil-demo/src/main/cuda";

    /**
     * A PTX text.
     *
     * @param file by which the same kernels are found for {@link #TARGETS}; null where there are none
     */
    record Source(String text, @Nullable String file) {}

    /** One of the kernel files that the device's tests use. */
    Source file(String name) throws IOException {
        return new Source(Files.readString(root.resolve(KERNELS).resolve(name + ".ptx")), name);
    }

    /** One of the demo's. */
    Source demo(String name) throws IOException {
        return new Source(Files.readString(root.resolve(DEMO).resolve(name + ".ptx")), null);
    }

    /** The same file by another compiler or for another target. */
    String text(String file, String target) throws IOException {
        return Files.readString(
                root.resolve(KERNELS).resolve("targets").resolve(target).resolve(file + ".ptx"));
    }
}
