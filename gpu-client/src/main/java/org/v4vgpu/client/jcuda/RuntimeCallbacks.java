package org.v4vgpu.client.jcuda;

import static org.v4vgpu.client.jcuda.JCudaBridge.mandatory;

import jcuda.runtime.cudaHostFn;
import jcuda.runtime.cudaStreamCallback;
import jcuda.runtime.cudaStream_t;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.client.RemoteStream;

/** Stream callbacks and host functions of the runtime API. As {@link DriverCallbacks}. */
final class RuntimeCallbacks {
    private RuntimeCallbacks() {}

    static void cudaStreamAddCallback(
            @Nullable cudaStream_t stream, cudaStreamCallback callback, @Nullable Object data, int flags) {
        mandatory(callback, "callback", "cudaStreamAddCallback");
        RemoteStream queue = Streams.of(stream, CurrentContext.ofRuntime());
        DriverCallbacks.requireNoFlags(flags);
        queue.launchHostFunction(status -> callback.call(stream, status.code(), data));
    }

    static void cudaLaunchHostFunc(@Nullable cudaStream_t stream, cudaHostFn function, @Nullable Object data) {
        mandatory(function, "fn", "cudaLaunchHostFunc");
        Streams.of(stream, CurrentContext.ofRuntime()).launchHostFunction(status -> {
            if (status.isSuccess()) {
                function.call(data);
            }
        });
    }
}
