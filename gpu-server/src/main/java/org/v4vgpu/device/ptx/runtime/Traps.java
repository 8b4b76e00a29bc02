package org.v4vgpu.device.ptx.runtime;

import org.v4vgpu.proto.CudaStatus;

/** What trap does. */
public final class Traps {
    private Traps() {}

    public static RuntimeException branchOutside() {
        return new KernelFault(CudaStatus.ILLEGAL_INSTRUCTION, "brx.idx: the index is outside of its targets");
    }

    public static RuntimeException callElsewhere(long address) {
        return new KernelFault(
                CudaStatus.ILLEGAL_INSTRUCTION,
                "call of 0x" + Long.toHexString(address) + ", where no function of the call's prototype begins");
    }

    public static RuntimeException trap() {
        return new KernelFault(CudaStatus.LAUNCH_FAILED, "trap");
    }
}
