package org.v4vgpu.device.ptx.runtime;

import org.v4vgpu.proto.CudaStatus;

/** What trap does. */
public final class Traps {
    private Traps() {}

    public static RuntimeException trap() {
        return new KernelFault(CudaStatus.LAUNCH_FAILED, "trap");
    }
}
