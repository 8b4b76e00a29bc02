package org.v4vgpu.device.ptx.runtime;

import org.v4vgpu.proto.CudaStatus;

/** Ends a kernel. Its stack trace names the line of PTX; {@link Grid} turns it into a DeviceException. */
public final class KernelFault extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** Whose fault it is, and so what the report names. */
    private enum Scope {
        THREAD,
        /** The threads of a block together. */
        BLOCK,
        /** A thread's, by what lies at a global address. */
        ADDRESS
    }

    private final transient CudaStatus status;
    private final transient Scope scope;
    private final long address;

    /** The line of PTX, where no generated code is on the stack; 0 if the stack trace tells. */
    private int line;

    public KernelFault(CudaStatus status, String message) {
        this(status, message, Scope.THREAD, 0);
    }

    private KernelFault(CudaStatus status, String message, Scope scope, long address) {
        super(message);
        this.status = status;
        this.scope = scope;
        this.address = address;
    }

    /** This fault, at a line of PTX that its stack trace does not tell. */
    KernelFault at(int line) {
        this.line = line;
        return this;
    }

    int line() {
        return line;
    }

    CudaStatus status() {
        return status;
    }

    /** Whether the message itself names the threads, if any. */
    boolean isOfBlock() {
        return scope == Scope.BLOCK;
    }

    /** Whether {@link #address()} is what went wrong. */
    boolean hasAddress() {
        return scope == Scope.ADDRESS;
    }

    long address() {
        return address;
    }

    /** What the threads of a block did wrong together: a deadlock, a race. */
    static KernelFault ofBlock(CudaStatus status, String message) {
        return new KernelFault(status, message, Scope.BLOCK, 0);
    }

    static KernelFault illegalAddress(long address) {
        return new KernelFault(
                CudaStatus.ILLEGAL_ADDRESS, "illegal address 0x" + Long.toHexString(address), Scope.ADDRESS, address);
    }

    static KernelFault misaligned(long address, int bytes) {
        return new KernelFault(
                CudaStatus.MISALIGNED_ADDRESS,
                "address 0x" + Long.toHexString(address) + " is not aligned to " + bytes + " bytes");
    }
}
