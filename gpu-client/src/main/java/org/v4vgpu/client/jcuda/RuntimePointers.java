package org.v4vgpu.client.jcuda;

import static org.v4vgpu.client.jcuda.JCudaBridge.mandatory;

import jcuda.Pointer;
import jcuda.runtime.cudaMemoryType;
import jcuda.runtime.cudaPointerAttributes;
import org.v4vgpu.client.DeviceMemory;

/** What a pointer of the runtime API means. Safe for any thread; costs no call. */
final class RuntimePointers {
    /** cudaInvalidDeviceId. */
    private static final int NO_DEVICE = -2;

    private RuntimePointers() {}

    static void cudaPointerGetAttributes(cudaPointerAttributes attributes, Pointer pointer) {
        cudaPointerAttributes out = mandatory(attributes, "attributes", "cudaPointerGetAttributes");
        mandatory(pointer, "ptr", "cudaPointerGetAttributes");
        int device = CurrentContext.ofRuntime().device().ordinal();
        MirroredMemory mirrored = MirroredMemory.of(pointer);
        if (mirrored != null) {
            int type = mirrored.isManaged() ? cudaMemoryType.cudaMemoryTypeManaged : cudaMemoryType.cudaMemoryTypeHost;
            fill(out, type, mirrored.device().context().device().ordinal());
            out.devicePointer = pointer;
            out.hostPointer = pointer;
        } else if (HostPointer.isHost(pointer)) {
            boolean pinned = PinnedMemory.isPinned(pointer);
            fill(
                    out,
                    pinned ? cudaMemoryType.cudaMemoryTypeHost : cudaMemoryType.cudaMemoryTypeUnregistered,
                    pinned ? device : NO_DEVICE);
            out.hostPointer = pointer;
        } else {
            DeviceMemory memory = DevicePointer.find(CurrentContext.ofRuntime(), HostPointer.address(pointer));
            if (memory == null) {
                fill(out, cudaMemoryType.cudaMemoryTypeUnregistered, NO_DEVICE);
            } else {
                fill(
                        out,
                        cudaMemoryType.cudaMemoryTypeDevice,
                        memory.context().device().ordinal());
                out.devicePointer = pointer;
            }
        }
    }

    @SuppressWarnings("deprecation") // programs still read these fields
    private static void fill(cudaPointerAttributes out, int type, int device) {
        out.type = type;
        out.memoryType = type;
        out.isManaged = type == cudaMemoryType.cudaMemoryTypeManaged ? 1 : 0;
        out.device = device;
        out.devicePointer = new Pointer();
        out.hostPointer = new Pointer();
    }
}
