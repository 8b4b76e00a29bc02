package org.v4vgpu.client.jcuda;

import static org.v4vgpu.client.jcuda.JCudaBridge.mandatory;

import jcuda.Pointer;
import jcuda.runtime.cudaStream_t;
import org.jspecify.annotations.Nullable;

/** Managed memory of the runtime API, as {@link MirroredMemory}. Safe for any thread. */
final class RuntimeManaged {
    private RuntimeManaged() {}

    static void cudaMallocManaged(Pointer pointer, long bytes, int flags) {
        mandatory(pointer, "devPtr", "cudaMallocManaged");
        MirroredMemory.allocateManaged(CurrentContext.ofRuntime(), pointer, bytes, flags);
    }

    static void cudaStreamAttachMemAsync(@Nullable cudaStream_t stream, Pointer pointer, long length, int flags) {
        mandatory(pointer, "devPtr", "cudaStreamAttachMemAsync");
        boolean named = JCudaFields.handle(stream) > Streams.LAST_DEFAULT;
        DriverManaged.attach(Streams.of(stream, CurrentContext.ofRuntime()), named, pointer, length, flags);
    }

    static void cudaMemPrefetchAsync(Pointer pointer, long bytes, int device, @Nullable cudaStream_t stream) {
        Streams.of(stream, CurrentContext.ofRuntime());
        DriverManaged.prefetch(mandatory(pointer, "devPtr", "cudaMemPrefetchAsync"), bytes, device);
    }
}
