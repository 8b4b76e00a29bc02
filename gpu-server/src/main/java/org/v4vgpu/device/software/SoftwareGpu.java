package org.v4vgpu.device.software;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.v4vgpu.device.DeviceContext;
import org.v4vgpu.device.DeviceDescription;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.DeviceModule;
import org.v4vgpu.device.DeviceStream;
import org.v4vgpu.device.KernelStatistics;

/**
 * A GPU in software, as a library: runs CUDA kernels, given as PTX text, in this process. No server, no native library, no GPU.
 * Safe for any thread.
 *
 * <p>Work goes to one stream, in order. Launches return once they are enqueued; copies to the host wait for what is before them. What
 * a kernel does wrong shows at the next call that waits, names kernel, thread and line, and breaks the GPU for good: open another one.
 * Several streams, events and modules beyond that are in {@link #context()}.
 *
 * {@snippet :
 *   try (SoftwareGpu gpu = SoftwareGpu.open();
 *           GpuMemory x = gpu.allocate(4L * n);
 *           GpuModule module = gpu.load(Path.of("scale.ptx"))) {
 *       x.copyFrom(floats);
 *       module.function("scale").launch((n + 255) / 256, 256, x, 2.0f, n);
 *       x.copyTo(floats);
 *   }
 * }
 */
public final class SoftwareGpu implements AutoCloseable {
    private final SoftwareDevice device;
    private final DeviceContext context;

    private SoftwareGpu(SoftwareDevice device, DeviceContext context) {
        this.device = device;
        this.context = context;
    }

    /** Opens a GPU with the default options. @throws DeviceException OUT_OF_MEMORY if there is no address space for its memory */
    public static SoftwareGpu open() throws DeviceException {
        return open(SoftwareDeviceOptions.defaults());
    }

    /**
     * Opens a GPU, which the caller closes. What kernels print is written to the log, line by line, unless the options have an output.
     *
     * @throws DeviceException OUT_OF_MEMORY if there is no address space for its memory
     */
    public static SoftwareGpu open(SoftwareDeviceOptions options) throws DeviceException {
        SoftwareDevice device = new SoftwareDevice(
                options.output() == null ? options.withOutput(() -> PrintfLog.of("kernel")) : options);
        try {
            return new SoftwareGpu(device, device.createContext(0));
        } catch (DeviceException | RuntimeException e) {
            device.close();
            throw e;
        }
    }

    /** Allocates zeroed memory, which the caller closes. @throws DeviceException OUT_OF_MEMORY, INVALID_VALUE for no bytes */
    public GpuMemory allocate(long bytes) throws DeviceException {
        return new GpuMemory(context, context.allocate(bytes), bytes);
    }

    /**
     * Compiles PTX text. The same text is compiled once in a process.
     *
     * @throws DeviceException INVALID_PTX and its kind, with line, instruction and reason
     */
    public GpuModule load(String ptx) throws DeviceException {
        return load(MemorySegment.ofArray(ptx.getBytes(StandardCharsets.UTF_8)));
    }

    /** As {@link #load(String)}, from a file. @throws IOException if it can't be read */
    public GpuModule load(Path ptx) throws DeviceException, IOException {
        return load(MemorySegment.ofArray(Files.readAllBytes(ptx)));
    }

    private GpuModule load(MemorySegment image) throws DeviceException {
        DeviceModule module = context.loadModule(image);
        return new GpuModule(context, module);
    }

    /** Waits until everything that was enqueued is done. @throws DeviceException what went wrong with it */
    public void synchronize() throws DeviceException {
        await(context);
    }

    /** What the kernels have done so far, what took most time first. */
    public List<KernelStatistics> statistics() {
        return device.kernelStatistics();
    }

    public DeviceDescription description() {
        return device.description();
    }

    /** What all this is made of: streams, events, copies in pieces. It closes with the GPU. */
    public DeviceContext context() {
        return context;
    }

    /** Ends what runs and frees everything. Idempotent. */
    @Override
    public void close() {
        device.close();
    }

    private static void await(DeviceContext context) throws DeviceException {
        while (!context.await(Long.MAX_VALUE)) {
            Thread.onSpinWait();
        }
    }

    /** Waits, if the stream holds more than its capacity. */
    static void awaitSpace(DeviceStream stream) throws DeviceException {
        while (!stream.awaitSpace(Long.MAX_VALUE)) {
            Thread.onSpinWait();
        }
    }
}
