package org.v4vgpu.device.blas;

import java.lang.foreign.MemorySegment;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.proto.BlasOperation;

/**
 * Runs operations on memory. Stateless but for its arguments; for one thread, which may be joined by others for its length.
 *
 * <p>Checked arguments are expected: every operand is as long as {@link org.v4vgpu.proto.BlasOperands} says. As the reference BLAS: an
 * operand that is to be multiplied by an alpha of 0, or overwritten because beta is 0, is not read, so that NaN in it does not spread.
 */
public final class BlasRun {
    private final BlasOperation operation;
    private final Elements a;
    private final Elements b;
    private final Elements c;
    private final double alpha;
    private final double beta;
    private final Interruption interruption;

    /**
     * An operation on its operands, which are empty for those that the routine has not.
     *
     * @param alpha as it is when the operation runs; likewise beta
     */
    public BlasRun(
            BlasOperation operation,
            MemorySegment a,
            MemorySegment b,
            MemorySegment c,
            double alpha,
            double beta,
            Interruption interruption) {
        this.operation = operation;
        this.a = new Elements(a, operation.getWide());
        this.b = new Elements(b, operation.getWide());
        this.c = new Elements(c, operation.getWide());
        this.alpha = alpha;
        this.beta = beta;
        this.interruption = interruption;
    }

    /** Runs the routine and returns its result; 0 for one that has none. */
    public double run() throws DeviceException {
        VectorRoutines vectors = new VectorRoutines(operation, a, b, c, interruption);
        MatrixRoutines matrices = new MatrixRoutines(operation, a, b, c, interruption);
        switch (operation.getRoutine()) {
            case BLAS_COPY -> vectors.copy();
            case BLAS_SWAP -> vectors.swap();
            case BLAS_SCAL -> vectors.scale(alpha);
            case BLAS_AXPY -> vectors.add(alpha);
            case BLAS_DOT -> {
                return vectors.dot();
            }
            case BLAS_NRM2 -> {
                return vectors.norm();
            }
            case BLAS_ASUM -> {
                return vectors.sumOfMagnitudes();
            }
            case BLAS_IAMAX -> {
                return vectors.indexOfLargest();
            }
            case BLAS_GEMV -> matrices.multiplyVector(alpha, beta);
            case BLAS_GER -> matrices.addProductOfVectors(alpha);
            case BLAS_TRMV -> matrices.multiplyTriangle();
            case BLAS_TRSM -> matrices.solveTriangle(alpha);
            case BLAS_GEAM -> matrices.add(alpha, beta);
            case BLAS_GEMM -> new MatrixProduct(operation, a, b, c, interruption).run(alpha, beta);
            case BLAS_ROUTINE_UNSPECIFIED, UNRECOGNIZED ->
                throw new IllegalArgumentException("routine " + operation.getRoutineValue());
        }
        return 0;
    }
}
