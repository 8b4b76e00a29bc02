package org.v4vgpu.client.jcuda;

import static org.v4vgpu.client.jcuda.JCudaBridge.mandatory;

import jcuda.driver.CUhostFn;
import jcuda.driver.CUstream;
import jcuda.driver.CUstreamCallback;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.client.CudaException;
import org.v4vgpu.client.RemoteStream;
import org.v4vgpu.proto.CudaStatus;

/** Stream callbacks and host functions of the driver API. Safe for any thread; they run on a thread of their own. */
final class DriverCallbacks {
    private DriverCallbacks() {}

    /** Callbacks are told of a broken context. */
    static void cuStreamAddCallback(
            @Nullable CUstream stream, CUstreamCallback callback, @Nullable Object data, int flags) {
        mandatory(callback, "callback", "cuStreamAddCallback");
        RemoteStream queue = Streams.of(stream, CurrentContext.get());
        requireNoFlags(flags);
        queue.launchHostFunction(status -> callback.call(stream, status.code(), data));
    }

    /** Host functions do not run in a broken context. */
    static void cuLaunchHostFunc(@Nullable CUstream stream, CUhostFn function, @Nullable Object data) {
        mandatory(function, "fn", "cuLaunchHostFunc");
        Streams.of(stream, CurrentContext.get()).launchHostFunction(status -> {
            if (status.isSuccess()) {
                function.call(data);
            }
        });
    }

    static void requireNoFlags(int flags) {
        if (flags != 0) {
            throw new CudaException(CudaStatus.INVALID_VALUE, "callback flags " + flags);
        }
    }
}
