package org.v4vgpu.client;

import org.jspecify.annotations.Nullable;

/**
 * What can be chosen about a {@link RemoteGpu}. Immutable.
 *
 * @param blocking every call waits for its reply and launches for their kernels, as with {@code CUDA_LAUNCH_BLOCKING=1}
 * @param output where printf of kernels goes, by the calls that wait for them; one thread at a time writes. Null for System.out. It
 *     must not call the GPU
 */
public record RemoteGpuOptions(boolean blocking, @Nullable Appendable output) {
    /** Blocking if {@code CUDA_LAUNCH_BLOCKING=1} is in the environment; output to System.out. */
    public static RemoteGpuOptions defaults() {
        return new RemoteGpuOptions("1".equals(System.getenv("CUDA_LAUNCH_BLOCKING")), null);
    }

    public RemoteGpuOptions withBlocking(boolean wanted) {
        return new RemoteGpuOptions(wanted, output);
    }

    public RemoteGpuOptions withOutput(Appendable sink) {
        return new RemoteGpuOptions(blocking, sink);
    }
}
