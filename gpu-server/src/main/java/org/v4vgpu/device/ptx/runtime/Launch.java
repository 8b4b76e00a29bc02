package org.v4vgpu.device.ptx.runtime;

import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.LaunchShape;

/**
 * A launch that was checked: everything its workers need, and nothing that they change.
 *
 * @param parameters the parameter bytes as little-endian words
 * @param heap of malloc, where the kernel uses it or may be given what it gave
 * @param workspace the address of zeroed global memory of this launch, where the kernel uses it
 * @param symbols the addresses of the module's variables, by index
 * @param faults asked only when the launch goes wrong
 * @param checks what the kernel was compiled to be watched for
 */
@SuppressWarnings("ArrayRecordComponent") // Shared, not compared: a carrier, not a value.
public record Launch(
        KernelPlan plan,
        CompiledKernel code,
        LaunchShape shape,
        int[] parameters,
        GlobalWindow window,
        long[] symbols,
        @Nullable DeviceHeap heap,
        long workspace,
        BooleanSupplier cancellation,
        PrintfOutput output,
        FaultContext faults,
        Checks checks) {}
