package org.v4vgpu.client.jcuda;

import static org.v4vgpu.client.jcuda.JCudaBridge.mandatory;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jcuda.Pointer;
import jcuda.jcublas.cublasAtomicsMode;
import jcuda.jcublas.cublasHandle;
import org.v4vgpu.client.CudaException;
import org.v4vgpu.proto.BlasOperation;
import org.v4vgpu.proto.BlasRoutine;
import org.v4vgpu.proto.CudaStatus;

/** One call of cuBLAS on its way to be an operation. Used by one thread, for one call. */
final class BlasCall {
    /** In the order of an operation's; the last one is what it writes. */
    private enum Operand {
        A,
        B,
        C;

        String of(String a, String b, String c) {
            return switch (this) {
                case A -> a;
                case B -> b;
                case C -> c;
            };
        }
    }

    private final BlasHandle handle;
    private final BlasOperation.Builder operation;
    private final String name;

    private BlasCall(BlasHandle handle, BlasOperation.Builder operation, String name) {
        this.handle = handle;
        this.operation = operation;
        this.name = name;
    }

    /** @throws CudaException NOT_INITIALIZED if the handle is none */
    static BlasCall of(String name, cublasHandle handle, BlasRoutine routine, boolean wide) {
        BlasHandle found = BlasHandle.of(handle, name);
        return new BlasCall(
                found,
                BlasOperation.newBuilder()
                        .setRoutine(routine)
                        .setWide(wide)
                        .setMathMode(found.mathMode())
                        .setAtomics(found.atomicsMode() == cublasAtomicsMode.CUBLAS_ATOMICS_ALLOWED),
                name);
    }

    BlasCall size(int m, int n, int k) {
        operation.setM(m).setN(n).setK(k);
        return this;
    }

    BlasCall length(int n) {
        // A vector of less than nothing is one of nothing, as in BLAS.
        operation.setN(Math.max(0, n));
        return this;
    }

    BlasCall a(Pointer pointer, int step) {
        operation.setA(address(pointer, Operand.A)).setStepA(step);
        return this;
    }

    BlasCall b(Pointer pointer, int step) {
        operation.setB(address(pointer, Operand.B)).setStepB(step);
        return this;
    }

    BlasCall c(Pointer pointer, int step) {
        operation.setC(address(pointer, Operand.C)).setStepC(step);
        return this;
    }

    BlasCall transposed(int a, int b) {
        operation.setTransposeA(isTransposed(a)).setTransposeB(isTransposed(b));
        return this;
    }

    BlasCall triangle(int side, int uplo, int diag) {
        operation.setRight(isOne(side, "side")).setUpper(isOne(uplo, "uplo")).setUnit(isOne(diag, "diag"));
        return this;
    }

    BlasCall alpha(Pointer pointer) {
        mandatory(pointer, "alpha", name);
        if (handle.isDeviceMode()) {
            operation.setAlphaAddress(deviceAddress(pointer));
        } else {
            operation.setAlpha(scalar(pointer));
        }
        return this;
    }

    BlasCall beta(Pointer pointer) {
        mandatory(pointer, "beta", name);
        if (handle.isDeviceMode()) {
            operation.setBetaAddress(deviceAddress(pointer));
        } else {
            operation.setBeta(scalar(pointer));
        }
        return this;
    }

    /** One after the other in memory. */
    BlasCall strided(long strideA, long strideB, long strideC, int count) {
        operation.setStrideA(strideA).setStrideB(strideB).setStrideC(strideC);
        return count(count);
    }

    /** Where the addresses on the device say. */
    BlasCall pointed(int count) {
        operation.setPointers(true);
        return count(count);
    }

    private BlasCall count(int count) {
        if (count == 0) {
            operation.setM(0); // nothing to do, where 0 would mean one
        }
        operation.setCount(count);
        return this;
    }

    void run() {
        MirroredMemory.beforeLaunch(handle.stream());
        handle.context().blas().compute(handle.stream(), operation);
    }

    /** With a result, to the host or to the device, as the handle's mode says. */
    void reduce(Pointer result) {
        mandatory(result, "result", name);
        MirroredMemory.beforeLaunch(handle.stream());
        if (handle.isDeviceMode()) {
            operation.setResultAddress(deviceAddress(result));
            handle.context().blas().compute(handle.stream(), operation);
            return;
        }
        boolean isIndex = operation.getRoutine() == BlasRoutine.BLAS_IAMAX;
        MemorySegment memory =
                HostPointer.of(result).room(isIndex || !operation.getWide() ? Float.BYTES : Double.BYTES);
        double value = handle.context().blas().reduce(handle.stream(), operation);
        MirroredMemory.afterWait();
        if (isIndex) {
            memory.set(ValueLayout.JAVA_INT_UNALIGNED, 0, (int) value);
        } else if (operation.getWide()) {
            memory.set(ValueLayout.JAVA_DOUBLE_UNALIGNED, 0, value);
        } else {
            memory.set(ValueLayout.JAVA_FLOAT_UNALIGNED, 0, (float) value);
        }
    }

    private double scalar(Pointer pointer) {
        MemorySegment memory = HostPointer.of(pointer).bytes(operation.getWide() ? Double.BYTES : Float.BYTES);
        return operation.getWide()
                ? memory.get(ValueLayout.JAVA_DOUBLE_UNALIGNED, 0)
                : memory.get(ValueLayout.JAVA_FLOAT_UNALIGNED, 0);
    }

    private static long deviceAddress(Pointer pointer) {
        long address = HostPointer.address(pointer);
        if (address == 0) {
            throw new CudaException(CudaStatus.INVALID_VALUE, "a scalar at address 0 of the device");
        }
        return address;
    }

    private long address(Pointer pointer, Operand operand) {
        return HostPointer.address(mandatory(pointer, parameter(operand), name));
    }

    /** What the call calls an operand. */
    private String parameter(Operand operand) {
        return switch (operation.getRoutine()) {
            case BLAS_COPY, BLAS_SWAP, BLAS_AXPY, BLAS_DOT, BLAS_NRM2, BLAS_ASUM, BLAS_IAMAX ->
                operand == Operand.A ? "x" : "y";
            case BLAS_SCAL -> "x";
            case BLAS_GEMV -> operand.of("A", "x", "y");
            case BLAS_GER -> operand.of("x", "y", "A");
            case BLAS_TRMV -> operand == Operand.A ? "A" : "x";
            case BLAS_TRSM -> operand == Operand.A ? "A" : "B";
            default -> operand + (name.endsWith("gemmBatched") ? "array" : "");
        };
    }

    private static boolean isTransposed(int operation) {
        if (operation < 0 || operation > 2) {
            throw new CudaException(CudaStatus.INVALID_VALUE, "operation " + operation);
        }
        return operation != 0; // the conjugate of a real matrix is itself
    }

    private static boolean isOne(int value, String what) {
        if (value != 0 && value != 1) {
            throw new CudaException(CudaStatus.INVALID_VALUE, what + " " + value);
        }
        return value == 1;
    }
}
