package org.v4vgpu.device.ptx.runtime;

import org.v4vgpu.proto.CudaStatus;

/** Ends a kernel. Its stack trace names the line of PTX; {@link Grid} turns it into a DeviceException. */
public final class KernelFault extends RuntimeException {
    private static final long serialVersionUID = 1;
    private final transient CudaStatus status;

    public KernelFault(CudaStatus status, String message) {
        super(message);
        this.status = status;
    }

    CudaStatus status() {
        return status;
    }

    static KernelFault illegalAddress(long address) {
        return new KernelFault(CudaStatus.ILLEGAL_ADDRESS, "illegal address 0x" + Long.toHexString(address));
    }

    static KernelFault misaligned(long address, int bytes) {
        return new KernelFault(
                CudaStatus.MISALIGNED_ADDRESS,
                "address 0x" + Long.toHexString(address) + " is not aligned to " + bytes + " bytes");
    }
}
