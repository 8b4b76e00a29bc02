package org.v4vgpu.bench.device;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.v4vgpu.device.Device;
import org.v4vgpu.device.DeviceContext;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.DeviceFunction;
import org.v4vgpu.device.DeviceModule;
import org.v4vgpu.device.LaunchShape;
import org.v4vgpu.device.software.SoftwareDevice;
import org.v4vgpu.device.software.SoftwareDeviceOptions;

/**
 * The demo's PTX on the software device in this JVM, without anything remote: the kernels, and loading a module. To be run in the
 * project's directory, or with its path in {@code -Dv4vgpu.root}.
 *
 * <pre>
 *   java -jar benchmarks/target/benchmarks.jar KernelBenchmark
 * </pre>
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(
        value = 2,
        jvmArgsAppend = {"--add-modules=jdk.incubator.vector", "-XX:-DontCompileHugeMethods"})
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@SuppressWarnings("NullAway.Init") // JMH calls open() before anything else
public class KernelBenchmark {
    private static final int SIZE = 256;
    private static final int TILE = 16;
    private static final long PATIENCE_NANOS = TimeUnit.MINUTES.toNanos(1);
    private static final Path CUDA =
            Path.of(System.getProperty("v4vgpu.root", ""), "stencil-demo", "src", "main", "cuda");

    private final Arena arena = Arena.ofShared();
    private Device device;
    private DeviceContext context;
    private MemorySegment matmulImage;
    private DeviceFunction matmul;
    private DeviceFunction jacobi;
    private MemorySegment matmulParameters;
    private MemorySegment jacobiParameters;

    @Setup
    public void open() throws IOException, DeviceException {
        device = new SoftwareDevice(SoftwareDeviceOptions.defaults());
        context = device.createContext(0);
        matmulImage = MemorySegment.ofArray(Files.readAllBytes(CUDA.resolve("matmul.ptx")));
        matmul = context.loadModule(matmulImage).function("matmul");
        jacobi = context.loadModule(MemorySegment.ofArray(Files.readAllBytes(CUDA.resolve("stencil.ptx"))))
                .function("jacobi");
        long bytes = (long) SIZE * SIZE * Float.BYTES;
        long a = context.allocate(bytes);
        long b = context.allocate(bytes);
        long c = context.allocate(bytes);
        context.defaultStream().fill(a, Float.BYTES, Float.floatToRawIntBits(1), (long) SIZE * SIZE);
        context.defaultStream().fill(b, Float.BYTES, Float.floatToRawIntBits(2), (long) SIZE * SIZE);
        matmulParameters = parameters(a, b, c, SIZE);
        jacobiParameters = arena.allocate(24, 8);
        jacobiParameters.set(ValueLayout.JAVA_LONG, 0, a);
        jacobiParameters.set(ValueLayout.JAVA_LONG, 8, c);
        jacobiParameters.set(ValueLayout.JAVA_INT, 16, SIZE);
        jacobiParameters.set(ValueLayout.JAVA_INT, 20, SIZE);
    }

    private MemorySegment parameters(long a, long b, long c, int size) {
        MemorySegment parameters = arena.allocate(32, 8);
        parameters.set(ValueLayout.JAVA_LONG, 0, a);
        parameters.set(ValueLayout.JAVA_LONG, 8, b);
        parameters.set(ValueLayout.JAVA_LONG, 16, c);
        parameters.set(ValueLayout.JAVA_INT, 24, size);
        return parameters.asSlice(0, 28);
    }

    /** 256 x 256, tiles in shared memory, two barriers per tile. */
    @Benchmark
    public boolean matmul() throws DeviceException {
        int blocks = SIZE / TILE;
        context.defaultStream().launch(matmul, new LaunchShape(blocks, blocks, 1, TILE, TILE, 1, 0), matmulParameters);
        return context.await(PATIENCE_NANOS);
    }

    /** One iteration over 256 x 256 cells. */
    @Benchmark
    public boolean stencil() throws DeviceException {
        context.defaultStream().launch(jacobi, new LaunchShape(SIZE / 32, SIZE / 8, 1, 32, 8, 1, 0), jacobiParameters);
        return context.await(PATIENCE_NANOS);
    }

    /** Loads a module that was loaded before: the text is known to the cache. */
    @Benchmark
    public String loadModuleAgain() throws DeviceException {
        try (DeviceModule module = context.loadModule(matmulImage)) {
            return module.function("matmul").name();
        }
    }

    @TearDown
    public void close() {
        context.close();
        device.close();
        arena.close();
    }
}
